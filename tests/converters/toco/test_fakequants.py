"""FakeQuants: to which arrays they give their range, and when they do not."""

from collections.abc import Mapping

import pytest

from minmax_lint.graph.dtype import DType
from tests.converters.toco.nets import Net, answer, prediction


def ranges(net: Net, output: str = "output") -> Mapping[str, tuple[float, float]]:
    """The range with which each array is quantized."""
    return prediction(net, [output]).ranges or {}


def test_the_range_is_that_of_the_array_in_front_for_every_reader() -> None:
    net = Net()
    net.conv("conv", net.input)
    quantized = net.quant("quant", "conv")
    bare = net.add("LeakyRelu", "leaky", "conv")
    net.quant("output", net.add("Add", "sum", quantized, net.quant("leaky_quant", bare)))
    assert answer(net, "output") == "quantized"


def test_of_several_on_one_array_the_first_wins_and_none_complains() -> None:
    net = Net()
    net.add("LeakyRelu", "leaky", net.input)
    joined = [net.fake_quant("one", "leaky", -1, 1), net.fake_quant("two", "leaky", -4, 4)]
    net.quant("output", net.add("Add", "sum", *joined))
    assert answer(net, "output") == "quantized"
    assert ranges(net)["leaky"][1] == pytest.approx(1, abs=0.01)


def test_a_chain_of_different_ranges_converts() -> None:
    net = Net()
    net.fake_quant("output", net.fake_quant("one", net.conv("conv", net.input), -1, 1), -4, 4)
    assert answer(net, "output") == "quantized"


def test_one_on_the_input_gives_way_to_the_input_statistics() -> None:
    net = Net()
    net.quant("output", net.conv("conv", net.fake_quant("quant", net.input, -9, 9)))
    assert ranges(net)["input"] == pytest.approx((-2, 1.984375))


@pytest.mark.parametrize("through", ["nothing", "Identity", "arithmetic"])
def test_a_range_may_come_through_ops_that_fold(through: str) -> None:
    net = Net()
    high = net.const("six", 6.0)
    if through == "Identity":
        high = net.add("Identity", "read", high)
    if through == "arithmetic":
        high = net.scalar("Mul", "twelve", high, 2.0)
    conv = net.conv("conv", net.input)
    net.add("FakeQuantWithMinMaxVars", "output", conv, net.const("zero", 0.0), high, num_bits=8)
    assert answer(net, "output") == "quantized"


def test_two_may_share_their_bounds() -> None:
    net = Net()
    bounds = [net.const("low", -1.0), net.const("high", 1.0)]
    one = net.add("FakeQuantWithMinMaxVars", "one", net.conv("conv", net.input), *bounds, num_bits=8)
    leaky = net.add("LeakyRelu", "leaky", one)
    net.add("FakeQuantWithMinMaxVars", "output", leaky, *bounds, num_bits=8)
    assert answer(net, "output") == "quantized"


def test_a_computed_range_is_none_and_what_computes_it_is_blamed_first() -> None:
    net = Net()
    conv = net.conv("conv", net.input)
    low = net.over("Min", "low", conv, net.ints("axes", 0, 1, 2, 3), Tidx=DType.INT32)
    net.add("FakeQuantWithMinMaxVars", "output", conv, low, net.const("high", 1.0), num_bits=8)
    assert prediction(net, ["output"]).array == "conv"
    assert "input to the ReduceMin operator" in prediction(net, ["output"]).message


def test_ranges_per_channel_are_an_unknown_op() -> None:
    net = Net()
    bounds = [net.const("low", -1.0, [4]), net.const("high", 1.0, [4])]
    net.add("FakeQuantWithMinMaxVarsPerChannel", "output", net.input, *bounds, num_bits=8)
    assert answer(net, "output") == "UNIMPL (Unsupported TensorFlow op: FakeQuantWithMinMaxVarsPerChannel)"


def test_ranges_per_channel_on_weights_leave_the_weights_without_range() -> None:
    net = Net()
    values = net.const("weights", [0.5, -0.5, 0.25], [1, 1, 4, 4])
    bounds = [net.const("low", -1.0, [4]), net.const("high", 1.0, [4])]
    weights = net.add("FakeQuantWithMinMaxVarsPerChannel", "weights_quant", values, *bounds, num_bits=8)
    net.quant("output", net.conv("conv", net.input, weights))
    assert answer(net, "output") == "F1 weights_quant"


@pytest.mark.parametrize(("low", "high"), [(1, 3), (3, -3), (2, 2), (-3, -1), (0, 0)])
def test_a_range_without_zero_is_widened(low: float, high: float) -> None:
    net = Net()
    net.fake_quant("output", net.conv("conv", net.input), low, high)
    assert answer(net, "output") == "quantized"


def test_a_range_given_by_attributes_is_not_widened_and_aborts_without_a_message() -> None:
    for low, expected in ((-1.0, "quantized"), (1.0, "other: crashed without a message (abort)")):
        net = Net()
        net.add(
            "FakeQuantWithMinMaxArgs", "output", net.conv("conv", net.input), min=low, max=3.0, num_bits=8
        )
        assert answer(net, "output") == expected


def test_not_a_number_aborts_without_a_message_and_infinity_does_not() -> None:
    for high, expected in (
        (float("nan"), "other: crashed without a message (abort)"),
        (float("inf"), "quantized"),
    ):
        net = Net()
        net.fake_quant("output", net.conv("conv", net.input), -1, high)
        assert answer(net, "output") == expected


@pytest.mark.parametrize("bits", [2, 4, 7, 8, 16])
def test_the_number_of_bits_is_ignored(bits: int) -> None:
    net = Net()
    net.fake_quant("output", net.conv("conv", net.input), -1, 1, num_bits=bits)
    assert answer(net, "output") == "quantized"


def test_bounds_of_more_than_one_element_abort() -> None:
    net = Net()
    bounds = [net.const("low", -1.0, [4]), net.const("high", 1.0, [4])]
    net.add("FakeQuantWithMinMaxVars", "output", net.conv("conv", net.input), *bounds, num_bits=8)
    assert "RequiredBufferSizeForShape" in answer(net, "output")
