"""Operations that only move elements, or quantize again: they go, or change places with elementwise ones.

Source: optimize_pass.cc, optimize_patterns.td.
"""

from collections.abc import Sequence

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.ir import QUANTIZE, Operation, Value
from minmax_lint.converters.mlir.matchers import (
    is_constant,
    producer,
    quantized_source,
    rank,
    same_type,
    static,
    tail_of,
    without_leading_ones,
)
from minmax_lint.converters.mlir.pattern import optimize_patterns_td, tfl_ops_cc
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.tables import BEFORE_RESHAPE, MOVE_OPS, VALUE_OPS
from minmax_lint.graph.dtype import DType


@optimize_patterns_td(
    *sorted(BEFORE_RESHAPE),
    before=lambda n: n.op("AddV2", n.reshape(n.op("Exp", n.x(1, 2, 8)), 2, 8), n.c(0.5, 0.25, shape=[8])),
    after="EXP(float) ADD(float) RESHAPE(float)",
)
def move_binary_op_const_before_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """A binary operation with a constant moves in front of a RESHAPE to a constant shape that only it reads."""
    reshape, constant = producer(op.operands[0], "RESHAPE"), op.operands[1]
    if reshape is None or not is_constant(constant) or reshape.result.use_count != 1:
        return False
    if not all(map(is_constant, reshape.operands[1:])):
        return False
    source = reshape.operands[0]
    if not tail_of(constant.shape, reshape.result.shape) or not tail_of(constant.shape, source.shape):
        return False
    if max(rank(source), rank(reshape.result), rank(constant)) > 4 or source.dtype is not constant.dtype:
        return False
    moved = _before_reshape(rewriter, op, [source, constant])
    return rewriter.replace_with_new(op, "RESHAPE", [moved.result, *reshape.operands[1:]], [reshape])


def _before_reshape(rewriter: Rewriter, op: Operation, operands: Sequence[Value]) -> Operation:
    """The operation of other operands; its type is inferred, the scale too, which may be another than was trained."""
    moved = rewriter.create(op.name, operands, op)
    moved.result.shape, moved.result.scale = operands[0].shape, operands[0].scale
    return moved


@optimize_patterns_td(
    *sorted(BEFORE_RESHAPE),
    before=lambda n: n.op(
        "Minimum", n.reshape(n.op("Exp", x := n.x(1, 2, 8)), 2, 8), n.reshape(n.op("Abs", x), 2, 8)
    ),
    after="ABS(float) EXP(float) MINIMUM(float) RESHAPE(float)",
)
def move_binary_op_before_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """A binary operation of two equal RESHAPEs moves in front of them where it alone reads them."""
    return _move_binary_op_before_reshape(rewriter, op)


def _move_binary_op_before_reshape(rewriter: Rewriter, op: Operation, *, single: bool = True) -> bool:
    """A binary operation of two equal RESHAPEs moves in front of them, if `single` only where it alone reads them.

    Their sizes may be open, as a batch is (40 graphs, 2.15 and 2.21 measured).
    """
    left, right = (producer(value, "RESHAPE") for value in op.operands[:2])
    if left is None or right is None or left.result.shape != right.result.shape:
        return False
    before, beside = left.operands[0], right.operands[0]
    if before.shape is None or (before.shape, before.dtype) != (beside.shape, beside.dtype):
        return False
    if before.scale != beside.scale or not all(is_constant(one.operands[1]) for one in (left, right)):
        return False
    if single and op.name in ("ADD", "SUB", "MUL", "DIV"):
        same = left is right and left.result.use_count == 2
        if not same and not (left.result.use_count == right.result.use_count == 1):
            return False
    moved = _before_reshape(rewriter, op, [before, beside])
    return rewriter.replace_with_new(op, "RESHAPE", [moved.result, *left.operands[1:]], [left, right])


def _shared_reshape(n: Net) -> str:
    x = n.x(1, 2, 8)
    one, other = (n.reshape(n.op(op, x), 2, 8) for op in ("Exp", "Abs"))
    return n.op("AddV2", n.op("AddV2", one, other), n.op("SquaredDifference", one, other))


@optimize_patterns_td(
    "ADD",
    "DIV",
    "MUL",
    "SUB",
    tf_name="MoveBinaryOpBeforeReshape",
    until=(2, 18),
    before=_shared_reshape,
    after=(
        "ABS(float) EXP(float) RESHAPE(float) RESHAPE(float) ADD(float) RESHAPE(float) "
        "SQUARED_DIFFERENCE(float) ADD(float)"
    ),
)
def move_binary_op_before_shared_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """The same whatever else reads the RESHAPEs."""
    return _move_binary_op_before_reshape(rewriter, op, single=False)


@optimize_patterns_td(
    *sorted(VALUE_OPS),
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
    first = _before_reshape(rewriter, op, move.operands[:1])
    return rewriter.replace_with_new(op, move.name, [first.result, *move.operands[1:]], [move], attrs_of=move)


@optimize_patterns_td(
    "EXPAND_DIMS",
    "SQUEEZE",
    tf_name="ConvertSqueezeToReshape, ConvertExpandDimsToReshape",
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
    sizes = rewriter.constant(op.result, dtype=DType.INT32)
    return rewriter.replace_with_new(op, "RESHAPE", [op.operands[0], sizes])


@tfl_ops_cc(
    "RESHAPE",
    tf_name="ReshapeOp::fold, RemoveAdjacentReshape",
    before=lambda n: n.reshape(n.op("Squeeze", n.op("Elu", n.x(1, 2, 8)), squeeze_dims=[0]), 16),
    after="ELU(float) RESHAPE(float)",
)
def fold_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """A RESHAPE to the shape it has goes; of two in a row the first does."""
    source = op.operands[0]
    if same_type(source, op.result):
        return rewriter.replace(op, source)
    before = producer(source, "RESHAPE")
    if before is None:
        return False
    return rewriter.replace_with_new(op, "RESHAPE", [before.operands[0], *op.operands[1:]], [before])


@optimize_patterns_td(
    "ADD",
    "DIV",
    "MUL",
    "SUB",
    tf_name="RemoveRedundantReshapeUsedAsLhsTo, RemoveRedundantReshapeUsedAsRhsTo",
    since=(2, 13),
    before=lambda n: n.op("Mul", x := n.x(2, 4), n.reshape(n.op("Elu", n.sum(x, 0, keep_dims=False)), 1, 4)),
    after="SUM(float) ELU(float) MUL(float)",
)
def remove_redundant_reshape_used_as_operand(rewriter: Rewriter, op: Operation) -> bool:
    """A RESHAPE that only puts ones in front goes where the other operand has as many dimensions."""
    for slot in (0, 1):
        reshape, other = producer(op.operands[slot], "RESHAPE"), op.operands[1 - slot]
        if reshape is None or not is_constant(reshape.operands[1]):
            continue
        source, spread = reshape.operands[0], op.operands[slot]
        if not static(source) or not static(other) or not rank(source) <= rank(spread) <= rank(other) <= 4:
            continue
        reduced = without_leading_ones(spread.shape)
        if reduced and tail_of(reduced, source.shape) and _has_binary_readers(spread):
            rewriter.set_operand(op, slot, source)
            return True
    return False


def _has_binary_readers(value: Value) -> bool:
    return value.use_count == 1 or all(user.name in ("ADD", "DIV", "MUL", "SUB") for user in value.users)


@optimize_patterns_td(
    QUANTIZE,
    tf_name="eliminate_dq_q_pairs, EliminateQDQPairs",
    before=lambda n: n.fq(n.fq(n.op("Abs", n.x()))),
    after="ABS",
)
def eliminate_qdq_pairs(rewriter: Rewriter, op: Operation) -> bool:
    """A quantize of what was dequantized from the same type goes."""
    stored = quantized_source(op.operands[0])
    if stored is None or stored.scale != op.result.scale:
        return False
    stored.name = op.result.name
    return rewriter.replace(op, stored)


@optimize_patterns_td(
    QUANTIZE, since=(2, 20), before=lambda n: n.fake_quant("again", n.fq(n.op("Abs", n.x())), -2, 2), after=""
)
def squash_dq_q(rewriter: Rewriter, op: Operation) -> bool:
    """A quantize of what was dequantized goes, unless a quantize of another type made that."""
    stored = quantized_source(op.operands[0])
    if stored is None or (producer(stored, QUANTIZE) is not None and stored.scale != op.result.scale):
        return False
    return rewriter.replace(op, stored)
