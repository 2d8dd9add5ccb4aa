"""BROADCAST_TO and TILE in front of operations that broadcast by themselves (optimize_broadcast_like_pass.cc)."""

from __future__ import annotations

from minmax_lint.converters.mlir.ir import Operation
from minmax_lint.converters.mlir.matchers import (
    broadcast_to,
    is_constant,
    producer,
    rank,
    same_type,
)
from minmax_lint.converters.mlir.pattern import pattern
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.tables import BROADCASTING, VALUE_OPS
from minmax_lint.inference.shape_arithmetic import elements


@pattern(
    "ADD",
    "DIV",
    "MAXIMUM",
    "MINIMUM",
    "MUL",
    "SUB",
    *sorted(VALUE_OPS),
    tf_name="ReorderBroadcastToOf, ReorderBroadcastToOpAnd",
    source="optimize_patterns.td",
    since=(2, 20),
    before=lambda n: n.op("Exp", n.op("BroadcastTo", n.op("Elu", n.x()), n.ints(2, 8), Tidx=True)),
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
    first.activation = op.activation
    first.result.shape = spread.operands[0].shape
    second = rewriter.create("BROADCAST_TO", [first.result, *spread.operands[1:]], op, [spread])
    rewriter.replace(op, second.result)
    return True


@pattern(
    *sorted(BROADCASTING),
    tf_name="ConvertResultsBroadcastableShapeOp",
    source="optimize_broadcast_like_pass.cc",
    since=(2, 20),
    before=lambda n: n.op(
        "AddV2",
        n.op("BroadcastTo", n.op("Elu", n.x()), n.ints(2, 8), Tidx=True),
        n.c(0.5, 0.25, shape=[2, 8]),
    ),
    after="ELU(float) ADD(float)",
)
def convert_results_broadcastable_shape_op(rewriter: Rewriter, op: Operation) -> bool:
    """A BROADCAST_TO goes in front of an operation that broadcasts by itself; two of them come behind it."""
    left, right = (producer(value, "BROADCAST_TO") for value in op.operands[:2])
    if left is not None and right is not None and same_type(left.operands[0], right.operands[0]):
        first = rewriter.create(op.name, [left.operands[0], right.operands[0]], op)
        first.activation = op.activation
        first.result.shape = left.operands[0].shape
        second = rewriter.create("BROADCAST_TO", [first.result, *left.operands[1:]], op, [left, right])
        rewriter.replace(op, second.result)
        return True
    for slot, value in enumerate(op.operands[:2]):
        spread, other = producer(value, "BROADCAST_TO"), op.operands[1 - slot]
        if spread is not None and broadcast_to(spread.operands[0], other, op.result):
            rewriter.set_operand(op, slot, spread.operands[0])
            return True
    return False


@pattern(
    "ADD",
    "DIV",
    "MUL",
    "SUB",
    tf_name="FuseTileBroadcastToBinaryOp1, FuseTileBroadcastToBinaryOp2",
    source="optimize_patterns.td",
    before=lambda n: n.op(
        "Mul", e := n.op("Elu", n.x()), n.op("Tile", n.sum(e, op="Mean"), n.ints(1, 8), Tmultiples=True)
    ),
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
        if broadcast_to(tile.operands[0], other, op.result):
            rewriter.set_operand(op, slot, tile.operands[0])
            return True
    return False
