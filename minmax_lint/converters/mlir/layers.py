"""Arithmetic with constants that goes into convolutions and dense layers (optimize.cc, optimize_patterns.td)."""

from __future__ import annotations

from minmax_lint.converters.mlir.conditions import (
    all_equal,
    keeps_order,
    producer,
    rank,
    same_type,
)
from minmax_lint.converters.mlir.fakequants import constant_behind, is_constant, quantize_of
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.rewriting import Rewriter
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.shape_arithmetic import elements

CONVOLUTIONS = {"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"}


def _fits_channels(conv: Operation, constant: Value) -> bool:
    shape = constant.shape
    if shape is None or any(size != 1 for size in shape[:-1]):
        return False
    if not shape or shape[-1] == 1:
        return True
    filters = conv.operands[1].shape
    if not filters:
        return False
    return (filters[-1] if conv.name == "DEPTHWISE_CONV_2D" else filters[0]) == shape[-1]


def add_into_convolution(rewriter: Rewriter, op: Operation) -> bool:
    """ADD or SUB of a constant behind a convolution of one reader becomes its bias."""
    conv = op.operands[0].op
    if conv is None or conv.name not in CONVOLUTIONS or conv.activation or not is_constant(op.operands[1]):
        return False
    if conv.result.use_count != 1 or not _fits_channels(conv, op.operands[1]):
        return False
    slot = 3 if conv.name == "TRANSPOSE_CONV" else 2
    has_bias = len(conv.operands) > slot
    if has_bias and not is_constant(conv.operands[slot]):
        return False
    bias = rewriter.constant(op.operands[1])
    fused = rewriter.create(conv.name, [*conv.operands[:slot], bias], op, [conv])
    fused.attrs.update(conv.attrs)
    fused.activation = op.activation
    rewriter.replace(op, fused.result)
    return True


def scale_into_convolution(rewriter: Rewriter, op: Operation) -> bool:
    """MUL or DIV by a constant goes into constant filters that have no FakeQuant of their own."""
    conv = op.operands[0].op
    if conv is None or conv.name not in CONVOLUTIONS or conv.activation or not is_constant(op.operands[1]):
        return False
    if conv.result.use_count != 1 or not is_constant(conv.operands[1]):
        return False
    slot = 3 if conv.name == "TRANSPOSE_CONV" else 2
    if len(conv.operands) > slot and not is_constant(conv.operands[slot]):
        return False
    if not _fits_channels(conv, op.operands[1]):
        return False
    filters = rewriter.constant(conv.operands[1])
    operands = [conv.operands[0], filters, *(rewriter.constant(value) for value in conv.operands[2:])]
    if conv.name == "TRANSPOSE_CONV":
        operands = [conv.operands[0], filters, *conv.operands[2:]]
    fused = rewriter.create(conv.name, operands, op, [conv])
    fused.attrs.update(conv.attrs)
    fused.activation = op.activation
    rewriter.replace(op, fused.result)
    return True


def scale_into_quantized_filters(rewriter: Rewriter, op: Operation) -> bool:
    """MUL by a constant vector goes into filters behind a FakeQuant for each channel."""
    conv, factor = op.operands[0].op, op.operands[1]
    if conv is None or conv.name not in ("CONV_2D", "DEPTHWISE_CONV_2D") or conv.activation:
        return False
    quantize = quantize_of(conv.operands[1])
    if quantize is None or not is_constant(quantize.operands[0]) or not is_constant(factor):
        return False
    scale = quantize.result.scale
    if scale is None or not scale.channels or not is_constant(conv.operands[2]):
        return False
    if not factor.shape or any(size != 1 for size in factor.shape[:-1]):
        return False
    conv.activation = op.activation
    conv.nodes = (*conv.nodes, *op.nodes)
    conv.result.name = op.result.name
    rewriter.replace(op, conv.result)
    return True


def add_into_dense(rewriter: Rewriter, op: Operation, *, plain_bias: bool = True) -> bool:
    """ADD of a constant vector or scalar behind FULLY_CONNECTED becomes its bias, whoever else reads it.

    `plain_bias`: a bias that is there already must have no FakeQuant.
    """
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    added = op.operands[1]
    plain = is_constant(added)
    if dense is None or dense.activation or (not plain and constant_behind(added) is None):
        return False
    if rank(added) > 1:
        return False
    has_bias = len(dense.operands) > 2
    plain = has_bias and is_constant(dense.operands[2])
    if has_bias and not plain and (plain_bias or constant_behind(dense.operands[2]) is None):
        return False
    if rank(added) == 0 and not has_bias and rank(dense.operands[1]) != 2:
        return False
    bias = added if not has_bias and rank(added) == 1 else rewriter.constant(added)
    fused = rewriter.create("FULLY_CONNECTED", [*dense.operands[:2], bias], op, [dense])
    fused.activation = op.activation
    rewriter.replace(op, fused.result)
    return True


def add_to_quantized_bias(rewriter: Rewriter, op: Operation) -> bool:
    """The same, also where the bias has a FakeQuant (2.21)."""
    return add_into_dense(rewriter, op, plain_bias=False)


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
        if op.name != "FULLY_CONNECTED" and op.attrs["node"].text("padding") != "VALID":
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
    """MUL or ADD of a constant vector in front of a dense layer of plain constant weights."""
    binary = op.operands[0].op
    if binary is None or binary.name not in ("ADD", "MUL") or binary.activation:
        return False
    if not is_constant(binary.operands[1]) or rank(binary.operands[1]) != 1:
        return False
    if not is_constant(op.operands[1]):
        return False
    if binary.name == "ADD" and (len(op.operands) < 3 or not is_constant(op.operands[2])):
        return False
    slot = 2 if binary.name == "ADD" else 1
    rewriter.set_operand(op, slot, rewriter.constant(op.operands[slot]))
    op.nodes = (*binary.nodes, *op.nodes)
    rewriter.set_operand(op, 0, binary.operands[0])
    return True


def two_additions(rewriter: Rewriter, op: Operation) -> bool:
    """The sum x + a + b is x + (a + b)."""
    first = producer(op.operands[0], "ADD")
    if first is None or first.activation or first.result.use_count != 1:
        return False
    if not is_constant(first.operands[1]) or not is_constant(op.operands[1]):
        return False
    total = rewriter.constant(op.operands[1])
    fused = rewriter.create("ADD", [first.operands[0], total], op, [first])
    fused.activation = op.activation
    rewriter.replace(op, fused.result)
    return True


def plus_nothing(rewriter: Rewriter, op: Operation) -> bool:
    """The sum x + (y - y) is x (2.21)."""
    difference = producer(op.operands[1], "SUB")
    if difference is None or op.activation or difference.activation:
        return False
    if difference.operands[0] is not difference.operands[1] or not same_type(op.operands[0], op.result):
        return False
    rewriter.replace(op, op.operands[0])
    return True


def times_one(rewriter: Rewriter, op: Operation) -> bool:
    """What is multiplied by 1 stays."""
    if op.activation or not same_type(op.operands[0], op.result) or not all_equal(op.operands[1], 1.0):
        return False
    rewriter.replace(op, op.operands[0])
    return True


def product_of_transposed(rewriter: Rewriter, op: Operation) -> bool:
    """FULLY_CONNECTED of two transposed activations is BATCH_MATMUL of what was transposed."""
    transposes = [producer(value, "TRANSPOSE") for value in op.operands]
    left, right = transposes[:2]
    if left is None or right is None or len(op.operands) > 2 or op.activation:
        return False
    if is_constant(left.operands[0]) or is_constant(right.operands[0]):
        return False
    fused = rewriter.create("BATCH_MATMUL", [left.operands[0], right.operands[0]], op, [left, right])
    rewriter.replace(op, fused.result)
    return True


def product_of_reordered(rewriter: Rewriter, op: Operation) -> bool:
    """The same, where the TRANSPOSEs are visited before, and become RESHAPEs if they can (2.21)."""
    if any((found := producer(value, "TRANSPOSE")) and keeps_order(found) for value in op.operands):
        return False
    return product_of_transposed(rewriter, op)
