"""BROADCAST_TO and TILE in front of operations that broadcast by themselves (optimize_broadcast_like_pass.cc)."""

from collections.abc import Sequence
from functools import reduce

from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.legalize.explicit_broadcasting import broadcast_rank
from minmax_lint.converters.mlir.matchers import (
    broadcast_to,
    elements_of,
    is_constant,
    open_broadcast_to,
    producer,
    rank,
    same_type,
    sizes_of,
    static,
)
from minmax_lint.converters.mlir.pattern import (
    fold_broadcast_cc,
    optimize_broadcast_like_pass_cc,
    optimize_cc,
    optimize_patterns_td,
    tfl_ops_cc,
)
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.tables import BROADCAST_RANK, VALUE_OPS
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.inference.shape_arithmetic import broadcast, elements


@optimize_patterns_td(
    "ADD",
    "DIV",
    "MAXIMUM",
    "MINIMUM",
    "MUL",
    "SUB",
    *sorted(VALUE_OPS),
    tf_name="ReorderBroadcastToOf, ReorderBroadcastToOpAnd",
    since=(2, 20),
    before=lambda n: n.op("Exp", n.op("BroadcastTo", n.op("Elu", n.x()), n.ints(2, 8))),
    after="ELU(float) EXP(float) BROADCAST_TO(float)",
)
def reorder_broadcast_to_op(rewriter: Rewriter, op: Operation) -> bool:
    """An elementwise operation, with scalars at most, changes places with BROADCAST_TO."""
    spread = next((found for value in op.operands if (found := producer(value, "BROADCAST_TO"))), None)
    if spread is None or spread.result.use_count != 1:
        return False
    others = [value for value in op.operands if value is not spread.result]
    if any(not is_constant(value) or elements(value.shape or ()) != 1 for value in others):
        return False
    operands = [spread.operands[0] if value is spread.result else value for value in op.operands]
    first = rewriter.create(op.name, operands, op)
    first.result.shape = spread.operands[0].shape
    return rewriter.replace_with_new(op, "BROADCAST_TO", [first.result, *spread.operands[1:]], [spread])


@optimize_broadcast_like_pass_cc(
    *sorted(BROADCAST_RANK.keys() - {"SELECT_V2"}),
    since=(2, 20),
    before=lambda n: n.op(
        "AddV2", n.op("BroadcastTo", n.op("Elu", n.x()), n.ints(2, 8)), n.c(0.5, 0.25, shape=[2, 8])
    ),
    after="ELU(float) ADD(float)",
)
def convert_results_broadcastable_shape_op(rewriter: Rewriter, op: Operation) -> bool:
    """A BROADCAST_TO goes in front of an operation that broadcasts by itself; two of them come behind it."""
    if len(op.result.shape or ()) > broadcast_rank(op.name, rewriter.version):
        return False
    left, right = (producer(value, "BROADCAST_TO") for value in op.operands[:2])
    if left is not None and right is not None and same_type(left.operands[0], right.operands[0]):
        operands = [left.operands[0], right.operands[0]]
        first = rewriter.create(op.name, operands, op)
        first.result.shape = operands[0].shape
        return rewriter.replace_with_new(
            op, "BROADCAST_TO", [first.result, *left.operands[1:]], [left, right]
        )
    for slot, value in enumerate(op.operands[:2]):
        spread, other = producer(value, "BROADCAST_TO"), op.operands[1 - slot]
        if spread is not None and broadcast_to(spread.operands[0], other, op.result):
            rewriter.set_operand(op, slot, spread.operands[0])
            return True
    return False


@optimize_broadcast_like_pass_cc(
    "BATCH_MATMUL",
    since=(2, 20),
    before=lambda n: n.op(
        "BatchMatMulV2",
        n.op("BroadcastTo", n.op("Elu", x := n.x(1, 4, 8)), n.ints(2, 4, 8)),
        n.op("Exp", n.op("Tile", x, n.ints(2, 1, 1))),
        adj_y=True,
    ),
    after="ELU(float) TILE EXP(float) BATCH_MATMUL(float)",
)
def convert_results_broadcastable_batch_mat_mul_shape_op(rewriter: Rewriter, op: Operation) -> bool:
    """A BROADCAST_TO over batches goes in front of a product that broadcasts them by itself."""
    for slot, value in enumerate(op.operands[:2]):
        spread, other = producer(value, "BROADCAST_TO"), op.operands[1 - slot]
        source = spread.operands[0] if spread is not None else value
        if spread is None or not static(value) or not source.shape or not other.shape or rank(source) < 2:
            continue
        if source.shape[-2:] == (value.shape or ())[-2:] and _batches(source, other) == _batches(
            value, other
        ):
            rewriter.set_operand(op, slot, source)
            return True
    return False


def _batches(left: Value, right: Value) -> Shape | None:
    return _broadcast([(value.shape or ())[:-2] for value in (left, right)])


@tfl_ops_cc(
    "BROADCAST_TO",
    since=(2, 19),
    before=lambda n: n.op("BroadcastTo", n.op("Elu", n.x(2, 4)), n.ints(1, 2, 4)),
    after="ELU(float) RESHAPE(float)",
)
def convert_broadcast_to_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """A BROADCAST_TO that adds no element is a RESHAPE."""
    source = op.operands[0]
    if not static(source) or not static(op.result) or elements_of(source) != elements_of(op.result):
        return False
    return rewriter.replace_with_new(op, "RESHAPE", op.operands)


@optimize_cc(
    "BROADCAST_TO",
    tf_name="ConvertTFLBroadcastToMulOp",
    since=(2, 16),
    until=(2, 19),
    before=lambda n: n.op("BroadcastTo", n.op("Elu", n.x()), n.ints(4, 8)),
    after="ELU(float) MUL(float)",
)
def convert_tfl_broadcast_to_mul_op(rewriter: Rewriter, op: Operation) -> bool:
    """BROADCAST_TO is a product with ones."""
    sizes = sizes_of(op.result)
    if op.result.dtype not in (DType.FLOAT, DType.INT32, DType.INT16) or rank(op.result) > 4:
        return False
    if not static(op.result):
        return False
    ones = rewriter.constant(op.result, load=lambda: Tensor.of(DType.FLOAT, sizes, [1.0]))
    return rewriter.replace_with_new(op, "MUL", [op.operands[0], ones])


@optimize_patterns_td(
    "ADD",
    "DIV",
    "MUL",
    "SUB",
    tf_name="FuseTileBroadcastToBinaryOp1, FuseTileBroadcastToBinaryOp2",
    before=lambda n: n.op("Mul", e := n.op("Elu", n.x()), n.op("Tile", n.sum(e, op="Mean"), n.ints(1, 8))),
    after="ELU(float) MEAN(float) MUL(float)",
)
def fuse_tile_broadcast_to_binary_op(rewriter: Rewriter, op: Operation) -> bool:
    """A TILE that a binary operation can do by broadcasting goes."""
    for slot in (0, 1):
        tile, other = producer(op.operands[slot], "TILE"), op.operands[1 - slot]
        if tile is None or not is_constant(tile.operands[1]):
            continue
        if max(rank(tile.operands[0]), rank(other)) > 4:
            continue
        if open_broadcast_to(tile.operands[0], other, op.result):
            rewriter.set_operand(op, slot, tile.operands[0])
            return True
    return False


@fold_broadcast_cc(
    *sorted(BROADCAST_RANK.keys() - {"ADD", "DIV", "EQUAL", "MUL", "NOT_EQUAL", "SUB"}),
    "SELECT",
    since=(2, 19),
    before=lambda n: n.op(
        "Maximum", e := n.op("Elu", n.x()), n.op("Tile", n.sum(e, op="Mean"), n.ints(1, 8))
    ),
    after="ELU(float) MEAN(float) MAXIMUM(float)",
)
def fuse_with_broadcast_compatible_op(rewriter: Rewriter, op: Operation) -> bool:
    """A TILE that an operation of static shapes can do by broadcasting goes; SELECT becomes SELECT_V2."""
    if op.name == "SELECT" and (op.node is None or op.node.op != "SelectV2"):
        return False
    for slot, value in enumerate(op.operands):
        tile = producer(value, "TILE")
        if tile is None or not all(map(static, (tile.operands[0], op.result, *op.operands))):
            continue
        operands = [*op.operands[:slot], tile.operands[0], *op.operands[slot + 1 :]]
        if _broadcast([value.shape for value in operands]) != op.result.shape:
            continue
        if op.name == "SELECT":
            return rewriter.replace_with_new(op, "SELECT_V2", operands, [tile])
        rewriter.set_operand(op, slot, tile.operands[0])
        return True
    return False


def _broadcast(shapes: Sequence[Shape | None]) -> Shape | None:
    """The shape of an elementwise operation of these; None where they do not fit."""
    try:
        return reduce(broadcast, shapes)
    except ValueError:
        return None
