"""What MLIR recognizes in elementary operations, and what it leaves out (measured with TF 2.15.1 and 2.21)."""

from collections.abc import Callable

import pytest

import minmax_lint
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.writers.graphdef import encode
from tests.converters.mechanisms import flat, start
from tests.converters.mlir.test_mechanisms import PROFILES, answer, predicted

Pattern = Callable[[Builder], str]


def _out(b: Builder, array: str) -> str:
    return b.fake_quant("out", array, -1, 1)


def _integers(b: Builder, name: str, *values: int) -> str:
    return b.const(name, values, dtype=DType.INT32)


def _reduced(b: Builder, op: str, name: str, array: str, *, keep_dims: bool = True) -> str:
    """A reduction of a matrix over its last axis."""
    axis = _integers(b, f"{name}/axis", 1)
    return b.add(op, name, array, axis, keep_dims=keep_dims, Tidx=DType.INT32)


def _float(b: Builder) -> str:
    """A matrix of one row that stays float."""
    return b.add("Elu", "elu", flat(b))


def gelu_with_erf(b: Builder) -> str:
    """x / 2 * (1 + erf(x / sqrt 2)); alone, Erf is refused."""
    x = start(b)
    erf = b.add("Erf", "erf", b.add("Mul", "scaled", x, b.const("root", 0.707106769)))
    half = b.add("Mul", "half", x, b.const("0.5", 0.5))
    return _out(b, b.add("Mul", "y", half, b.add("AddV2", "plus", erf, b.const("one", 1.0))))


def gelu_with_tanh(b: Builder) -> str:
    """Its approximation."""
    x = start(b)
    cube = b.add("Mul", "cube", b.add("Pow", "pow", x, b.const("three", 3.0)), b.const("c", 0.044715))
    inner = b.add("Mul", "inner", b.add("AddV2", "sum", x, cube), b.const("root", 0.797884583))
    gate = b.add("AddV2", "plus", b.add("Tanh", "tanh", inner), b.const("one", 1.0))
    return _out(b, b.add("Mul", "y", b.add("Mul", "half", x, b.const("0.5", 0.5)), gate))


def sigmoid(b: Builder) -> str:
    """1 / (1 + exp(-x))."""
    exponential = b.add("Exp", "exp", b.add("Neg", "neg", start(b)))
    below = b.add("AddV2", "plus", exponential, b.const("one", 1.0))
    return _out(b, b.add("RealDiv", "y", b.const("1", 1.0), below))


def softmax(b: Builder) -> str:
    """exp(x) / sum(exp(x))."""
    exponential = b.add("Exp", "exp", flat(b))
    return _out(b, b.add("RealDiv", "y", exponential, _reduced(b, "Sum", "sum", exponential)))


def softmax_of_normalized(b: Builder) -> str:
    """SOFTMAX does not care for what is subtracted from every element."""
    x = flat(b)
    return b.add("Softmax", "y", b.add("Sub", "less", x, _reduced(b, "Max", "max", x)))


def arg_max_of_softmax(b: Builder) -> str:
    """The largest element stays the largest."""
    axis = b.const("axis", 1, dtype=DType.INT32)
    return b.add("ArgMax", "y", b.add("Softmax", "s", _float(b)), axis, Tidx=DType.INT32)


def leaky_relu_with_select(b: Builder) -> str:
    """x >= 0 ? x : x / 10."""
    x = start(b)
    positive = b.add("GreaterEqual", "positive", x, b.const("zero", 0.0))
    return _out(b, b.add("SelectV2", "y", positive, x, b.add("Mul", "less", x, b.const("tenth", 0.1))))


def select_of_constant(b: Builder) -> str:
    """What a condition never chooses goes."""
    x = start(b)
    condition = b.const("condition", [True], [1, 4, 4, 4], dtype=DType.BOOL)
    return _out(b, b.add("SelectV2", "y", condition, x, b.add("Elu", "other", x)))


def cumulative_sum_of_one(b: Builder) -> str:
    """Along a dimension of size 1 there is nothing to sum."""
    axis = b.const("axis", 0, dtype=DType.INT32)
    return b.add("Cumsum", "y", flat(b), axis, exclusive=False, reverse=False, Tidx=DType.INT32)


def opposite_of_equal(b: Builder) -> str:
    """EQUAL has a quantized form, NOT_EQUAL has none."""
    equal = b.add("Equal", "equal", start(b), b.const("quarter", 0.25))
    return b.add("LogicalNot", "y", equal)


def reduction_with_dimensions_put_back(b: Builder) -> str:
    """The reduction keeps them instead."""
    total = _reduced(b, "Sum", "sum", _float(b), keep_dims=False)
    return b.add("Reshape", "y", total, _integers(b, "sizes", 1, 1), Tshape=DType.INT32)


def tile_for_a_product(b: Builder) -> str:
    """MUL broadcasts by itself."""
    x = _float(b)
    tiled = b.add(
        "Tile", "tile", _reduced(b, "Mean", "mean", x), _integers(b, "times", 1, 8), Tmultiples=DType.INT32
    )
    return b.add("Mul", "y", x, tiled)


def reshape_in_front_of_dense(b: Builder) -> str:
    """FULLY_CONNECTED flattens what it reads."""
    deep = b.add("Reshape", "deep", flat(b), _integers(b, "three", 1, 1, 8), Tshape=DType.INT32)
    row = b.add("Reshape", "row", b.add("Elu", "elu", deep), _integers(b, "two", 1, 8), Tshape=DType.INT32)
    return b.dense("y", row, 8, 4)


def row_added_to_dense(b: Builder) -> str:
    """A row is as good as a vector."""
    weights = b.fake_quant("weights_fq", b.const("weights", [0.5, -0.5], [8, 4]), -1, 1)
    product = b.add("MatMul", "product", flat(b), weights, transpose_a=False, transpose_b=False)
    return _out(b, b.add("AddV2", "y", product, b.const("row", [0.1, 0.2], [1, 4])))


def log_softmax(b: Builder) -> str:
    """d - log(sum(exp(d))), d being x - max(x)."""
    x = flat(b)
    less = b.add("Sub", "less", x, _reduced(b, "Max", "max", x))
    return _out(
        b, b.add("Sub", "y", less, b.add("Log", "log", _reduced(b, "Sum", "sum", b.add("Exp", "exp", less))))
    )


def pieces_joined_again(b: Builder) -> str:
    """All that an Unpack makes, put together."""
    b.add("Unpack", "pieces", b.add("Elu", "elu", start(b)), num=4, axis=1)
    pieces = [f"pieces:{port}" if port else "pieces" for port in range(4)]
    return b.add("ConcatV2", "y", *pieces, b.const("axis", 1, dtype=DType.INT32), N=4, Tidx=DType.INT32)


def padding_of_a_convolution(b: Builder) -> str:
    """Zeros around an image, as many as SAME would put there."""
    pads = b.const("pads", [0, 0, 1, 1, 1, 1, 0, 0], [4, 2], dtype=DType.INT32)
    return _convolution(
        b, "y", b.add("Pad", "pad", b.add("Elu", "elu", start(b)), pads, Tpaddings=DType.INT32)
    )


def bias_behind_a_transposition(b: Builder) -> str:
    """A convolution brought to NCHW before its bias is added."""
    order = _integers(b, "order", 0, 3, 1, 2)
    turned = b.add("Transpose", "turned", _convolution(b, "conv", start(b)), order, Tperm=DType.INT32)
    return _out(b, b.add("AddV2", "y", turned, b.const("bias", [0.1, 0.2], [1, 4, 1, 1])))


def _convolution(b: Builder, name: str, image: str) -> str:
    weights = b.fake_quant("weights_fq", b.const("weights", [0.5, -0.5], [3, 3, 4, 4]), -1, 1)
    return b.add(
        "Conv2D", name, image, weights, strides=[1, 1, 1, 1], padding=b"VALID", dilations=[1, 1, 1, 1]
    )


EVERYWHERE = {
    gelu_with_erf: "quantized",
    log_softmax: "quantized",
    pieces_joined_again: "ELU RESHAPE",
    gelu_with_tanh: "quantized",
    sigmoid: "quantized",
    softmax: "quantized",
    softmax_of_normalized: "quantized",
    arg_max_of_softmax: "ARG_MAX ELU",
    leaky_relu_with_select: "quantized",
    select_of_constant: "quantized",
    cumulative_sum_of_one: "quantized",
    opposite_of_equal: "NOT_EQUAL",
    reduction_with_dimensions_put_back: "ELU SUM",
    tile_for_a_product: "ELU MEAN MUL",
    reshape_in_front_of_dense: "ELU FULLY_CONNECTED",
    row_added_to_dense: "quantized",
}
"""Pattern -> verdict, or the ops that stay float, in all profiles."""

ONLY_IN_2_21 = {
    padding_of_a_convolution: ("CONV_2D ELU PAD", "CONV_2D ELU"),
    bias_behind_a_transposition: ("ADD CONV_2D TRANSPOSE", "quantized"),
}
"""Pattern -> the same for 2.15 and 2.21."""


@pytest.mark.parametrize("pattern", EVERYWHERE, ids=lambda pattern: pattern.__name__)
def test_a_pattern_of_every_version_makes_the_same_in_all(pattern: Pattern) -> None:
    answers = tuple(answer(predicted(pattern, name)) for name in PROFILES)
    assert answers == (EVERYWHERE[pattern],) * len(PROFILES), pattern.__doc__


@pytest.mark.parametrize("pattern", ONLY_IN_2_21, ids=lambda pattern: pattern.__name__)
def test_what_only_the_newer_one_recognizes(pattern: Pattern) -> None:
    answers = {name: answer(predicted(pattern, name)) for name in PROFILES}
    older, newer = ONLY_IN_2_21[pattern]
    assert answers == {name: older if "2.15" in name else newer for name in PROFILES}, pattern.__doc__


@pytest.mark.parametrize(("three", "six"), [((), ()), ((1,), ()), ((), (1,)), ((1, 1, 1, 1), (1, 1, 1, 1))])
@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
@pytest.mark.parametrize("divided", [False, True], ids=["times", "divided"])
def test_the_numbers_of_a_hard_swish_are_scalars_but_inside_since_2_19(
    three: tuple[int, ...], six: tuple[int, ...], inside: bool, divided: bool
) -> None:
    """36 orders and shapes measured with each of 2.15, 2.18, 2.19, 2.20 and 2.21."""
    b = Builder()
    x = b.add("Tanh", "tanh", b.placeholder("input", [1, 4, 4, 8]))

    def sixth(name: str, array: str) -> str:
        op, number = ("RealDiv", 6.0) if divided else ("Mul", 1 / 6)
        return b.add(op, name, array, b.const("six", number, six))

    gate = b.add("Relu6", "relu6", b.add("AddV2", "add", x, b.const("three", 3.0, three)))
    y = (
        b.add("Mul", "y", x, sixth("scaled", gate))
        if inside
        else sixth("y", b.add("Mul", "product", x, gate))
    )
    names = [f"mlir-{version}-dynamic" for version in ("2.15", "2.18", "2.19", "2.21")]
    found = minmax_lint.lint(encode(b.graph()), outputs=[y], converters=names).predictions
    scalar = not three and not six
    assert ["HARD_SWISH" in dict(found[name].float_ops) for name in names] == [scalar] * 2 + [
        scalar or inside
    ] * 2
