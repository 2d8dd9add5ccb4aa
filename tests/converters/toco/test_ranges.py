"""How ranges travel from array to array, beyond single operators (those stand in test_sweep)."""

from collections.abc import Mapping

import pytest

from minmax_lint.graph.dtype import DType
from tests.converters.toco.nets import Net, answer, prediction


def ranges(net: Net, *outputs: str) -> Mapping[str, tuple[float, float]]:
    """The range with which each array is quantized."""
    return prediction(net, outputs).ranges or {}


def conv_behind(op: str) -> Net:
    """conv -> relu -> op -> FakeQuant."""
    net = Net()
    x = net.add("Relu", "relu", net.conv("conv", net.input))
    if op == "MaxPool":
        x = net.pool("moved", x)
    elif op == "Pad":
        paddings = net.const("paddings", [0, 0, 1, 1, 1, 1, 0, 0], [4, 2], DType.INT32)
        x = net.add("Pad", "moved", x, paddings, Tpaddings=DType.INT32)
    elif op == "Mean":
        x = net.over("Mean", "moved", x, net.ints("axes", 1, 2), keep_dims=True, Tidx=DType.INT32)
    elif op == "ConcatV2":
        x = net.concat("moved", x, net.input)
    else:
        x = net.reshape("moved", x, 1, 256)
    net.quant("output", x)
    return net


@pytest.mark.parametrize("op", ["MaxPool", "Pad", "Mean", "ConcatV2"])
def test_nothing_but_a_reshape_passes_a_range_backward(op: str) -> None:
    assert answer(conv_behind(op), "output") == "F1 relu"
    assert answer(conv_behind("Reshape"), "output") == "quantized"


def test_a_range_goes_back_through_a_chain_of_relu_and_reshapes() -> None:
    net = Net()
    leaky = net.add("LeakyRelu", "leaky", net.input)
    relu = net.add("Relu", "relu", net.reshape("rows", leaky, 64, 4))
    net.quant("output", net.reshape("flat", relu, 1, 256))
    assert answer(net, "output") == "quantized"


def test_a_concatenation_takes_the_union_of_the_ranges_there_are() -> None:
    net = Net()
    parts = [net.fake_quant(f"q{i}", net.conv(f"c{i}", net.input), -1 - i, 1 + i) for i in range(2)]
    net.concat("output", *parts)
    assert ranges(net, "output")["output"] == pytest.approx((-2, 2), abs=0.05)


def test_an_input_of_a_concatenation_gets_nothing_from_the_others() -> None:
    net = Net()
    net.concat("output", net.quant("quant", net.conv("one", net.input)), net.conv("two", net.input))
    assert answer(net, "output") == "F1 two"


def test_a_split_overwrites_the_ranges_of_its_outputs() -> None:
    net = Net()
    x = net.fake_quant("quant", net.conv("conv", net.input), -1, 1)
    net.add("Split", "split", net.const("axis", 3, dtype=DType.INT32), x, num_split=2)
    net.fake_quant("output", "split:1", -8, 8)
    assert answer(net, "output") == "quantized"
    assert all(high < 2 for _, high in ranges(net, "output").values())


@pytest.mark.parametrize(("other", "expected"), [(1.0, "quantized"), (2.0, "F2 output")])
def test_a_pack_passes_only_a_range_that_all_share(other: float, expected: str) -> None:
    net = Net()
    one = net.fake_quant("one_quant", net.conv("one", net.input), -1, 1)
    two = net.fake_quant("two_quant", net.conv("two", net.input), -1, other)
    net.add("Pack", "output", one, two, N=2, axis=0)
    assert answer(net, "output") == expected
    assert answer(net, "output", version="toco-1.15") == "F2 output"


def selected(*, ranged: bool) -> Net:
    net = Net()
    branches = [net.fake_quant(f"q{i}", net.conv(f"c{i}", net.input), -1 - i, 1 + i) for i in range(2)]
    chosen = net.add("Select", "chosen", net.add("Greater", "which", *branches), *branches)
    net.fake_quant("output", chosen, -1, 1) if ranged else net.add("Identity", "output", chosen)
    return net


def test_branches_of_a_select_must_agree_unless_its_output_has_a_range() -> None:
    assert "minmax" in answer(selected(ranged=False), "output")
    assert answer(selected(ranged=False), "output").startswith("other: Check failed: ")
    assert answer(selected(ranged=True), "output") == "quantized"


@pytest.mark.parametrize("op", ["Sigmoid", "Tanh", "Softmax"])
def test_ops_of_fixed_scale_ignore_the_range_of_their_fake_quant(op: str) -> None:
    fixed = {"Sigmoid": (0, 255 / 256), "Softmax": (0, 255 / 256), "Tanh": (-1, 127 / 128)}
    net = Net()
    net.fake_quant("output", net.add(op, "squashed", net.quant("quant", net.conv("conv", net.input))), -9, 9)
    assert answer(net, "output") == "quantized"
    found = ranges(net, "output")
    assert fixed[op] in [pytest.approx(found[name]) for name in found if name != "input"]


def test_an_integer_output_needs_no_range_and_its_input_does() -> None:
    for ranged, expected in ((True, "quantized"), (False, "F1 conv")):
        net = Net()
        x = net.conv("conv", net.input)
        x = net.quant("quant", x) if ranged else x
        axis = net.const("axis", 3, dtype=DType.INT32)
        net.add("ArgMax", "output", x, axis, Tidx=DType.INT32, output_type=DType.INT64)
        assert answer(net, "output") == expected


def test_a_batch_of_unknown_size_counts_as_one() -> None:
    net = Net((None, 8, 8, 4))
    net.quant("output", net.conv("conv", net.input))
    assert answer(net, "output") == "quantized"
