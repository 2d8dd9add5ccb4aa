"""What sizes that only a run knows do to the ops around them: real answers of TF 2.15, 2.18 and 2.21."""

import collections

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from tests.converters.predicted import predicted_of


def float_ops(builder, output, name, inputs=("x",)):
    return collections.Counter(op for op, _ in predicted_of(builder, output, name, inputs).float_ops)


BOTH_OPEN = [None, None]


@pytest.mark.parametrize(
    ("equation", "left", "right", "ops"),
    [
        ("abc,cd->abd", [*BOTH_OPEN, 4], [4, 5], "FULLY_CONNECTED"),
        ("abc,c->ab", [*BOTH_OPEN, 4], [4], "FULLY_CONNECTED RESHAPE SHAPE"),
        ("abc,cde->abde", [*BOTH_OPEN, 4], [4, 2, 3], "FULLY_CONNECTED RESHAPE SHAPE"),
        ("abcd,cde->abe", [*BOTH_OPEN, 2, 2], [2, 2, 3], "FULLY_CONNECTED RESHAPE SHAPE"),
        ("aecd,abcd->acbe", [*BOTH_OPEN, 2, 4], None, "BATCH_MATMUL TRANSPOSE TRANSPOSE TRANSPOSE"),
        ("abcd,acde->abe", [*BOTH_OPEN, 2, 2], [None, 2, 2, 3], "BATCH_MATMUL RESHAPE RESHAPE SHAPE"),
        ("abc,abd->acd", [*BOTH_OPEN, 4], None, "BATCH_MATMUL RESHAPE"),
        (
            "abcd,aed->abce",
            [*BOTH_OPEN, None, 4],
            [*BOTH_OPEN, 4],
            "BATCH_MATMUL RESHAPE RESHAPE SHAPE SHAPE",
        ),
        ("i,j->ij", [None], None, "BATCH_MATMUL RESHAPE RESHAPE"),
        ("abc,ac->ab", [*BOTH_OPEN, 4], [None, 4], "BATCH_MATMUL RESHAPE RESHAPE SHAPE"),
    ],
)
@pytest.mark.parametrize("name", ["mlir-2.15-float16", "mlir-2.21-float16"])
def test_an_einsum_with_several_open_sizes_computes_the_shapes_between_its_moves(
    equation, left, right, ops, name
):
    b = Builder()
    x, dense = b.placeholder("x", left), right is not None and None not in right
    z = b.const("z", [0.5, -0.5, 0.25], right) if dense else b.placeholder("z", right or left)
    y = b.add("Einsum", "y", x, z, equation=equation.encode())
    assert float_ops(b, y, name, ("x",) if dense else ("x", "z")) == collections.Counter(ops.split())


@pytest.mark.parametrize("equation", ["ab,ac->abc", "ab,ab->a"])
def test_an_einsum_whose_open_sizes_no_product_joins_has_no_form(equation):
    b = Builder()
    x, z = (b.placeholder(name, BOTH_OPEN) for name in "xz")
    y = b.add("Einsum", "y", x, z, equation=equation.encode())
    found = predicted_of(b, y, "mlir-2.21-int8", (x, z))
    assert (found.verdict, found.kind, found.op) == ("abort", "other", "Einsum")


@pytest.mark.parametrize("equation", ["ab->abc", "ab->...c", "ab->"])
@pytest.mark.parametrize("operands", [1, 2])
def test_an_einsum_that_makes_an_axis_of_nothing_is_no_error_of_ours(equation, operands):
    b = Builder()
    x = b.placeholder("x", [2, 3])
    terms, result = equation.split("->")
    equation = f"{','.join([terms] * operands)}->{result}"
    y = b.add("Einsum", "y", *[x] * operands, equation=equation.encode())
    assert predicted_of(b, y, "mlir-2.21-int8", (x,)).verdict in ("abort", "undetermined")


def positions(b):
    """The numbers 0, 1, 2, ... of the steps of an open sequence, as floats."""
    integers = DType.INT32
    shape = b.add("Shape", "shape", b.placeholder("x", [*BOTH_OPEN, 4]), out_type=integers)
    ends = (b.const(f"end{place}", [place], dtype=integers) for place in (1, 2))
    step = b.const("one", [1], dtype=integers)
    size = b.add("StridedSlice", "size", shape, *ends, step, shrink_axis_mask=1, Index=integers, T=integers)
    real = b.add("Cast", "real", size, SrcT=integers, DstT=DType.FLOAT)
    return b.add("Range", "range", b.const("start", 0.0), real, b.const("delta", 1.0), Tidx=DType.FLOAT)


@pytest.mark.parametrize(
    ("op", "second", "attrs", "ops"),
    [
        ("AddV2", (0.0, []), {}, ""),
        ("Einsum", ([0.5, 0.25], [2]), {"equation": b"i,j->ij"}, "RESHAPE RESHAPE FULLY_CONNECTED"),
    ],
)
def test_a_range_of_a_computed_end_is_a_vector(op, second, attrs, ops):
    b = Builder()
    moved = b.add(op, "y", positions(b), b.const("second", *second), **attrs)
    found = float_ops(b, b.add("Sin", "sine", moved), "mlir-2.21-float16")
    assert found == collections.Counter(["SHAPE", "CAST", "RANGE", "SIN", *ops.split()])


@pytest.mark.parametrize(
    ("batch", "side", "pad", "stride", "stays"),
    [
        (None, 1, 0, 1, 1),
        (None, 1, 0, 2, 1),
        (None, 2, 0, 2, 1),
        (None, 3, 1, 1, 0),
        (1, 1, 0, 1, 0),
        (1, 3, 1, 1, 0),
    ],
)
@pytest.mark.parametrize("name", ["mlir-2.18-float16", "mlir-2.21-float16"])
def test_a_pad_by_nothing_stays_in_front_of_a_convolution_with_an_open_batch(
    batch, side, pad, stride, stays, name
):
    b = Builder()
    pads = b.const("pads", [0, 0, *[pad] * 4, 0, 0], [4, 2], DType.INT32)
    x = b.add("Pad", "pad", b.placeholder("x", [batch, 8, 8, 3]), pads, Tpaddings=DType.INT32)
    weights, strides = b.const("w", [0.5, -0.25], [side, side, 3, 4]), [1, stride, stride, 1]
    y = b.add("Conv2D", "y", x, weights, strides=strides, padding=b"VALID")
    assert float_ops(b, y, name) == collections.Counter({"CONV_2D": 1, "PAD": stays})


@pytest.mark.parametrize(
    ("shape", "places", "masks", "ops"),
    [
        ([None, 4], 2, {"new_axis_mask": 2}, "RESHAPE STRIDED_SLICE"),
        (BOTH_OPEN, 1, {"new_axis_mask": 1}, "STRIDED_SLICE"),
        (BOTH_OPEN, 2, {"new_axis_mask": 2}, "STRIDED_SLICE"),
        (BOTH_OPEN, 2, {"new_axis_mask": 3}, "STRIDED_SLICE"),
        ([*BOTH_OPEN, 3], 2, {"new_axis_mask": 2}, "STRIDED_SLICE"),
        ([*BOTH_OPEN, 3], 3, {"new_axis_mask": 4}, "STRIDED_SLICE"),
        ([*BOTH_OPEN, 3], 3, {"new_axis_mask": 6}, "STRIDED_SLICE"),
        ([*BOTH_OPEN, None], 3, {"new_axis_mask": 4, "shrink_axis_mask": 2}, "STRIDED_SLICE"),
        (BOTH_OPEN, 2, {"new_axis_mask": 2, "ellipsis_mask": 1}, "abort"),
        (BOTH_OPEN, 3, {"new_axis_mask": 4}, "abort"),
        (BOTH_OPEN, 3, {"new_axis_mask": 5}, "abort"),
        ([*BOTH_OPEN, 3], 3, {"new_axis_mask": 2, "ellipsis_mask": 1}, "abort"),
        ([*BOTH_OPEN, 3], 4, {"new_axis_mask": 2}, "abort"),
        ([*BOTH_OPEN, None, 2], 5, {"new_axis_mask": 16}, "abort"),
    ],
)
@pytest.mark.parametrize("name", ["mlir-2.15-float16", "mlir-2.21-float16"])
def test_a_slice_makes_new_axes_of_several_open_sizes_where_it_names_no_more_places_than_there_are(
    shape, places, masks, ops, name
):
    b = Builder()
    bounds = [
        b.const(end, [n] * places, [places], DType.INT32) for end, n in (("from", 0), ("to", 1), ("by", 1))
    ]
    whole = 2**places - 1 & ~masks.get("shrink_axis_mask", 0)
    ends = {"begin_mask": whole, "end_mask": whole, **masks}
    y = b.add("StridedSlice", "y", b.placeholder("x", shape), *bounds, Index=DType.INT32, **ends)
    found = predicted_of(b, y, name, ("x",))
    assert " ".join(op.op for op in found.ops) == ops if ops != "abort" else found.verdict == "abort"


@pytest.mark.parametrize(
    ("value", "ranged", "ops"),
    [("const", True, ""), ("const", False, "FILL ADD"), ("mean", True, "")],
)
@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.15-v2", "mlir-2.21", "mlir-2.21-v2"])
def test_a_fill_of_computed_size_shares_the_range_of_its_result_with_what_it_spreads(
    value, ranged, ops, name
):
    """The tail of a Keras 2 layer normalization has one, and so has `tf.ones_like` of an open batch."""
    b = Builder()
    x = b.fake_quant("x/quant", b.placeholder("x", [None, 4]), -1, 1)
    sizes = b.add("Shape", "sizes", x, T=DType.FLOAT)
    both = b.const("axes", [0, 1], dtype=DType.INT32)
    spread = b.const("half", 0.5) if value == "const" else b.add("Mean", "mean", x, both, Tidx=DType.INT32)
    filled = b.add("Fill", "filled", sizes, spread, index_type=DType.INT32)
    filled = b.fake_quant("filled/quant", filled, -3, 3) if ranged else filled
    y = b.fake_quant("y", b.add("AddV2", "sum", x, filled), -2, 2)
    assert float_ops(b, y, name) == collections.Counter(ops.split())


@pytest.mark.parametrize("name", ["mlir-2.15-float16", "mlir-2.21-float16"])
@pytest.mark.parametrize("shape", [[2, 4, 8], [None, 4, 8], [*BOTH_OPEN, 8]])
@pytest.mark.parametrize(
    ("op", "builtin", "moves"),
    [
        ("AddV2", "ADD", True),
        ("RealDiv", "DIV", True),
        ("Maximum", "MAXIMUM", True),
        ("FloorDiv", "FLOOR_DIV", True),
        ("SquaredDifference", "SQUARED_DIFFERENCE", False),
        ("Pow", "POW", False),
    ],
)
def test_two_equal_reshapes_are_one_behind_a_binary_op_whatever_the_batch(op, builtin, moves, shape, name):
    b = Builder()
    sizes = b.const("sizes", [-1, 8], [2], DType.INT32)
    parts = [
        b.add("Reshape", f"flat_{function}", b.add(function, f"{function}_", b.placeholder(x, shape)), sizes)
        for x, function in (("x", "Elu"), ("z", "Sin"))
    ]
    y = b.add("Cos", "y", b.add(op, "both", *parts))
    expected = {"ELU": 1, "SIN": 1, builtin: 1, "RESHAPE": 2 - moves, "COS": 1}
    assert float_ops(b, y, name, ("x", "z")) == expected


@pytest.mark.parametrize("name", ["mlir-2.15-float16", "mlir-2.21-float16"])
@pytest.mark.parametrize("shape", [[None, 4], [1, None], BOTH_OPEN])
@pytest.mark.parametrize("holds", [True, False])
def test_a_choice_that_a_constant_decides_goes_where_the_chosen_array_has_its_type(name, shape, holds):
    b = Builder()
    x = b.placeholder("x", shape)
    condition = b.const("condition", holds, dtype=DType.BOOL)
    y = b.add("SelectV2", "y", condition, b.add("Elu", "elu", x), b.add("Exp", "exp", x))
    assert float_ops(b, y, name) == {"ELU" if holds else "EXP": 1}


@pytest.mark.parametrize("name", ["mlir-2.15-float16", "mlir-2.21-float16"])
def test_a_choice_stays_where_the_chosen_array_is_broadcast_to_an_open_size(name):
    b = Builder()
    x, other = b.placeholder("x", [None, 4]), b.placeholder("z", [1, 4])
    condition = b.const("condition", True, dtype=DType.BOOL)
    y = b.add("SelectV2", "y", condition, b.add("Elu", "elu", other), b.add("Exp", "exp", x))
    assert float_ops(b, y, name, ("x", "z")) == {"ELU": 1, "EXP": 1, "SELECT_V2": 1}


@pytest.mark.parametrize("name", ["mlir-2.15-float16", "mlir-2.21-float16"])
def test_parts_of_an_open_size_that_are_packed_again_are_the_whole(name):
    b = Builder()
    parts = b.add("Unpack", "parts", b.add("Elu", "elu", b.placeholder("x", [None, 2])), num=2, axis=1)
    y = b.add("Pack", "y", parts, f"{parts}:1", N=2, axis=1)
    assert float_ops(b, y, name) == {"ELU": 1}


def divided_by_reduced_size(op: str) -> Builder:
    """Columns whose number is what a reduction makes of two known sizes, times half that number."""
    b = Builder()
    x = b.placeholder("x", [None, 4, 8])
    whole = b.add("Shape", "whole", x, out_type=DType.INT32)
    places = [b.const(name, [place], [1], DType.INT32) for name, place in (("b", 1), ("e", 3), ("s", 1))]
    sizes = b.add("StridedSlice", "sizes", whole, *places, T=DType.INT32, Index=DType.INT32)
    axis, minus = b.const("axis", [0], [1], DType.INT32), b.const("minus", -1, [], DType.INT32)
    size = b.add(op, "size", sizes, axis, T=DType.INT32, Tidx=DType.INT32, keep_dims=False)
    shape = b.add("Pack", "shape", minus, size, T=DType.INT32, N=2, axis=0)
    y = b.add("Reshape", "y", x, shape, Tshape=DType.INT32)
    rows = b.add("Shape", "rows", y, out_type=DType.INT32)
    last = [b.const(name, [place], [1], DType.INT32) for name, place in (("b1", 1), ("e1", 2), ("s1", 1))]
    last = b.add("StridedSlice", "last", rows, *last, T=DType.INT32, Index=DType.INT32, shrink_axis_mask=1)
    double = b.add("Cast", "double", last, SrcT=DType.INT32, DstT=DType.DOUBLE)
    half = b.add("RealDiv", "half", double, b.const("two", 2.0, [], DType.DOUBLE), T=DType.DOUBLE)
    b.add("Mul", "out", y, b.add("Cast", "single", half, SrcT=DType.DOUBLE, DstT=DType.FLOAT))
    return b


@pytest.mark.parametrize("op", ["Max", "Min", "Prod", "Sum"])
@pytest.mark.parametrize("name", ["mlir-2.15-float16", "mlir-2.21-float16"])
def test_what_a_reduction_makes_of_known_sizes_is_known(op, name):
    """A division of doubles is refused where it is not folded; converted with TF 2.15 and 2.21."""
    found = predicted_of(divided_by_reduced_size(op), "out", name, ("x",))
    assert (found.verdict, sorted(op for op, _ in found.float_ops)) == ("float", ["MUL", "RESHAPE"])


@pytest.mark.parametrize(
    ("op", "shapes", "ops"),
    [
        ("DivNoNan", 2, "DIV"),
        ("MulNoNan", 2, "MUL"),
        ("Xlogy", 3, "LOG MUL"),
    ],
)
@pytest.mark.parametrize("version", ["2.15", "2.21"])
def test_a_choice_between_a_scalar_and_an_open_array_spreads_both_to_the_shape_of_the_scalar(
    op, shapes, ops, version
):
    b = Builder()
    x = b.add("Elu", "elu", b.placeholder("x", [None, 2, 1, 1, 2]))
    y = b.add(op, "y", x, b.add("Exp", "exp", x))
    spread = {"SHAPE": shapes, "BROADCAST_TO": 6}
    whole = collections.Counter(("ELU EXP EQUAL SELECT_V2 " + ops).split()) + collections.Counter(spread)
    assert float_ops(b, y, f"mlir-{version}-dynamic") == whole
    calibrated = predicted_of(b, y, f"mlir-{version}-int8", ("x",))
    message = "Output shape must be broadcastable from input shape."
    assert (calibrated.verdict == "abort", calibrated.message == message) == ((op != "Xlogy"),) * 2


@pytest.mark.parametrize(
    ("true", "false", "aborts"),
    [((), None, True), ((), (), True), ((), (2,), True), ((1,), None, False), (None, (), False)],
)
@pytest.mark.parametrize("name", ["mlir-2.15-dynamic", "mlir-2.21-dynamic"])
def test_a_choice_of_six_dimensions_takes_no_scalar_for_true_elements(true, false, aborts, name):
    b = Builder()
    x = b.add("Elu", "elu", b.placeholder("x", [None, 2, 1, 1, 1, 2]))
    condition = b.add("Greater", "greater", x, b.add("Exp", "exp", x))
    taken = [
        x if shape is None else b.const(f"c{n}", [0.5] * max(1, *shape, 1), shape)
        for n, shape in enumerate((true, false))
    ]
    found = predicted_of(b, b.add("SelectV2", "y", condition, *taken), name, ("x",))
    message = "failed to legalize operation 'tfl.select_v2' that was explicitly marked illegal"
    assert (found.verdict == "abort", found.message == message) == (aborts, aborts)
