"""What TOCO checks after every pass, and what its list of operators does to it: measured with both versions."""

import pytest

from minmax_lint.graph.dtype import DType
from tests.converters.toco.nets import IMAGE, ROW, Net, answer

VERSIONS = ("toco-1.15", "toco-2.15")


def prelu_behind(tanhs: int) -> Net:
    """5 operators of a PRelu and its FakeQuant, behind as many Tanhs with FakeQuants."""
    net = Net(ROW)
    x = net.quant("input/quant", net.input)
    for number in range(tanhs):
        x = net.quant(f"tanh_{number}/quant", net.add("Tanh", f"tanh_{number}", x))
    alpha = net.const("alpha", [-0.1], ROW[1:])
    mirrored = net.add("Relu", "mirrored", net.add("Neg", "negated", x))
    scaled = net.add("Mul", "scaled", alpha, mirrored)
    net.quant("output", net.add("AddV2", "prelu", net.add("Relu", "relu", x), scaled))
    return net


@pytest.mark.parametrize("version", VERSIONS)
def test_a_prelu_found_when_the_list_of_operators_is_full_crashes_toco(version: str) -> None:
    crashed = [n for n in range(14) if "signal 11" in answer(prelu_behind(n), "output", version=version)]
    assert crashed == [0, 4, 12]  # 8, 16 and 32 operators
    assert answer(prelu_behind(1), "output", version=version) == "quantized"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_output_that_is_a_copy_of_the_input_must_not_be_read(version: str) -> None:
    net = Net()
    same = net.add("Identity", "same", net.input)
    net.quant("output", same)
    assert answer(net, "output", "same", version=version) == (
        "other: Check failed: arrays_behind_us.count(input)"
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_an_output_that_a_matrix_product_absorbs_is_missed(version: str) -> None:
    net = Net()
    flat = net.add("Identity", "flat", net.reshape("rows", net.quant("quantized", net.input), 1, 256))
    net.quant("output", net.dense("dense", flat, 256, 4))
    assert answer(net, "output", version=version) == "quantized"
    assert "is not produced by any op" in answer(net, "output", "flat", version=version)


def test_no_type_is_known_behind_an_unknown_op_and_expand_dims() -> None:
    net = Net()
    unknown = net.quant("quantized", net.add("Softplus", "softplus", net.input))
    axis = net.ints("axis", 1)
    spread = net.add("ExpandDims", "spread", unknown, axis)
    net.scalar("Add", "output", net.scalar("Mul", "scaled", spread, 2.0), 1.0)
    assert answer(net, "output") == "UNIMPL (Unsupported TensorFlow op: Softplus)"


def test_the_range_of_an_input_that_no_operator_reads_is_not_looked_at() -> None:
    net = Net()
    backwards = net.add(
        "FakeQuantWithMinMaxArgs", "backwards", net.placeholder("other", IMAGE), min=2.0, max=-2.0
    )
    net.add("Tile", "bare", net.input, net.ints("multiples", 1, 2, 2, 1), Tmultiples=DType.INT32)
    found = answer(net, "bare", backwards, inputs=("input", "other"))
    assert found == "UNIMPL Tile"


@pytest.mark.parametrize(("low", "high", "found"), [(0.0, 1.0, True), (0.0, 0.0, False)])
def test_toco_1_15_hands_no_range_of_no_width_through_a_reshape(low: float, high: float, found: bool) -> None:
    net = Net()
    net.reshape("output", net.quant("quantized", net.add("Relu", "relu", net.input), low, high), 1, 256)
    assert answer(net, "output") == "quantized"
    assert (answer(net, "output", version="toco-1.15") == "quantized") is found


def test_an_activation_between_two_outputs_that_clamps_nothing_must_not_be_read() -> None:
    net = Net()
    before = net.bias("before", net.conv("conv", net.input))
    after = net.add("Relu", "after", before)
    net.quant("output", net.conv("more", net.quant("quantized", after, 0, 1)))
    assert answer(net, "output", "after") == "quantized"
    assert answer(net, "output", "before") == "quantized"
    assert answer(net, "output", "before", "after") == "other: Check failed: arrays_behind_us.count(input)"
