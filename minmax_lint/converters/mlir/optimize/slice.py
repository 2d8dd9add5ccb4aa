"""Slices, gathers and selections that a simpler operation replaces (optimize.cc, optimize_patterns.td)."""

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import (
    axes_of,
    constant_tensor,
    equal_type,
    producer,
    producers,
    same_type,
    splat,
    static,
)
from minmax_lint.converters.mlir.optimize.reshape import REDUCTIONS
from minmax_lint.converters.mlir.pattern import (
    optimize_cc,
    optimize_pass_cc,
    optimize_patterns_td,
    tfl_ops_cc,
)
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.graph.dtype import DType


@optimize_patterns_td(
    "SELECT",
    "SELECT_V2",
    tf_name="OptimizeSelectOpTrue, OptimizeSelectOpFalse",
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
    chosen = op.operands[1 if tensor is not None and tensor.leading()[0] else 2]
    if not equal_type(chosen, op.result):
        return False
    return rewriter.replace(op, chosen)


@optimize_patterns_td(
    "CUMSUM",
    before=lambda n: n.op("Cumsum", n.op("Elu", n.x()), n.i(0)),
    after="ELU(float)",
)
def eliminate_cum_sum_inclusive(rewriter: Rewriter, op: Operation) -> bool:
    """CUMSUM, its own element included, along a dimension of size 1 goes."""
    axes, shape = axes_of(op.operands[1]), op.operands[0].shape
    if not axes or shape is None or op.attrs["node"].flag("exclusive"):
        return False
    if any(not -len(shape) <= axis < len(shape) or shape[axis] != 1 for axis in axes):
        return False
    return rewriter.replace(op, op.operands[0])


def _rows_in_order(n: Net) -> str:
    gathered = n.op("GatherNd", n.op("Elu", n.x(2, 4)), n.ints(0, 1, shape=[2, 1]))
    return n.op("ScatterNd", n.ints(0, 1, shape=[2, 1]), n.op("Exp", gathered), n.ints(2, 4))


@optimize_patterns_td(
    *("GATHER_ND", "SCATTER_ND"),
    tf_name="OptimizeIdentityGatherNdOp, OptimizeIdentityScatterNdOp",
    before=_rows_in_order,
    after="ELU(float) EXP(float)",
)
def optimize_identity_gather_nd_or_scatter_nd_op(rewriter: Rewriter, op: Operation) -> bool:
    """GATHER_ND and SCATTER_ND of all rows in order go."""
    params, indices = op.operands[:2] if op.name == "GATHER_ND" else op.operands[1::-1]
    if op.name == "SCATTER_ND" and op.result.shape is None:
        known = axes_of(op.operands[2])
        op.result.shape = None if known is None else tuple(known)
    tensor = constant_tensor(indices)
    if tensor is None or len(tensor.shape) != 2 or tensor.shape[1] != 1 or not same_type(params, op.result):
        return False
    return axes_of(indices) == list(range(tensor.shape[0])) and rewriter.replace(op, params)


@optimize_pass_cc(
    "GATHER_ND",
    since=(2, 22),
    before=lambda n: n.op("GatherNd", n.op("Elu", n.x(4, 2)), n.ints(1, 2, shape=[2, 1])),
    after="ELU(float) SLICE(float)",
)
def optimize_gather_nd_to_slice(rewriter: Rewriter, op: Operation) -> bool:
    """A GATHER_ND of rows that follow each other is a SLICE."""
    params, indices = op.operands[0], constant_tensor(op.operands[1])
    if indices is None or len(indices.shape) != 2 or indices.shape[1] != 1 or not static(params):
        return False
    rows = axes_of(op.operands[1])
    if not rows or not params.shape or rows != list(range(rows[0], rows[0] + len(rows))):
        return False
    shape = (len(rows), *params.shape[1:])
    begin = rewriter.integers([rows[0], *[0] * (len(shape) - 1)], op.operands[1])
    return rewriter.replace_with_new(op, "SLICE", [params, begin, _sizes(rewriter, op, shape)])


@optimize_pass_cc(
    "GATHER_ND",
    since=(2, 22),
    before=lambda n: n.op("GatherNd", n.op("Elu", n.x(4, 2)), n.ints(0, 1, 1, 2, 2, 3, shape=[3, 2, 1])),
    after="ELU(float) SLICE(float) RESHAPE(float) SLICE(float) RESHAPE(float) CONCATENATION(float)",
)
def optimize_gather_nd_sliding_window(rewriter: Rewriter, op: Operation) -> bool:
    """Windows of rows, each one row further than the one before, are a SLICE for each row of a window."""
    params, indices = op.operands[0], constant_tensor(op.operands[1])
    if indices is None or len(indices.shape) != 3 or not static(params) or not params.shape:
        return False
    count, width, depth = (size or 0 for size in indices.shape)
    windows = [row + place for row in range(count) for place in range(width)]
    if depth != 1 or count < 2 or axes_of(op.operands[1]) != windows:
        return False
    shape = (count, *params.shape[1:])
    parts = []
    for place in range(width):
        begin = rewriter.integers([place, *[0] * (len(shape) - 1)], op.operands[1])
        operands = [params, begin, _sizes(rewriter, op, shape)]
        rows = rewriter.compute("SLICE", operands, op, op.result, shape)
        wanted = (count, 1, *shape[1:])
        sizes = _sizes(rewriter, op, wanted)
        parts.append(rewriter.compute("RESHAPE", [rows, sizes], op, op.result, wanted))
    return rewriter.replace_with_new(op, "CONCATENATION", parts)


def _sizes(rewriter: Rewriter, op: Operation, shape: tuple[int | None, ...]) -> Value:
    return rewriter.integers([size or 0 for size in shape], op.operands[1])


@optimize_patterns_td(*REDUCTIONS, before=lambda n: n.sum(n.op("Elu", n.x()), 0), after="ELU(float)")
def eliminate_no_op_reduction_op(rewriter: Rewriter, op: Operation) -> bool:
    """A reduction over axes of size 1 that keeps them goes."""
    source, axes = op.operands[0], axes_of(op.operands[1])
    if axes is None or source.shape is None or source.shape != op.result.shape:
        return False
    if source.scale != op.result.scale:
        return False
    if any(source.shape[axis] != 1 for axis in axes):
        return False
    return rewriter.replace(op, op.operands[0])


@tfl_ops_cc(
    "PACK",
    before=lambda n: n.op(
        "Pack", u := n.op("Unpack", n.op("Elu", n.x(2, 4)), num=2, axis=0), f"{u}:1", axis=0
    ),
    after="ELU(float)",
)
def remove_redundant_unpack_pack(rewriter: Rewriter, op: Operation) -> bool:
    """PACK of all that UNPACK makes along the same axis goes."""
    unpack = producer(op.operands[0], "UNPACK")
    if unpack is None or op.operands != unpack.results or not equal_type(unpack.operands[0], op.result):
        return False
    if op.attrs["node"].integer("axis", 0) != unpack.attrs["node"].integer("axis", 0):
        return False
    return rewriter.replace(op, unpack.operands[0])


def _largest(n: Net) -> str:
    largest = n.op("TopKV2", n.op("Elu", n.x()), n.i(4), sorted=True)
    return n.op("Slice", largest, n.ints(0, 0), n.ints(1, 2))


@optimize_cc("TOPK_V2", before=_largest, after="ELU(float) TOPK_V2(float)")
def optimize_top_k(rewriter: Rewriter, op: Operation) -> bool:
    """TOPK_V2 of which only the first few are read makes only these."""
    counts: set[int] = set()
    slices = []
    for result in op.results:
        if not result.use_count:
            continue
        taken = result.only_user
        if taken is None or taken.name != "SLICE" or not static(result) or not static(taken.result):
            return False
        begin, shape = axes_of(taken.operands[1]), taken.result.shape or ()
        if (
            begin is None
            or any(begin)
            or not result.shape
            or shape[:-1] != result.shape[:-1]
            or not shape[-1]
        ):
            return False
        counts.add(shape[-1])
        slices.append((result, taken))
    if len(counts) != 1:
        return False
    rewriter.set_operand(op, 1, rewriter.constant(op.operands[1]))
    for result, taken in slices:
        result.shape = taken.result.shape
        rewriter.replace(taken, result)
    return True


def _pack_slices(n: Net) -> str:
    row = n.op("Elu", n.reshape(n.x(1, 3), 3))
    parts = [n.op("Slice", row, n.ints(place), n.ints(1)) for place in range(3)]
    return n.op("Pack", *[n.op("Reshape", part, n.ints(shape=[0])) for part in parts], N=3, axis=0)


@optimize_patterns_td(
    "PACK",
    tf_name="FuseSliceAndPack, FuseSliceAndPack4D",
    since=(2, 18),
    before=_pack_slices,
    after="RESHAPE ELU(float)",
)
def fuse_slice_and_pack(rewriter: Rewriter, op: Operation) -> bool:
    """PACK of the three or four elements of a vector, each a SLICE made a scalar, goes."""
    sources = []
    for place, value in enumerate(op.operands):
        found = producers(value, "RESHAPE", "SLICE")
        if found is None or [axes_of(bound) for bound in found[1].operands[1:3]] != [[place], [1]]:
            return False
        sources.append(found[1].operands[0])
    if len(sources) not in (3, 4) or len({id(source) for source in sources}) != 1:
        return False
    return rewriter.replace(op, sources[0])
