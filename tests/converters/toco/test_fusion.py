"""What melts into the operator around it, so that the array in between needs no range."""

import pytest

from minmax_lint.graph.dtype import DType
from tests.converters.toco.nets import ROW, Net, answer


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "RealDiv"])
def test_a_constant_behind_a_convolution_is_fused(op: str) -> None:
    net = Net()
    constant = net.const("constant", [0.5, 0.25, 0.5, 2.0])
    net.quant("output", net.add(op, "binary", net.conv("conv", net.input), constant))
    assert answer(net, "output") == "quantized"


def test_it_is_not_fused_where_the_convolution_is_an_output() -> None:
    net = Net()
    net.quant("output", net.bias("bias", net.conv("conv", net.input)))
    assert answer(net, "output", "conv") == "F1 conv"


def test_nor_where_another_op_reads_the_convolution() -> None:
    net = Net()
    net.bias("bias", net.conv("conv", net.input))
    net.quant("output", net.add("Add", "sum", "bias", "conv"))
    assert answer(net, "output") == "F1 conv"


def test_nor_behind_an_activation() -> None:
    net = Net()
    relu = net.add("Relu", "relu", net.conv("conv", net.input))
    net.quant("output", net.bias("bias", relu))
    assert answer(net, "output") == "F1 relu"


def test_nor_where_the_other_operand_is_no_constant() -> None:
    net = Net()
    net.placeholder("offset", ROW)
    net.quant("output", net.add("Add", "sum", net.conv("conv", net.input), "offset"))
    assert answer(net, "output", inputs=["input", "offset"]) == "F1 conv"


def test_a_fake_quant_in_between_blocks_it_and_all_three_arrays_need_ranges() -> None:
    for ranged, expected in ((True, "quantized"), (False, "F2 output")):
        net = Net()
        bias = net.bias("output", net.quant("conv_quant", net.conv("conv", net.input)))
        assert answer(net, net.quant("quant", bias) if ranged else bias) == expected


def test_scale_and_offset_behind_a_fake_quant_lack_the_range_in_between() -> None:
    net = Net()
    scaled = net.scalar("Mul", "scaled", net.quant("conv_quant", net.conv("conv", net.input)), 0.5)
    net.quant("output", net.scalar("Add", "offset", scaled, 0.5))
    assert answer(net, "output") == "F1 scaled"


@pytest.mark.parametrize(("op", "expected"), [("Add", "quantized"), ("Mul", "F1 one")])
def test_shared_weights_may_get_an_offset_and_not_a_scale(op: str, expected: str) -> None:
    net = Net()
    values = net.const("weights", [0.5, -0.5, 0.25], [1, 1, 4, 4])
    weights = net.fake_quant("weights_quant", values, -1, 1, narrow_range=True)
    x = net.quant("first", net.scalar(op, "scaled", net.conv("one", net.input, weights), 0.5))
    net.quant("output", net.bias("bias", net.conv("two", x, weights)))
    assert answer(net, "output") == expected


def test_a_constant_of_another_depth_is_refused() -> None:
    net = Net()
    net.quant("output", net.add("Add", "sum", net.conv("conv", net.input), net.const("three", [0.1], [3])))
    assert answer(net, "output") == "other: Operand shape mismatch."


@pytest.mark.parametrize(("version", "expected"), [("toco-1.15", "F1 conv"), ("toco-2.15", "quantized")])
def test_a_transposed_convolution_takes_a_bias_since_2_3(version: str, expected: str) -> None:
    net = Net()
    net.quant("output", net.bias("bias", net.transpose_conv("conv", net.input)))
    assert answer(net, "output", version=version) == expected


@pytest.mark.parametrize(
    ("op", "padding", "expected"),
    [
        ("Mul", b"SAME", "quantized"),
        ("RealDiv", b"SAME", "quantized"),
        ("Add", b"VALID", "quantized"),
        ("Sub", b"VALID", "quantized"),
        ("Add", b"SAME", "F1 scaled"),
        ("Sub", b"SAME", "F1 scaled"),
    ],
)
def test_a_scalar_in_front_of_a_convolution_fuses_unless_padding_would_see_it(
    op: str, padding: bytes, expected: str
) -> None:
    net = Net()
    x = net.scalar(op, "scaled", net.input, 0.5)
    net.quant("output", net.bias("bias", net.conv("conv", x, padding=padding)))
    assert answer(net, "output") == expected


@pytest.mark.parametrize("activation", ["Relu", "Relu6"])
def test_an_activation_fuses_into_the_convolution_and_the_array_goes_by_its_name(activation: str) -> None:
    net = Net()
    net.add(activation, "output", net.bias("bias", net.conv("conv", net.input)))
    net.quant("quant", "output")
    assert answer(net, "output") == "F2 output"
    assert answer(net, "quant") == "quantized"


def with_second_reader(net: Net, x: str, activation: str) -> str:
    clamped = net.quant("clamped_quant", net.add(activation, "clamped", x))
    pooled = net.quant("pooled_quant", net.add("LeakyRelu", "leaky", x))
    return net.quant("output", net.add("Add", "sum", clamped, pooled))


@pytest.mark.parametrize(("activation", "expected"), [("Relu", "quantized"), ("Relu6", "F1 conv")])
class TestAnActivationThatDoesNotFuseGivesItsRangeBackOnlyAsRelu:
    def test_because_another_op_reads_its_input(self, activation: str, expected: str) -> None:
        net = Net()
        with_second_reader(net, net.conv("conv", net.input), activation)
        assert answer(net, "output") == expected

    def test_because_its_input_is_an_output(self, activation: str, expected: str) -> None:
        net = Net()
        net.quant("output", net.add(activation, "clamped", net.conv("conv", net.input)))
        assert answer(net, "output", "conv") == expected

    def test_because_the_op_in_front_takes_none(self, activation: str, expected: str) -> None:
        net = Net()
        net.quant("output", net.add(activation, "clamped", net.add("LeakyRelu", "conv", net.input)))
        assert answer(net, "output") == expected


def test_a_second_activation_finds_the_place_taken() -> None:
    net = Net()
    relu = net.add("Relu", "relu", net.conv("conv", net.input))
    net.quant("output", net.add("Relu6", "relu6", relu))
    assert answer(net, "output") == "F1 relu"


@pytest.mark.parametrize("activation", ["Relu", "Relu6"])
def test_a_fake_quant_in_front_of_an_activation_leaves_it_without_range(activation: str) -> None:
    net = Net()
    clamped = net.add(activation, "clamped", net.quant("conv_quant", net.conv("conv", net.input)))
    net.quant("output", net.conv("next", clamped))
    assert answer(net, "output") == "F1 clamped"


@pytest.mark.parametrize("activation", ["LeakyRelu", "Sigmoid", "Tanh"])
def test_other_activations_never_fuse(activation: str) -> None:
    net = Net()
    net.quant("output", net.add(activation, "activation", net.conv("conv", net.input)))
    assert answer(net, "output") == "F1 conv"


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(-1.0, 1.0, "quantized"), (-1.0, 2.0, "F1 conv"), (0.0, 6.0, "F1 conv")]
)
def test_clipping_is_an_activation_only_from_minus_one_to_one(low: float, high: float, expected: str) -> None:
    net = Net()
    below = net.scalar("Minimum", "below", net.conv("conv", net.input), high)
    net.quant("output", net.scalar("Maximum", "clipped", below, low))
    assert answer(net, "output") == expected


def test_a_matrix_product_takes_bias_and_activation_as_well() -> None:
    net = Net(ROW)
    net.quant("output", net.add("Relu6", "relu6", net.dense("dense", net.input, 4, 4)))
    assert answer(net, "output") == "quantized"


def test_a_reshape_in_front_of_a_matrix_product_is_absorbed_and_its_input_is_blamed() -> None:
    net = Net()
    flat = net.reshape("flat", net.conv("conv", net.input), 64, 4)
    net.quant("output", net.dense("dense", flat, 4, 4))
    assert answer(net, "output") == "F1 conv"


def test_a_bias_that_two_convolutions_share_fuses_into_both() -> None:
    net = Net()
    shared = net.const("bias", [0.1], [4])
    x = net.input
    for i in range(2):
        added = net.add("BiasAdd", f"bias{i}", net.conv(f"conv{i}", x), shared, data_format=b"NHWC")
        x = net.quant(f"quant{i}", added)
    assert answer(net, x) == "quantized"


def test_a_dilated_convolution_is_one_op_unless_a_fake_quant_is_inside() -> None:
    for inside, expected in ((False, "quantized"), (True, "F1 spread")):
        net = Net()
        block, zeros = net.ints("block", 2, 2), net.const("zeros", 0, [2, 2], DType.INT32)
        x = net.add("SpaceToBatchND", "spread", net.input, block, zeros)
        x = net.conv("conv", x, padding=b"VALID")
        if inside:
            x = net.quant("inside", x)
        x = net.add("BatchToSpaceND", "gathered", x, block, zeros)
        net.quant("output", net.bias("bias", x))
        assert answer(net, "output") == expected
