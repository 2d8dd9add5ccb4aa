"""Constants that repeat one number are scalars (optimize.cc until 2.18, then optimize_broadcast_like_pass.cc)."""

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.ir import Operation
from minmax_lint.converters.mlir.matchers import (
    broadcast_to,
    elements_of,
    is_constant,
    producer,
    rank,
    same_type,
    splat,
)
from minmax_lint.converters.mlir.pattern import (
    optimize_broadcast_like_pass_cc,
    optimize_broadcast_like_patterns_td,
    optimize_cc,
    optimize_patterns_td,
)
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.tables import BROADCAST_RANK
from minmax_lint.graph.dtype import DType

_AFFINE = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


@optimize_cc(
    "ADD",
    "DIV",
    "MUL",
    "SUB",
    until=(2, 18),
    before=lambda n: n.fq(
        n.op("AddV2", n.conv(n.image(), n.fq(n.weights(3, 3, 4, 4))), n.fq(n.c(0.5, shape=[1, 4, 4, 4])))
    ),
    after="CONV_2D(float)",
)
def scalarize_splat_constant_for_broadcastable_ops(rewriter: Rewriter, op: Operation) -> bool:
    """A constant that repeats one number behind a layer that could take it becomes a scalar."""
    return _scalarize(rewriter, op)


@optimize_broadcast_like_pass_cc(
    "ADD",
    "DIV",
    "MUL",
    "SUB",
    tf_name="ConvertResultsBroadcastableShapeOp",
    since=(2, 19),
    before=lambda n: n.fq(n.op("Sub", n.conv(n.image()), n.c(0.5, shape=[1, 4, 4, 4]))),
    after="CONV_2D",
)
def convert_results_broadcastable_shape_op_of_splat(rewriter: Rewriter, op: Operation) -> bool:
    """The same in front of the first phase only: what becomes a constant during the quantization stays as it is."""
    return _scalarize(rewriter, op)


@optimize_broadcast_like_pass_cc(
    "POW",
    tf_name="ConvertResultsBroadcastableShapeOp",
    since=(2, 19),
    before=lambda n: n.op("Pow", n.op("Elu", n.x()), n.c(2.0, shape=[8])),
    after="ELU(float) MUL(float)",
)
def convert_results_broadcastable_shape_op_of_power(rewriter: Rewriter, op: Operation) -> bool:
    """An exponent that repeats one number becomes a scalar, unless it makes the result larger than its base."""
    exponent = op.operands[1]
    if not splat(exponent) or elements_of(exponent) == 1 or not same_type(op.operands[0], op.result):
        return False
    rewriter.set_operand(op, 1, rewriter.scalar(exponent))
    return True


def _scalarize(rewriter: Rewriter, op: Operation) -> bool:
    layer, constant = op.operands[0].op, op.operands[1]
    if layer is None or layer.name not in _AFFINE or rank(constant) < 2 or rank(op.result) > 4:
        return False
    if not splat(constant) or elements_of(constant) == 1 or not same_type(op.operands[0], op.result):
        return False
    if not all(map(is_constant, layer.operands[2:])):
        return False
    if op.name in ("MUL", "DIV") and not is_constant(layer.operands[1]):
        return False
    rewriter.set_operand(op, 1, rewriter.scalar(constant))
    return True


@optimize_broadcast_like_patterns_td(
    "SELECT",
    "SELECT_V2",
    tf_name="FuseSplatConstLhsInto, FuseSplatConstRhsInto",
    since=(2, 19),
    before=lambda n: n.op(
        "SelectV2", n.op("Greater", e := n.op("Elu", n.x()), n.c(0.5)), e, n.c(0.25, shape=[1, 8])
    ),
    after="ELU(float) GREATER(float) SELECT_V2(float)",
)
def fuse_splat_const_into_select_op(rewriter: Rewriter, op: Operation) -> bool:
    """SELECT of a constant that repeats one number is SELECT_V2 of that number."""
    condition, left, right = op.operands
    if rank(left) >= 2 and splat(left) and broadcast_to(condition, right, op.result):
        operands = [condition, rewriter.scalar(left), right]
    elif rank(right) >= 2 and splat(right) and broadcast_to(condition, left, op.result):
        operands = [condition, left, rewriter.scalar(right)]
    else:
        return False
    return rewriter.replace_with_new(op, "SELECT_V2", operands)


def _spread_choice(n: Net) -> str:
    e = n.op("Elu", n.x(2, 8))
    row = n.op("Greater", n.sum(e, 0), n.c(0.5))
    spread = n.op("BroadcastTo", row, n.ints(2, 8), T=DType.BOOL)
    chosen = n.op("SelectV2", n.op("Greater", e, n.c(0.5)), spread, n.op("Less", e, n.c(2.0)), T=DType.BOOL)
    return n.op("Cast", chosen, SrcT=DType.BOOL)


def _spread_condition(n: Net) -> str:
    e = n.op("Elu", n.x(2, 8))
    condition = n.op("Greater", n.sum(e, 0), n.c(0.5))
    spread = n.op("BroadcastTo", condition, n.ints(2, 8), T=DType.BOOL)
    return n.op("SelectV2", spread, e, n.op("Exp", e))


@optimize_patterns_td(
    "SELECT",
    "SELECT_V2",
    tf_name="FuseBroadcastInto",
    since=(2, 13),
    until=(2, 18),
    before=_spread_condition,
    after="ELU(float) EXP(float) SUM(float) GREATER(float) SELECT_V2(float)",
)
def fuse_broadcast_condition_into_select_op(rewriter: Rewriter, op: Operation) -> bool:
    """SELECT by a condition that BROADCAST_TO spreads is SELECT_V2 by the condition itself."""
    spread = producer(op.operands[0], "BROADCAST_TO")
    if spread is None or not broadcast_to(op.operands[1], op.operands[2], op.result):
        return False
    operands = [spread.operands[0], *op.operands[1:]]
    return rewriter.replace_with_new(op, "SELECT_V2", operands, [spread])


@optimize_broadcast_like_patterns_td(
    "SELECT",
    "SELECT_V2",
    tf_name="FuseBroadcastConditionInto, FuseBroadcastLhsInto, FuseBroadcastRhsInto",
    since=(2, 19),
    before=_spread_choice,
    after="ELU(float) GREATER(float) LESS(float) SUM(float) GREATER(float) CAST(float)",
)
def fuse_broadcast_into_select_op(rewriter: Rewriter, op: Operation) -> bool:
    """SELECT of what BROADCAST_TO spreads is SELECT_V2 of the array itself, if the others have the result's shape."""
    for slot, value in enumerate(op.operands if rank(op.result) <= BROADCAST_RANK["SELECT_V2"] else ()):
        spread = producer(value, "BROADCAST_TO")
        others = [other for place, other in enumerate(op.operands) if place != slot]
        if spread is None or not broadcast_to(others[0], others[1], op.result):
            continue
        operands = list(op.operands)
        operands[slot] = spread.operands[0]
        return rewriter.replace_with_new(op, "SELECT_V2", operands, [spread])
    return False
