"""Arithmetic that goes into the dense layer in front of it or behind it (optimize.cc)."""

from __future__ import annotations

from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.legalize.fake_quant_utils import constant_behind, is_constant, quantize_of
from minmax_lint.converters.mlir.matchers import padding_of, producer, rank, same_type
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.graph.dtype import DType
from minmax_lint.inference.shape_arithmetic import elements


def add_into_dense(rewriter: Rewriter, op: Operation) -> bool:
    """ADD of a constant vector or scalar behind FULLY_CONNECTED that only it reads becomes its bias (2.21)."""
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    return dense is not None and dense.result.use_count == 1 and _add(rewriter, op, dense)


def add_into_any_dense(rewriter: Rewriter, op: Operation) -> bool:
    """The same, whoever else reads the layer, of which there are two then; without FakeQuants (2.15)."""
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    if dense is None or not is_constant(op.operands[1]) or not all(map(is_constant, dense.operands[2:])):
        return False
    if rank(op.operands[1]) == 0 and len(dense.operands) == 2 and _rank_is_lost(dense.operands[1]):
        return False
    return _add(rewriter, op, dense)


def _add(rewriter: Rewriter, op: Operation, dense: Operation) -> bool:
    added, biases = op.operands[1], dense.operands[2:]
    if dense.activation or rank(added) > 1 or any(constant_behind(v) is None for v in (added, *biases)):
        return False
    if rank(added) == 0 and not biases and rank(dense.operands[1]) != 2:
        return False
    bias = added if not biases and rank(added) == 1 else rewriter.constant(biases[0] if biases else added)
    fused = rewriter.create("FULLY_CONNECTED", [*dense.operands[:2], bias], op, [dense])
    fused.attrs = dict(dense.attrs)
    fused.activation = op.activation
    rewriter.replace(op, fused.result)
    return True


def _rank_is_lost(weights: Value) -> bool:
    """Whether a TRANSPOSE was moved in front of the FakeQuant of these weights: its type has no shape then."""
    quantize = quantize_of(weights)
    return quantize is not None and bool(quantize.attrs.get("moved"))


def scale_into_dense(rewriter: Rewriter, op: Operation, *, single: bool = True) -> bool:
    """MUL by a constant goes into constant weights that have no FakeQuant, if `single` only where nobody else reads."""
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    factor = op.operands[1]
    if dense is None or dense.activation or not is_constant(factor):
        return False
    if single and dense.result.use_count != 1:
        return False
    if not same_type(op.operands[0], op.result) or not is_constant(dense.operands[1]):
        return False
    if len(dense.operands) > 2 and not is_constant(dense.operands[2]):
        return False
    if any(size != 1 for size in (factor.shape or ())[:-1]):
        return False
    operands = [dense.operands[0], *(rewriter.constant(value) for value in dense.operands[1:])]
    fused = rewriter.create("FULLY_CONNECTED", operands, op, [dense])
    fused.attrs = dict(dense.attrs)
    fused.activation = op.activation
    rewriter.replace(op, fused.result)
    return True


def scale_into_any_dense(rewriter: Rewriter, op: Operation) -> bool:
    """The same, whoever else reads the layer, of which there are two then (2.15)."""
    return scale_into_dense(rewriter, op, single=False)


def scalar_into_following(rewriter: Rewriter, op: Operation) -> bool:
    """ADD, SUB, MUL or DIV by a scalar in front of a layer of constant weights goes into these."""
    binary = op.operands[0].op
    if binary is None or binary.name not in ("ADD", "SUB", "MUL", "DIV") or binary.activation:
        return False
    if not is_constant(binary.operands[1]) or elements(binary.operands[1].shape or ()) != 1:
        return False
    if binary.operands[1].dtype is not DType.FLOAT or constant_behind(op.operands[1]) is None:
        return False
    if len(op.operands) > 2 and not is_constant(op.operands[2]):
        return False
    if binary.name in ("ADD", "SUB"):
        if op.name != "FULLY_CONNECTED" and padding_of(op) != "VALID":
            return False
        bias = rewriter.constant(binary.operands[1])
        if len(op.operands) > 2:
            rewriter.set_operand(op, 2, bias)
        else:
            op.add_operand(bias)
    elif is_constant(op.operands[1]):
        rewriter.set_operand(op, 1, rewriter.constant(op.operands[1]))
    op.nodes = (*binary.nodes, *op.nodes)
    rewriter.set_operand(op, 0, binary.operands[0])
    return True


def vector_into_following_dense(rewriter: Rewriter, op: Operation) -> bool:
    """MUL or ADD of a constant vector in front of a dense layer of plain constant weights (2.21)."""
    return is_constant(op.operands[1]) and vector_into_any_following_dense(rewriter, op)


def vector_into_any_following_dense(rewriter: Rewriter, op: Operation) -> bool:
    """The same with weights of any kind: what is not constant is computed by one operation more (2.15)."""
    binary = op.operands[0].op
    if binary is None or binary.name not in ("ADD", "MUL") or binary.activation:
        return False
    vector = binary.operands[1]
    if (
        vector.dtype is not DType.FLOAT
        or vector.shape is None
        or len(vector.shape) != 1
        or None in vector.shape
    ):
        return False
    slot = 2 if binary.name == "ADD" else 1
    if slot >= len(op.operands):
        return False
    parts = [vector, *op.operands[1:]] if binary.name == "ADD" else [op.operands[1], vector]
    if all(map(is_constant, parts)):
        value = rewriter.constant(op.operands[slot])
    else:
        name = "FULLY_CONNECTED" if binary.name == "ADD" else "MUL"
        value = rewriter.compute(name, parts, op, op.operands[slot])
    rewriter.set_operand(op, slot, value)
    op.nodes = (*binary.nodes, *op.nodes)
    rewriter.set_operand(op, 0, binary.operands[0])
    return True
