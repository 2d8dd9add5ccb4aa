"""Operations that only move elements: they go, or change places with elementwise ones (optimize.cc)."""

from __future__ import annotations

from minmax_lint.converters.mlir.example import Net
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.legalize.fake_quant_utils import is_constant
from minmax_lint.converters.mlir.matchers import (
    axes_of,
    broadcast_to,
    keeps_order,
    producer,
    rank,
    same_type,
    tail_of,
)
from minmax_lint.converters.mlir.pattern import pattern
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.tables import BEFORE_RESHAPE, BROADCASTING, MOVE_OPS, VALUE_OPS
from minmax_lint.graph.dtype import DType
from minmax_lint.inference.shape_arithmetic import elements


@pattern(
    *sorted(BEFORE_RESHAPE),
    tf_name="MoveBinaryOpConstBeforeReshape",
    source="optimize_patterns.td",
    before=lambda n: n.op("AddV2", n.reshape(n.op("Exp", n.x(1, 2, 8)), 2, 8), n.c(0.5, 0.25, shape=[8])),
    after="EXP(float) ADD(float) RESHAPE(float)",
)
def move_binary_op_const_before_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """A binary operation with a constant moves in front of a RESHAPE that only it reads."""
    reshape, constant = producer(op.operands[0], "RESHAPE"), op.operands[1]
    if reshape is None or not is_constant(constant) or reshape.result.use_count != 1:
        return False
    source = reshape.operands[0]
    if not tail_of(constant.shape, reshape.result.shape) or not tail_of(constant.shape, source.shape):
        return False
    if max(rank(source), rank(reshape.result), rank(constant)) > 4 or source.dtype is not constant.dtype:
        return False
    moved = rewriter.create(op.name, [source, constant], op)
    moved.activation = op.activation
    _typed_as(moved.result, source)
    after = rewriter.create("RESHAPE", [moved.result, *reshape.operands[1:]], op, [reshape])
    rewriter.replace(op, after.result)
    return True


def _typed_as(result: Value, source: Value) -> None:
    """The type that is inferred for `result`: the scale too, which may be another than was trained."""
    result.shape = source.shape
    result.scale = source.scale


@pattern(
    *sorted(BEFORE_RESHAPE),
    tf_name="MoveBinaryOpBeforeReshape",
    source="optimize_patterns.td",
    before=lambda n: n.op(
        "Minimum", n.reshape(n.op("Exp", x := n.x(1, 2, 8)), 2, 8), n.reshape(n.op("Abs", x), 2, 8)
    ),
    after="ABS(float) EXP(float) MINIMUM(float) RESHAPE(float)",
)
def move_binary_op_before_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """A binary operation of two equal RESHAPEs moves in front of them where it alone reads them."""
    return _move_binary_op_before_reshape(rewriter, op)


def _move_binary_op_before_reshape(rewriter: Rewriter, op: Operation, *, single: bool = True) -> bool:
    """A binary operation of two equal RESHAPEs moves in front of them, if `single` only where it alone reads them."""
    left, right = (producer(value, "RESHAPE") for value in op.operands[:2])
    if left is None or right is None or left.result.shape != right.result.shape:
        return False
    if not same_type(left.operands[0], right.operands[0]):
        return False
    if left.operands[0].scale != right.operands[0].scale:
        return False
    if single and op.name in ("ADD", "SUB", "MUL", "DIV"):
        same = left is right and left.result.use_count == 2
        if not same and not (left.result.use_count == right.result.use_count == 1):
            return False
    moved = rewriter.create(op.name, [left.operands[0], right.operands[0]], op)
    moved.activation = op.activation
    _typed_as(moved.result, left.operands[0])
    after = rewriter.create("RESHAPE", [moved.result, *left.operands[1:]], op, [left, right])
    rewriter.replace(op, after.result)
    return True


def _shared_reshape(n: Net) -> str:
    x = n.x(1, 2, 8)
    one, other = (n.reshape(n.op(op, x), 2, 8) for op in ("Exp", "Abs"))
    return n.op("SquaredDifference", n.op("AddV2", one, other), n.op("Sin", one))


@pattern(
    "ADD",
    "DIV",
    "MUL",
    "SUB",
    tf_name="MoveBinaryOpBeforeReshape",
    source="optimize_patterns.td",
    until=(2, 18),
    before=_shared_reshape,
    after="ABS(float) EXP(float) RESHAPE(float) SIN(float) ADD(float) RESHAPE(float) SQUARED_DIFFERENCE(float)",
)
def move_binary_op_before_shared_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """The same whatever else reads the RESHAPEs."""
    return _move_binary_op_before_reshape(rewriter, op, single=False)


@pattern(
    *sorted(VALUE_OPS),
    tf_name="ReorderElementwiseAndMoveOperations",
    source="optimize_patterns.td",
    before=lambda n: n.op("Exp", n.reshape(n.op("Elu", n.x(1, 2, 8)), 2, 8)),
    after="ELU(float) EXP(float) RESHAPE(float)",
)
def reorder_elementwise_and_move_operations(rewriter: Rewriter, op: Operation) -> bool:
    """An elementwise operation changes places with what only moves elements in front of it."""
    move = op.operands[0].op
    if move is None or move.name not in MOVE_OPS or move.result.use_count != 1:
        return False
    if move.operands[0].scale != op.result.scale:
        return False
    first = rewriter.create(op.name, [move.operands[0]], op)
    _typed_as(first.result, move.operands[0])
    second = rewriter.create(move.name, [first.result, *move.operands[1:]], op, [move])
    second.attrs = dict(move.attrs)
    rewriter.replace(op, second.result)
    return True


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


@pattern(
    "EXPAND_DIMS",
    "SQUEEZE",
    tf_name="ConvertSqueezeToReshape, ConvertExpandDimsToReshape",
    source="optimize_patterns.td",
    before=lambda n: n.op("Squeeze", n.op("Elu", n.x(1, 8)), squeeze_dims=[0]),
    after="ELU(float) RESHAPE(float)",
)
def convert_squeeze_and_expand_dims_to_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """SQUEEZE and EXPAND_DIMS of static shape are RESHAPEs."""
    shape = op.result.shape
    if shape is None or sum(size is None for size in shape) > (op.name == "SQUEEZE"):
        return False
    if op.name == "EXPAND_DIMS" and None in shape:
        return False
    sizes = rewriter.constant(op.result)
    sizes.dtype = DType.INT32
    rewriter.replace(op, rewriter.create("RESHAPE", [op.operands[0], sizes], op).result)
    return True


@pattern(
    "RESHAPE",
    tf_name="ReshapeOp::fold, RemoveAdjacentReshape",
    source="tfl_ops.cc",
    before=lambda n: n.reshape(n.reshape(n.op("Elu", n.x(1, 2, 8)), 16), 2, 8),
    after="ELU(float) RESHAPE(float)",
)
def fold_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """A RESHAPE to the shape it has goes; of two in a row the first does."""
    source = op.operands[0]
    if same_type(source, op.result):
        rewriter.replace(op, source)
        return True
    before = producer(source, "RESHAPE")
    if before is None:
        return False
    after = rewriter.create("RESHAPE", [before.operands[0], *op.operands[1:]], op, [before])
    rewriter.replace(op, after.result)
    return True


@pattern(
    "TRANSPOSE",
    tf_name="ConvertTrivialTransposeOpToReshapeOp",
    source="optimize_patterns.td",
    before=lambda n: n.transpose(n.op("Elu", n.x(1, 8)), 1, 0),
    after="ELU(float) RESHAPE(float)",
)
def convert_trivial_transpose_op_to_reshape_op(rewriter: Rewriter, op: Operation) -> bool:
    """A TRANSPOSE that only moves dimensions of size 1 is a RESHAPE."""
    if not keeps_order(op):
        return False
    rewriter.replace(op, rewriter.create("RESHAPE", op.operands, op).result)
    return True


@pattern(
    "ADD",
    "DIV",
    "MAXIMUM",
    "MINIMUM",
    "MUL",
    "SUB",
    tf_name="CommuteBothInputsTransposedWithEwiseOps, CommuteTransposeWithEwiseOps",
    source="push_transpose_through_ewise.cc",
    since=(2, 17),
    before=lambda n: n.op(
        "Mul", n.transpose(n.op("Elu", x := n.image()), 0, 3, 1, 2), n.transpose(n.op("Exp", x), 0, 3, 1, 2)
    ),
    after="ELU(float) EXP(float) MUL(float) TRANSPOSE(float)",
)
def commute_transpose_with_ewise_ops(rewriter: Rewriter, op: Operation) -> bool:
    """Elementwise operations of two equal TRANSPOSEs, or of one and a constant, come before them."""
    left, right = (producer(value, "TRANSPOSE") for value in op.operands[:2])
    if any(value.op is None for value in op.operands):
        return False
    if left is not None and right is not None:
        order = axes_of(left.operands[1])
        if order is None or order != axes_of(right.operands[1]):
            return False
        if 1 not in (left.result.use_count, right.result.use_count):
            return False
        return _swap_with_transpose(rewriter, op, left, [left.operands[0], right.operands[0]], [left, right])
    moved = left or right
    other = op.operands[1] if left is not None else op.operands[0]
    if moved is None or not is_constant(other) or moved.result.use_count != 1:
        return False
    if rank(other) not in (0, rank(moved.result)) or not same_type(moved.result, op.result):
        return False
    if elements(other.shape or ()) != 1:
        order, shape = axes_of(moved.operands[1]), other.shape
        other = rewriter.constant(other)
        if order is not None and shape is not None:
            other.shape = tuple(shape[order.index(axis)] for axis in range(len(order)))
    return _swap_with_transpose(rewriter, op, moved, [moved.operands[0], other], [moved])


def _swap_with_transpose(
    rewriter: Rewriter, op: Operation, transpose: Operation, operands: list[Value], others: list[Operation]
) -> bool:
    first = rewriter.create(op.name, operands, op)
    first.activation = op.activation
    first.result.shape = transpose.operands[0].shape
    second = rewriter.create("TRANSPOSE", [first.result, transpose.operands[1]], op, others)
    rewriter.replace(op, second.result)
    return True
