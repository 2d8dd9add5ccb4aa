"""Selections of elements that are plainer than they look (optimize.cc, optimize_patterns.td)."""

from __future__ import annotations

from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import axes_of, is_constant, same_type, splat
from minmax_lint.converters.mlir.optimize.reshape import REDUCTIONS
from minmax_lint.converters.mlir.pattern import pattern
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.graph.dtype import DType


@pattern(
    "SLICE",
    "STRIDED_SLICE",
    tf_name="OptimizeSliceOp, OptimizeStridedSlice",
    source="optimize_patterns.td",
    before=lambda n: n.op("Slice", n.op("Elu", n.x()), n.ints(0, 0), n.ints(1, 8), Index=True),
    after="ELU(float)",
)
def optimize_slice_op(rewriter: Rewriter, op: Operation) -> bool:
    """A SLICE or STRIDED_SLICE of everything goes; steps backwards leave nothing as it was."""
    if not same_type(op.operands[0], op.result) or (op.name == "STRIDED_SLICE" and not _in_steps_of_one(op)):
        return False
    rewriter.replace(op, op.operands[0])
    return True


@pattern(
    "STRIDED_SLICE",
    tf_name="OptimizeStridedSlice",
    source="optimize_patterns.td",
    since=(2, 16),
    before=lambda n: n.op(
        "StridedSlice", n.op("Elu", n.x()), n.ints(0, 0), n.ints(1, 4), n.ints(1, 1), Index=True
    ),
    after="ELU(float) SLICE(float)",
)
def optimize_strided_slice(rewriter: Rewriter, op: Operation) -> bool:
    """A STRIDED_SLICE without masks and with steps of 1 is a SLICE."""
    node = op.attrs["node"]
    if any(
        node.integer(f"{kind}_mask", 0) for kind in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    ):
        return False
    if not _in_steps_of_one(op):
        return False
    rewriter.replace(op, rewriter.create("SLICE", op.operands[:3], op).result)
    return True


def _in_steps_of_one(op: Operation) -> bool:
    steps = op.operands[3].op
    tensor = steps.load() if steps is not None and is_constant(op.operands[3]) else None
    return tensor is not None and all(step == 1 for step in tensor.values())


@pattern(
    "SELECT",
    tf_name="FuseSplatConstLhsInto, FuseSplatConstRhsInto",
    source="optimize_broadcast_like_patterns.td",
    since=(2, 19),
    before=lambda n: n.op(
        "SelectV2", n.op("Greater", e := n.op("Elu", n.x()), n.c(0.5)), e, n.c(0.25, shape=[1, 8])
    ),
    after="ELU(float) GREATER(float) SELECT_V2(float)",
)
def fuse_splat_const_into_select_op(rewriter: Rewriter, op: Operation) -> bool:
    """SELECT of a constant that repeats one number is SELECT_V2 of that number."""
    if not any(_repeats(value) for value in op.operands[1:]):
        return False
    operands = [rewriter.constant(value) if _repeats(value) else value for value in op.operands]
    rewriter.replace(op, rewriter.create("SELECT_V2", operands, op).result)
    return True


def _repeats(value: Value) -> bool:
    return value.shape != () and splat(value)


@pattern(
    "SELECT",
    "SELECT_V2",
    tf_name="OptimizeSelectOpTrue, OptimizeSelectOpFalse",
    source="optimize_patterns.td",
    before=lambda n: n.op(
        "SelectV2", n.const("all", [True], [1, 8], DType.BOOL), e := n.op("Elu", n.x()), n.op("Exp", e)
    ),
    after="ELU(float)",
)
def optimize_select_op(rewriter: Rewriter, op: Operation) -> bool:
    """SELECT goes where the condition is the same constant everywhere."""
    condition = op.operands[0]
    if not splat(condition) or condition.op is None:
        return False
    tensor = condition.op.load()
    chosen = op.operands[1 if tensor is not None and tensor.values()[0] else 2]
    if not same_type(chosen, op.result) or chosen.scale != op.result.scale:
        return False
    rewriter.replace(op, chosen)
    return True


@pattern(
    "CUMSUM",
    tf_name="EliminateCumSumInclusive",
    source="optimize_patterns.td",
    before=lambda n: n.op("Cumsum", n.op("Elu", n.x()), n.i(0), exclusive=False, reverse=False),
    after="ELU(float)",
)
def eliminate_cum_sum_inclusive(rewriter: Rewriter, op: Operation) -> bool:
    """CUMSUM, its own element included, along a dimension of size 1 goes."""
    axes, shape = axes_of(op.operands[1]), op.operands[0].shape
    if not axes or shape is None or op.attrs["node"].flag("exclusive"):
        return False
    if any(not -len(shape) <= axis < len(shape) or shape[axis] != 1 for axis in axes):
        return False
    rewriter.replace(op, op.operands[0])
    return True


@pattern(
    "GATHER_ND",
    tf_name="OptimizeIdentityGatherNdOp",
    source="optimize_patterns.td",
    before=lambda n: n.op(
        "GatherNd", n.op("Elu", n.x(2, 4)), n.ints(0, 1, shape=[2, 1]), Tindices=True, Tparams=DType.FLOAT
    ),
    after="ELU(float)",
)
def optimize_identity_gather_nd_op(rewriter: Rewriter, op: Operation) -> bool:
    """A GATHER_ND of all rows in order goes."""
    indices = op.operands[1].op
    tensor = indices.load() if indices is not None and is_constant(op.operands[1]) else None
    if tensor is None or len(tensor.shape) != 2 or tensor.shape[1] != 1:
        return False
    if not same_type(op.operands[0], op.result) or tensor.values() != tuple(range(tensor.shape[0])):
        return False
    rewriter.replace(op, op.operands[0])
    return True


@pattern(
    *REDUCTIONS,
    tf_name="EliminateNoOpReductionOp",
    source="optimize_patterns.td",
    before=lambda n: n.sum(n.op("Elu", n.x()), 0),
    after="ELU(float)",
)
def eliminate_no_op_reduction_op(rewriter: Rewriter, op: Operation) -> bool:
    """A reduction over axes of size 1 that keeps them goes."""
    if not same_type(op.operands[0], op.result) or axes_of(op.operands[1]) is None:
        return False
    rewriter.replace(op, op.operands[0])
    return True
