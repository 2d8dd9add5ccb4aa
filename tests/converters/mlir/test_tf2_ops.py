"""Ops that Keras models bring along: what real conversions of SavedModels by TF 2.15 and 2.21 made of them."""

import collections
from dataclasses import replace

import pytest

from minmax_lint.converters.profile import PROFILES
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from tests.converters.predicted import predicted_of


def outcome(builder, output, name, inputs=("x",)):
    return predicted_of(builder, output, name, inputs)


def float_ops(*arguments):
    return collections.Counter(op for op, _ in outcome(*arguments).float_ops)


def product(*, bias=False, ranged=True):
    """A matrix product of three dimensions with weights behind a FakeQuant, as a Dense layer of Keras 3 has it."""
    b = Builder()
    x = b.fake_quant("xq", b.placeholder("x", [None, 3, 4]), -1, 1)
    w = b.fake_quant("wq", b.const("w", [0.5, -0.5, 0.25], [4, 5]), -1, 1)
    y = b.add("BatchMatMulV2", "product", x, w)
    if bias:
        y = b.add("Relu", "act", b.add("AddV2", "sum", y, b.const("b", [1.0], [5])))
    return b, b.fake_quant("y", y, 0, 4) if ranged else y


@pytest.mark.parametrize(
    ("options", "name", "verdict", "floats"),
    [
        ({}, "mlir-2.15-v2", "quantized", {}),
        ({}, "mlir-2.21-v2", "quantized", {}),
        ({"ranged": False}, "mlir-2.15-v2", "float", {"FULLY_CONNECTED": 1}),
        ({"ranged": False}, "mlir-2.21-v2", "float", {"FULLY_CONNECTED": 1}),
        ({"bias": True}, "mlir-2.15-v2", "float", {"FULLY_CONNECTED": 1}),
        ({"bias": True}, "mlir-2.21-v2", "quantized", {}),
    ],
)
def test_a_product_with_weights_is_dense_in_2_21_at_once_and_in_2_15_at_the_end(
    options, name, verdict, floats
):
    built = product(**options)
    assert outcome(*built, name).verdict == verdict
    assert float_ops(*built, name) == floats


@pytest.mark.parametrize(
    ("equation", "shapes", "ops"),
    [
        ("abc,cd->abd", ([2, 3, 4], [4, 5]), {"BATCH_MATMUL": 1}),
        (
            "aecd,abcd->acbe",
            ([None, 6, 2, 4], [None, 6, 2, 4]),
            {"TRANSPOSE": 3, "BATCH_MATMUL": 1, "RESHAPE": 1},
        ),
    ],
)
def test_an_einsum_is_a_product_between_moves(equation, shapes, ops):
    b = Builder()
    names = [b.placeholder(name, shape) for name, shape in zip("xz", shapes, strict=True)]
    y = b.add("Einsum", "y", *names, equation=equation.encode())
    found = float_ops(b, y, "mlir-2.21-v2", ("x", "z"))
    assert found["BATCH_MATMUL"] == ops["BATCH_MATMUL"]
    assert found["TRANSPOSE"] == ops.get("TRANSPOSE", 0)


@pytest.mark.parametrize(
    ("equation", "left", "right", "reshapes"),
    [
        ("abc,cd->abd", [2, 3, 4], [4, 5], 0),
        ("abc,cd->abd", [None, 3, 4], [4, 5], 1),
        ("abc,dc->abd", [None, 3, 4], [5, 4], 1),
        ("ac,cde->ade", [None, 4], [4, 2, 3], 1),
        ("abc,cde->abde", [2, 3, 4], [4, 2, 3], 1),
        ("abc,cde->abde", [None, 3, 4], [4, 2, 3], 1),
        ("abcd,cde->abe", [2, 3, 2, 2], [2, 2, 3], 1),
        ("abcd,cde->abe", [None, 3, 2, 2], [2, 2, 3], 2),
        ("...x,xy->...y", [2, 3, 4], [4, 5], 0),
        ("...x,xy->...y", [None, 3, 4], [4, 5], 1),
        ("a...x,xyz->a...yz", [None, 3, 4], [4, 2, 3], 1),
    ],
)
@pytest.mark.parametrize("name", ["mlir-2.15-v2", "mlir-2.21-v2"])
def test_an_einsum_with_weights_is_dense_on_all_axes_but_the_last(equation, left, right, reshapes, name):
    b = Builder()
    weights = b.const("w", [0.5, -0.5, 0.25], right)
    y = b.add("Einsum", "y", b.placeholder("x", left), weights, equation=equation.encode())
    assert float_ops(b, y, name) == collections.Counter({"FULLY_CONNECTED": 1, "RESHAPE": reshapes})


def einsum(equation, *shapes):
    """The net, its output and its inputs."""
    b = Builder()
    names = [b.placeholder(name, shape) for name, shape in zip("xz", shapes, strict=False)]
    return b, b.add("Einsum", "y", *names, equation=equation.encode(), N=len(names)), names


@pytest.mark.parametrize(
    ("equation", "left", "right", "ops"),
    [
        ("...ab,...bc->...ac", [2, 2, 3, 4], [1, 2, 4, 3], {"BATCH_MATMUL": 1}),
        ("...ab,...bc->...ac", [2, 2, 3, 4], [4, 3], {"BATCH_MATMUL": 1}),
        ("...ab,...bc->...ac", [2, 2, 3, 4], [2, 4, 3], {"TRANSPOSE": 2, "RESHAPE": 2, "BATCH_MATMUL": 1}),
        ("ab,...bc->...ac", [3, 4], [2, 4, 3], {"TRANSPOSE": 2, "RESHAPE": 2, "BATCH_MATMUL": 1}),
        ("ab...,bc...->ac...", [2, 3, 4], [3, 5, 4], {"TRANSPOSE": 3, "BATCH_MATMUL": 1}),
        ("...,...->...", [3], [2, 3], {"TRANSPOSE": 2, "RESHAPE": 3, "BATCH_MATMUL": 1}),
        ("...a->...", [2, 3, 4], None, {"SUM": 1}),
        ("...ab->ab...", [2, 3, 4], None, {"TRANSPOSE": 1}),
    ],
)
@pytest.mark.parametrize("name", ["mlir-2.15-v2", "mlir-2.18-v2", "mlir-2.21-v2"])
def test_an_ellipsis_stands_for_the_axes_that_are_left(equation, left, right, ops, name):
    b, y, inputs = einsum(equation, left, *([] if right is None else [right]))
    assert float_ops(b, y, name, inputs) == collections.Counter(ops)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ab,bc->c", ([2, 3], [3, 4])),
        ("abc,cd->ad", ([2, 3, 4], [4, 5])),
        ("ii,ij->j", ([3, 3], [3, 2])),
        ("ii->i", ([3, 3],)),
        ("ab->", ([2, 3],)),
        ("a,a->", ([4], [4])),
        (",ab->ab", ([], [2, 3])),
        ("abcd,ab->abcd", ([None, 16, 2, 8], [None, 16])),
        ("ars,ac->arsc", ([2, 5, 7], [2, 8])),
        ("axy,yxac->ca", ([2, 4, 6], [6, 4, 2, 8])),
        ("yx,xyc->c", ([6, 4], [4, 6, 8])),
        ("rstxy,xy->rst", ([5, 7, 3, 4, 6], [4, 6])),
        ("rs,cd->crsd", ([5, 7], [8, 9])),
        ("ab,abcd->abcd", ([2, 3], [2, 3, 8, 9])),
    ],
)
@pytest.mark.parametrize("name", ["mlir-2.15-v2", "mlir-2.18-v2", "mlir-2.21-v2"])
def test_an_einsum_that_is_no_matrix_product_is_refused(equation, shapes, name):
    b, y, inputs = einsum(equation, *shapes)
    found = outcome(b, y, name, inputs)
    assert (found.verdict, found.kind, found.op) == ("abort", "other", "Einsum")


@pytest.mark.parametrize(
    ("equation", "left", "right", "ops"),
    [
        ("axyz,axyz->a", [2, 4, 6, 2], [2, 4, 6, 2], {"RESHAPE": 3, "BATCH_MATMUL": 1}),
        ("arst,a->arst", [2, 5, 7, 3], [2], {"RESHAPE": 3, "BATCH_MATMUL": 1}),
        ("rs,c->rcs", [5, 7], [8], {"RESHAPE": 2, "BATCH_MATMUL": 1, "TRANSPOSE": 1}),
        ("ars,a->ars", [2, 5, 1], [2], {"RESHAPE": 1, "BATCH_MATMUL": 1}),
    ],
)
@pytest.mark.parametrize("name", ["mlir-2.15-v2", "mlir-2.21-v2"])
def test_an_einsum_joins_the_axes_of_one_kind_unless_there_are_two_alone(equation, left, right, ops, name):
    b, y, inputs = einsum(equation, left, right)
    assert float_ops(b, y, name, inputs) == collections.Counter(ops)


@pytest.mark.parametrize(
    ("name", "flipped", "shape", "verdict"),
    [
        ("mlir-2.15-v2", False, [4], "float"),
        ("mlir-2.18-v2", False, [4], "abort"),
        ("mlir-2.21-v2", False, [4], "abort"),
        ("mlir-2.21-v2", True, [4], "float"),
        ("mlir-2.21-v2", False, [1, 4], "float"),
    ],
)
def test_a_vector_by_a_matrix_is_refused_once_its_reshapes_go(name, flipped, shape, verdict):
    b = Builder()
    row = b.add("Reshape", "row", b.placeholder("x", [8]), b.const("one", [1, 8], dtype=DType.INT32))
    matrix = b.placeholder("w", [4, 8] if flipped else [8, 4])
    product = b.add("MatMul", "product", row, matrix, transpose_b=flipped)
    y = b.add("Reshape", "y", product, b.const("sizes", shape, dtype=DType.INT32))
    assert outcome(b, y, name, ("x", "w")).verdict == verdict


@pytest.mark.parametrize("batch", [1, None])
@pytest.mark.parametrize(("axis", "batch_dims"), [(3, 3), (-1, -1)])
def test_a_gather_of_each_step_of_a_batch_keeps_the_rank(batch, axis, batch_dims):
    b = Builder()
    x, places = b.placeholder("x", [batch, 2, 3, 8]), b.placeholder("i", [batch, 2, 3, 5], DType.INT32)
    last = b.const("axis", axis, dtype=DType.INT32)
    types = {"Tparams": DType.FLOAT, "Tindices": DType.INT32, "Taxis": DType.INT32}
    taken = b.add("GatherV2", "taken", x, places, last, batch_dims=batch_dims, **types)
    y = b.add("Transpose", "y", taken, b.const("order", [0, 1, 3, 2], dtype=DType.INT32), Tperm=DType.INT32)
    assert float_ops(b, y, "mlir-2.21-float16", ("x", "i")) == {"GATHER": 1, "TRANSPOSE": 1}
    assert outcome(b, y, "mlir-2.21-int8", ("x", "i")).verdict == "quantized"


def dense_on_eye(side):
    """A product with an identity matrix, as extract_patches of Keras 3 makes its filter."""
    b = Builder()
    options = (
        b.const(name, value, dtype=DType.INT32) for name, value in (("k", 0), ("rows", -1), ("columns", -1))
    )
    ones = b.const("ones", [1.0] * side, [side])
    eye = b.add("MatrixDiagV3", "eye", ones, *options, b.const("padding", 0.0))
    return b, b.add("MatMul", "y", b.placeholder("x", [1, side]), eye)


@pytest.mark.parametrize(
    ("side", "saved_model", "ops"),
    [
        (4, False, {"FULLY_CONNECTED": 1}),
        (192, False, {"BATCH_MATMUL": 1, "MATRIX_DIAG": 1}),
        (192, True, {"FULLY_CONNECTED": 1}),
    ],
)
def test_a_constant_of_any_size_is_computed_where_a_saved_model_is_read(side, saved_model, ops):
    converter = replace(PROFILES["mlir-2.21-float16"], saved_model=saved_model)
    assert float_ops(*dense_on_eye(side), converter) == ops


@pytest.mark.parametrize(
    ("op", "operands", "verdict"),
    [
        ("XlaDynamicUpdateSlice", ([0.5, 0.25], [0, 1]), "float"),
        ("XlaDynamicSlice", ([0, 0], [1, 4]), "abort"),
    ],
)
@pytest.mark.parametrize("name", ["mlir-2.15-float16", "mlir-2.21-int8"])
def test_ops_of_xla_are_not_computed_while_converting(op, operands, verdict, name):
    b = Builder()
    zeros = b.const("zeros", [0.0, 1.0, 2.0, 3.0], [1, 4])
    given = [
        b.const(f"given{place}", values, [1, 2] if isinstance(values[0], float) else None, kind)
        for place, values in enumerate(operands)
        for kind in (DType.FLOAT if isinstance(values[0], float) else DType.INT32,)
    ]
    y = b.add(
        "AddV2", "y", b.placeholder("x", [1, 4]), b.add(op, "made", zeros, *given, Tindices=DType.INT32)
    )
    assert outcome(b, y, name).verdict == verdict


def dense_on_sequence(*, computed):
    """Keras' Dense on three dimensions; its shape is computed where a step has no fixed size."""
    b = Builder()
    x = b.fake_quant("xq", b.placeholder("x", [None, 4, 4]), -1, 1)
    flat = b.add("Reshape", "flat", x, b.const("flat_shape", [-1, 4], dtype=DType.INT32))
    product = b.add(
        "MatMul", "product", flat, b.fake_quant("wq", b.const("w", [0.5, -0.5, 0.25], [4, 3]), -1, 1)
    )
    shape = b.const("shape", [-1, 4, 3], dtype=DType.INT32)
    if computed:
        sizes = b.add("Shape", "sizes", x, out_type=DType.INT32)
        zero = b.const("zero", 0, dtype=DType.INT32)
        first = b.add(
            "GatherV2", "first", sizes, b.const("axes", [0, 1], dtype=DType.INT32), zero, Tparams=DType.INT32
        )
        shape = b.add(
            "ConcatV2", "whole", first, b.const("units", [3], dtype=DType.INT32), zero, T=DType.INT32
        )
    total = b.add("AddV2", "sum", b.add("Reshape", "y", product, shape), b.const("b", [0.5, 0.25, 0.5], [3]))
    return b, b.fake_quant("sum_fq", total, -1, 1)


@pytest.mark.parametrize("name", ["mlir-2.15-v2", "mlir-2.21-v2"])
def test_a_bias_passes_no_reshape_to_a_computed_shape(name):
    assert float_ops(*dense_on_sequence(computed=False), name) == {}
    assert float_ops(*dense_on_sequence(computed=True), name) == {
        "FULLY_CONNECTED": 1,
        "RESHAPE": 1,
        "ADD": 1,
    }


@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize("name", ["mlir-2.15-v2", "mlir-2.21-v2"])
def test_what_is_multiplied_by_ones_stays_whatever_its_batch(batch, name):
    b = Builder()
    x = b.add("Elu", "elu", b.placeholder("x", [batch, 4, 4]))
    y = b.add("Abs", "y", b.add("Mul", "product", x, b.const("ones", [1.0], [4])))
    assert float_ops(b, y, name) == {"ELU": 1, "ABS": 1}


def test_bits_taken_as_another_type_are_no_reason_to_refuse():
    b = Builder()
    bits = b.add("Bitcast", "bits", b.placeholder("x", [1, 4]), T=DType.FLOAT, type=DType.INT32)
    y = b.add("BitwiseAnd", "y", bits, b.const("mask", [1], [1], dtype=DType.INT32), T=DType.INT32)
    assert outcome(b, bits, "mlir-2.21-v2").verdict == "float"
    found = outcome(b, y, "mlir-2.21-v2")
    assert found.message == "'tf.BitwiseAnd' op is neither a custom op nor a flex op"


def test_mixed_precision_is_refused_where_it_computes():
    b = Builder()
    x = b.add("Cast", "half", b.placeholder("x", [1, 4]), SrcT=DType.FLOAT, DstT=DType.HALF)
    y = b.add("Cast", "y", b.add("Relu", "act", x, T=DType.HALF), SrcT=DType.HALF, DstT=DType.FLOAT)
    found = outcome(b, y, "mlir-2.21-v2")
    assert (found.verdict, found.message) == ("abort", "'tf.Relu' op is neither a custom op nor a flex op")


def test_what_only_carries_a_gradient_is_passed_over():
    b = Builder()
    x = b.fake_quant("xq", b.placeholder("x", [1, 4]), -1, 1)
    both = b.add("IdentityN", "both", x, x, T=[DType.FLOAT, DType.FLOAT])
    y = b.fake_quant("y", b.add("Mul", "product", both, f"{both}:1"), -1, 1)
    assert outcome(b, y, "mlir-2.21-v2").verdict == "quantized"


def test_a_print_that_nobody_reads_is_refused():
    b = Builder()
    x = b.fake_quant("xq", b.placeholder("x", [1, 4]), -1, 1)
    b.add("PrintV2", "print", b.const("text", b"hi", dtype=DType.STRING))
    y = b.fake_quant("y", b.add("Relu6", "act", x, after=["print"]), 0, 6)
    assert outcome(b, y, "mlir-2.21-v2").message == "'tf.PrintV2' op is neither a custom op nor a flex op"


def test_integer_products_of_keras_are_refused():
    b = Builder()
    x = b.add("Cast", "x8", b.placeholder("x", [None, 8]), SrcT=DType.FLOAT, DstT=DType.INT8)
    w = b.const("w", [1, 2], [8, 16], dtype=DType.INT8)
    y = b.add("BatchMatMulV3", "y", x, w, Ta=DType.INT8, Tb=DType.INT8, Tout=DType.INT32)
    assert "got 'tensor<?x8xi8>'" in outcome(b, y, "mlir-2.21-v2").message


def unary(op, shape, *others, **attrs):
    """One op on an input of that shape and constants."""
    b = Builder()
    x = b.placeholder("x", shape)
    constants = [b.const(f"c{place}", value, dtype=DType.INT32) for place, value in enumerate(others)]
    return b, b.add(op, "y", x, *constants, **attrs)


def averaged(shape, *, keep_dims):
    """A mean over height and width."""
    b = Builder()
    axes = b.const("axes", [1, 2], dtype=DType.INT32)
    x = b.add("Elu", "elu", b.placeholder("x", shape))
    return b, b.add("Mean", "y", x, axes, keep_dims=keep_dims, Tidx=DType.INT32)


def guarded(op, *values):
    """A quotient or product with constants, and what stands where they are 0."""
    b = Builder()
    return b, b.add(op, "y", b.placeholder("x", [2, 2]), b.const("c", [*values]))


def sliced_from(computed):
    """A slice whose start is a constant, or `computed` from the shape of the input."""
    b = Builder()
    x = b.placeholder("x", [None, 8])
    start = b.const("start", [0, 2], dtype=DType.INT32)
    if computed:
        batch = b.add("Shape", "shape", x, out_type=DType.INT32)
        start = b.add("Sub", "start2", batch, b.const("all", [1, 8], dtype=DType.INT32), T=DType.INT32)
    end, steps = b.const("end", [1, 4], dtype=DType.INT32), b.const("steps", [1, 1], dtype=DType.INT32)
    return b, b.add("StridedSlice", "y", x, start, end, steps, Index=DType.INT32)


SPREAD = "SHAPE BROADCAST_ARGS BROADCAST_TO BROADCAST_TO"


@pytest.mark.parametrize(
    ("built", "name", "ops"),
    [
        (unary("Selu", [None, 2, 2, 2]), "mlir-2.15", "GREATER MUL EXP SUB MUL SELECT_V2"),
        (
            unary("Selu", [None, 2, 2, 2, 2]),
            "mlir-2.15",
            f"{SPREAD} GREATER BROADCAST_TO MUL EXP {SPREAD} SUB {SPREAD} MUL "
            "SHAPE SHAPE SHAPE BROADCAST_ARGS BROADCAST_ARGS BROADCAST_TO BROADCAST_TO BROADCAST_TO SELECT_V2",
        ),
        (unary("IsInf", [None, 2, 2, 2, 2]), "mlir-2.15", f"ABS {SPREAD} EQUAL"),
        (unary("OnesLike", [None, 2]), "mlir-2.15", "SHAPE BROADCAST_TO"),
        (unary("RFFT", [None, 8], [8], Tcomplex=DType.COMPLEX64), "mlir-2.21", "EXPAND_DIMS RFFT2D RESHAPE"),
        (unary("RFFT", [2, 8], [8], Tcomplex=DType.COMPLEX64), "mlir-2.21", "RESHAPE RFFT2D RESHAPE"),
        (averaged([None, 1, 1, 4], keep_dims=True), "mlir-2.21", "ELU"),
        (averaged([None, 1, 2, 4], keep_dims=True), "mlir-2.21", "ELU MEAN"),
        (averaged([None, 1, 1, 4], keep_dims=False), "mlir-2.21", "ELU MEAN"),
        (guarded("DivNoNan", 2.0, 4.0), "mlir-2.15", "DIV"),
        (guarded("DivNoNan", 2.0, 0.0), "mlir-2.15", "DIV SELECT_V2"),
        (guarded("DivNoNan", 2.0, 0.0), "mlir-2.21", "MUL SELECT_V2"),
        (guarded("MulNoNan", 2.0, 4.0), "mlir-2.21", "MUL"),
        (guarded("MulNoNan", 2.0, 0.0), "mlir-2.21", "MUL SELECT_V2"),
        (sliced_from(computed=False), "mlir-2.15", "STRIDED_SLICE"),
        (sliced_from(computed=False), "mlir-2.21", "SLICE"),
        (sliced_from(computed=True), "mlir-2.21", "SHAPE SUB STRIDED_SLICE"),
    ],
)
def test_what_is_known_of_shapes_and_constants_decides_which_ops_there_are(built, name, ops):
    made = [one.op for one in outcome(*built, name).ops]
    assert " ".join(op for op in made if op not in ("QUANTIZE", "DEQUANTIZE")) == ops


@pytest.mark.parametrize(
    ("rank", "name", "verdict"),
    [
        (5, "mlir-2.15", "float"),
        (6, "mlir-2.15", "abort"),
        (6, "mlir-2.21", "float"),
        (7, "mlir-2.21", "abort"),
    ],
)
def test_a_slice_of_more_dimensions_than_its_kernel_takes_has_no_builtin(rank, name, verdict):
    b = Builder()
    x = b.add("Elu", "elu", b.placeholder("x", [2] * rank))
    begin, size = (b.const(key, [n] * rank, dtype=DType.INT32) for key, n in (("begin", 0), ("size", 1)))
    made = outcome(b, b.add("Slice", "y", x, begin, size, Index=DType.INT32), name)
    assert made.verdict == verdict
    assert verdict == "float" or made.message.startswith("'tf.Slice' op")


@pytest.mark.parametrize(
    ("keys", "values", "verdict"),
    [(DType.STRING, DType.INT64, "quantized"), (DType.INT64, DType.INT64, "abort")],
)
def test_a_table_from_numbers_to_numbers_has_no_builtin(keys, values, verdict):
    b = Builder()
    table = b.add("HashTableV2", "table", key_dtype=keys, value_dtype=values, shared_name=b"t")
    default = b.const("default", -1, dtype=values)
    found = b.add(
        "LookupTableFindV2", "y", table, b.placeholder("x", [4], keys), default, Tin=keys, Tout=values
    )
    made = outcome(b, found, "mlir-2.21-int8")
    assert made.verdict == verdict
    assert verdict == "quantized" or made.message.startswith("'tf.HashTableV2' op")


@pytest.mark.parametrize(
    ("shape", "indices", "axis", "batch_dims", "order"),
    [
        ([1, 2, 6, 6], [1, 2, 6, 6], 3, 3, [0, 1, 3, 2]),
        ([None, 6, 4], [None, 5], 1, 1, [0, 2, 1]),
        ([2, 6, 4], [2, 5], 1, -1, [0, 2, 1]),
        ([2, 6, 4], [2, 5], 2, 1, [2, 1, 0]),
        ([2, 6, 4], [2], 1, 1, [1, 0]),
        ([2, 6, 4], [2, 5], 1, 0, [0, 1, 3, 2]),
    ],
)
@pytest.mark.parametrize("name", ["mlir-2.15-v2", "mlir-2.21-v2"])
def test_a_gather_shares_its_batches_with_the_indices(shape, indices, axis, batch_dims, order, name):
    b = Builder()
    rows = b.placeholder("indices", indices, DType.INT32)
    axis = b.const("axis", axis, dtype=DType.INT32)
    types = {"Tparams": DType.FLOAT, "Tindices": DType.INT32, "Taxis": DType.INT32}
    y = b.add("GatherV2", "y", b.placeholder("x", shape), rows, axis, batch_dims=batch_dims, **types)
    out = b.add("Transpose", "out", y, b.const("order", order, dtype=DType.INT32))
    assert float_ops(b, out, name, ("x", "indices")) == collections.Counter(["GATHER", "TRANSPOSE"])
