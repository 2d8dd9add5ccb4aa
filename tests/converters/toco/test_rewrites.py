"""Rewrites that move, fold or recognize operators, and so decide which arrays exist."""

import pytest

from minmax_lint.graph.dtype import DType
from tests.converters.toco.nets import IMAGE, ROW, Net, answer


def test_an_activation_moves_in_front_of_a_reshape_and_fuses() -> None:
    net = Net()
    net.quant("output", net.add("Relu6", "relu6", net.reshape("flat", net.conv("conv", net.input), 1, 256)))
    assert answer(net, "output") == "quantized"


def test_it_moves_in_front_of_a_transpose_too_which_gives_no_range_back() -> None:
    net = Net()
    turned = net.transpose("turned", net.conv("conv", net.input), 0, 3, 1, 2)
    net.quant("output", net.add("Relu", "relu", turned))
    assert answer(net, "output").startswith("F1 ")
    assert answer(net, "output") not in ("F1 conv", "F1 turned")


def test_a_bias_moves_in_front_of_a_reshape_and_fuses() -> None:
    net = Net()
    net.quant("output", net.bias("bias", net.reshape("rows", net.conv("conv", net.input), 64, 4)))
    assert answer(net, "output") == "quantized"


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_a_bias_moves_in_front_of_the_reshape_of_a_product_before_it_goes_for_being_0(bias: float) -> None:
    net = Net()
    rows = net.reshape("rows", net.input, 64, 4)
    product = net.add("MatMul", "product", rows, net.const("weights", [0.5, -0.5], [4, 3]))
    outer = net.reshape("outer", product, 1, 8, 8, 3)
    net.add("Relu", "relu", net.add("BiasAdd", "bias", outer, net.const("offset", [bias], [3])))
    assert answer(net, "relu") == "F1 outer"


def rows_of(net: Net, array: str, *, unpacked: bool) -> str:
    """Its rows, as many as a computed shape says."""
    shape = net.add("Shape", "shape", array, out_type=DType.INT32)
    if unpacked:
        images = net.add("Unpack", "unpack", shape, num=4, axis=0, T=DType.INT32)
    else:
        ends = [net.ints(name, value) for name, value in (("begin", 0), ("end", 1), ("strides", 1))]
        images = net.add("StridedSlice", "slice", shape, *ends, shrink_axis_mask=1, Index=DType.INT32)
    sizes = [net.const(f"size{size}", size, dtype=DType.INT32) for size in (64, 4)]
    packed = net.add("Pack", "pack", images, *sizes, N=3, axis=0, T=DType.INT32)
    return net.add("Reshape", "rows", array, packed, Tshape=DType.INT32)


@pytest.mark.parametrize(("unpacked", "want"), [(True, "F1 conv"), (False, "quantized")])
def test_it_stays_behind_a_reshape_to_numbers_of_an_unpack_which_is_not_resolved(
    unpacked: bool, want: str
) -> None:
    net = Net()
    net.quant("output", net.bias("bias", rows_of(net, net.conv("conv", net.input), unpacked=unpacked)))
    assert answer(net, "output") == want


def with_trivial(kind: str) -> Net:
    """A convolution whose bias follows behind an op that does nothing."""
    net = Net()
    x = net.conv("conv", net.input)
    if kind == "Reshape":
        x = net.reshape("same", x, *IMAGE)
    elif kind == "Slice":
        begin, size = net.ints("begin", 0, 0, 0, 0), net.ints("size", *IMAGE)
        x = net.add("Slice", "same", x, begin, size, Index=DType.INT32)
    else:
        op, neutral = kind.split()
        x = net.add(op, "same", x, net.const("neutral", float(neutral), IMAGE))
    net.quant("output", net.bias("bias", x))
    return net


@pytest.mark.parametrize("kind", ["Reshape", "Slice", "Add 0", "Sub 0", "Mul 1", "RealDiv 1"])
def test_what_does_nothing_is_removed_and_the_bias_fuses(kind: str) -> None:
    assert answer(with_trivial(kind), "output") == "quantized"


def test_of_two_reshapes_in_a_row_the_first_goes() -> None:
    net = Net()
    flat = net.reshape("flat", net.add("LeakyRelu", "leaky", net.input), 1, 256)
    net.quant("output", net.reshape("rows", flat, 64, 4))
    assert answer(net, "output") == "quantized"


FOLDED = {
    "Add": lambda net, x: net.scalar("Add", "folded", x, 1.0),
    "Exp": lambda net, x: net.add("Exp", "folded", x),
    "Mul": lambda net, x: net.scalar("Mul", "folded", x, 2.0),
    "Neg": lambda net, x: net.add("Neg", "folded", x),
    "Reshape": lambda net, x: net.reshape("folded", x, *IMAGE),
    "Square": lambda net, x: net.add("Square", "folded", x),
    "Transpose": lambda net, x: net.transpose("folded", x, 0, 2, 1, 3),
}


@pytest.mark.parametrize("op", FOLDED)
def test_an_op_on_constants_is_folded_and_a_constant_needs_no_range(op: str) -> None:
    net = Net()
    constant = FOLDED[op](net, net.const("constant", [0.5, 0.25], IMAGE))
    net.quant("output", net.add("Add", "sum", net.input, constant))
    assert answer(net, "output") == "quantized"


def test_a_softmax_of_constants_is_not_folded() -> None:
    net = Net()
    scores = net.add("Softmax", "scores", net.const("constant", [0.5, 0.25], [1, 1, 4, 4]))
    net.quant("output", net.conv("conv", net.input, scores))
    assert answer(net, "output") == "F1 scores"


def test_a_batched_product_is_unrolled_into_products_without_range() -> None:
    net = Net((2, 3, 4))
    weights = net.const("weights", [0.5, -0.5, 0.25], [2, 4, 5])
    net.quant("output", net.add("BatchMatMul", "product", net.input, weights, adj_x=False, adj_y=False))
    assert answer(net, "output").startswith("F1 product")


def hard_swish(net: Net, x: str, *, ranged: bool) -> str:
    clamped = net.add("Relu6", "clamped", net.scalar("Add", "shifted", x, 3.0))
    if ranged:
        clamped = net.fake_quant("clamped_quant", clamped, 0, 6)
    product = net.add("Mul", "product", x, clamped)
    return net.scalar("Mul", "swish", product, 1 / 6)


@pytest.mark.parametrize("ranged", [True, False])
def test_the_pattern_of_hard_swish_becomes_one_op(ranged: bool) -> None:
    net = Net()
    x = net.quant("conv_quant", net.conv("conv", net.input))
    net.quant("output", hard_swish(net, x, ranged=ranged))
    assert answer(net, "output") == "quantized"


def test_a_clamped_sum_that_is_the_output_crashes_where_hard_swish_is_looked_for() -> None:
    net = Net()
    net.add("Relu6", "output", net.add("Add", "sum", net.input, net.input))
    net.quant("quant", "output")
    assert answer(net, "output").startswith("other: crashed without a message")
    assert answer(net, "quant") == "quantized"


def test_normalization_by_the_root_of_squares_becomes_one_op_with_a_fixed_range() -> None:
    net = Net(ROW)
    squares = net.add("Square", "squares", net.input)
    total = net.over("Sum", "total", squares, net.ints("axes", 1), keep_dims=True, Tidx=DType.INT32)
    inverse = net.add("Rsqrt", "inverse", net.scalar("Maximum", "floor", total, 1e-12))
    net.add("Mul", "output", net.input, inverse)
    assert answer(net, "output") == "quantized"


@pytest.mark.parametrize("op", ["FakeQuant", "Mul", "Reshape", "Transpose"])
def test_constants_computed_from_each_other_need_no_recursion(op: str) -> None:
    def net(length: int) -> str:
        net = Net(ROW)
        array = net.quant("quant", net.const("weights", [0.5, -0.5], [4, 4]))
        for i in range(length):
            if op == "FakeQuant":
                array = net.quant(f"link{i}", array)
            elif op == "Mul":
                array = net.add("Mul", f"link{i}", array, net.const(f"factor{i}", 1.0))
            elif op == "Reshape":
                array = net.reshape(f"link{i}", array, 4, 4)
            else:
                array = net.transpose(f"link{i}", array, 1, 0)
        return answer(net, net.quant("output", net.add("MatMul", "product", net.input, array)))

    assert net(1200) == net(2)
