"""ONE_HOT: made of a comparison, of another type, or as rows to look up (optimize_patterns.td)."""

from math import prod

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import (
    all_equal,
    axes_of,
    constant_behind,
    is_constant,
    producer,
    quantize_of,
    rank,
    sizes_of,
    static,
)
from minmax_lint.converters.mlir.pattern import optimize_patterns_td
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.graph.dtype import DType


def _indices(n: Net, *shape: int) -> str:
    whole = n.op("Cast", n.x(1, 4), DstT=DType.INT32)
    return n.op("Reshape", whole, n.ints(*shape), T=DType.INT32)


def _one_hot(n: Net, on: str, off: str, dtype: DType) -> str:
    return n.op("OneHot", _indices(n, 4), n.i(8), on, off, axis=-1, T=dtype, TI=DType.INT32)


def _one_hot_of_open_batch(n: Net) -> str:
    ids = n.op("Reshape", n.op("Cast", n.x(None, 4), DstT=DType.INT32), n.ints(-1), T=DType.INT32)
    return n.op("OneHot", ids, n.i(8), n.c(1.0), n.c(0.0), axis=-1, T=DType.FLOAT, TI=DType.INT32)


@optimize_patterns_td(
    "EQUAL",
    before=lambda n: n.op(
        "Cast", n.op("Equal", _indices(n, 4, 1), n.ints(0, 1, 2, 3, 4), T=DType.INT32), SrcT=DType.BOOL
    ),
    after="CAST(float) ONE_HOT(float)",
)
def reshape_equal_op_to_one_hot_op(rewriter: Rewriter, op: Operation) -> bool:
    """EQUAL of a column and 0, 1, 2 ... is ONE_HOT."""
    column, series = op.operands
    counted = axes_of(series) if series.dtype in (DType.INT32, DType.INT64) else None
    if not counted or counted != list(range(len(counted))) or not column.shape or len(column.shape) < 2:
        return False
    if column.shape[-1] != 1 or not (static(column) or len(column.shape) == 2):
        return False
    if sum(size != 1 for size in series.shape or ()) > 1 or (series.shape or (0,))[-1] != len(counted):
        return False
    sizes = rewriter.integers([-1 if size is None else size for size in column.shape[:-1]], series)
    flat = rewriter.compute("RESHAPE", [column, sizes], op, column, column.shape[:-1])
    depth, *marks = (rewriter.constant(series, (), kind) for kind in (DType.INT32, DType.BOOL, DType.BOOL))
    return rewriter.replace_with_new(op, "ONE_HOT", [flat, depth, *marks])


@optimize_patterns_td(
    "CAST",
    before=lambda n: n.op(
        "Cast",
        _one_hot(
            n, n.const("on", True, dtype=DType.BOOL), n.const("off", False, dtype=DType.BOOL), DType.BOOL
        ),
        SrcT=DType.BOOL,
    ),
    after="CAST(float) ONE_HOT(float)",
)
def fuse_one_hot_and_cast_to_float(rewriter: Rewriter, op: Operation) -> bool:
    """CAST of ONE_HOT to float is ONE_HOT of floats."""
    one_hot = producer(op.operands[0], "ONE_HOT")
    if (
        one_hot is None
        or op.result.dtype is not DType.FLOAT
        or not all(map(is_constant, one_hot.operands[1:]))
    ):
        return False
    marks = [rewriter.constant(value, dtype=DType.FLOAT) for value in one_hot.operands[2:]]
    return rewriter.replace_with_new(
        op, "ONE_HOT", [*one_hot.operands[:2], *marks], [one_hot], attrs_of=one_hot
    )


@optimize_patterns_td(
    "FULLY_CONNECTED",
    before=lambda n: n.fq(n.mat_mul(_one_hot(n, n.c(1.0), n.c(0.0), DType.FLOAT), n.fq(n.weights(8, 4)))),
    after="CAST(float) EMBEDDING_LOOKUP(float)",
)
def replace_one_hot_fully_connected_with_lookup(rewriter: Rewriter, op: Operation) -> bool:
    """ONE_HOT rows of 1 and 0 times weights look up rows: EMBEDDING_LOOKUP."""
    one_hot = _rows(op)
    if one_hot is None or not static(one_hot.operands[0]) or not static(op.result):
        return False
    return _look_up(rewriter, op, one_hot.operands[0])


@optimize_patterns_td(
    "FULLY_CONNECTED",
    since=(2, 14),
    before=lambda n: n.fq(n.mat_mul(_one_hot_of_open_batch(n), n.fq(n.weights(8, 4)))),
    after="CAST(float) EMBEDDING_LOOKUP(float)",
)
def replace_one_hot_dynamic_shape_fully_connected_with_lookup(rewriter: Rewriter, op: Operation) -> bool:
    """The same of a vector of any length."""
    one_hot = _rows(op)
    if one_hot is None or rank(one_hot.operands[0]) != 1 or static(one_hot.operands[0]):
        return False
    return _look_up(rewriter, op, one_hot.operands[0])


def _rows(op: Operation) -> Operation | None:
    """The ONE_HOT of int32 into rows of 1 and 0, if the dense layer does nothing but to multiply it by its weights."""
    one_hot = producer(op.operands[0], "ONE_HOT")
    if one_hot is None or len(op.operands) > 2 or op.activation or not static(op.operands[1]):
        return None
    indices, _, on, off = one_hot.operands
    if indices.dtype is not DType.INT32 or not all_equal(on, 1.0) or not all_equal(off, 0.0):
        return None
    return one_hot if _is_last_axis(one_hot) else None


def _look_up(rewriter: Rewriter, op: Operation, indices: Value) -> bool:
    vector = _vector(rewriter, indices, op)
    look_up = rewriter.create("EMBEDDING_LOOKUP", [vector, _transpose(rewriter, op)], op)
    rows, weights, shape = look_up.result, op.operands[1], op.result.shape
    if quantize_of(weights) is not None:  # rows of a table that has a range stay float (2.15, 2.21 measured)
        look_up.attrs["stays_float"] = True
    rows.shape = ((vector.shape or (None,))[0], weights.shape[0] if weights.shape else None)
    if shape is not None and rank(rows) != len(shape):
        sizes = rewriter.integers(sizes_of(op.result), indices)
        rows = rewriter.compute("RESHAPE", [rows, sizes], op, op.result)
    return rewriter.replace(op, rows)


def _is_last_axis(one_hot: Operation) -> bool:
    return int(one_hot.attrs["node"].integer("axis", -1)) == -1


def _vector(rewriter: Rewriter, indices: Value, op: Operation) -> Value:
    if rank(indices) == 1:
        return indices
    sizes = rewriter.integers([-1], indices)
    return rewriter.compute("RESHAPE", [indices, sizes], op, indices, (prod(sizes_of(indices)),))


def _transpose(rewriter: Rewriter, op: Operation) -> Value:
    weights = op.operands[1]
    shape = None if weights.shape is None else weights.shape[::-1]
    if constant_behind(weights) is not None:
        return rewriter.constant(weights, shape)
    return rewriter.compute("TRANSPOSE", [weights, rewriter.integers([1, 0], weights)], op, weights, shape)
