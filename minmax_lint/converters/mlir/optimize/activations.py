"""Activations: recognized, and fused into what makes their operand (optimize_patterns.td)."""

from __future__ import annotations

from minmax_lint.converters.mlir.ir import Operation
from minmax_lint.converters.mlir.legalize.fake_quant_utils import is_constant
from minmax_lint.converters.mlir.matchers import is_number, number, producer, rank
from minmax_lint.converters.mlir.rewriter import Pattern, Rewriter
from minmax_lint.converters.mlir.tables import FUSES_ACTIVATION
from minmax_lint.graph.dtype import DType


def fuse_activation(rewriter: Rewriter, op: Operation) -> bool:
    """RELU and its like go into the operation that makes their operand, if only they read it."""
    source = op.operands[0].op
    if source is None or source.name not in FUSES_ACTIVATION or source.activation is not None:
        return False
    if op.operands[0].use_count != 1 and source.name != "FULLY_CONNECTED":
        return False
    fused = rewriter.create(source.name, source.operands, op, [source])
    fused.attrs.update(source.attrs)
    fused.activation = op.name
    rewriter.replace(op, fused.result)
    return True


def relu_of_square(rewriter: Rewriter, op: Operation) -> bool:
    """RELU of SQUARED_DIFFERENCE, which is never negative, goes."""
    if producer(op.operands[0], "SQUARED_DIFFERENCE") is None:
        return False
    rewriter.replace(op, op.operands[0])
    return True


def maximum_with_zero(rewriter: Rewriter, op: Operation) -> bool:
    """MAXIMUM(x, 0) is RELU."""
    if not is_number(op.operands[1], 0.0) or op.result.dtype is not DType.FLOAT:
        return False
    rewriter.replace(op, rewriter.create("RELU", op.operands[:1], op).result)
    return True


def relu6(inner_name: str) -> Pattern:
    """MINIMUM(RELU(x), 6) and RELU(MINIMUM(x, 6)) are RELU6; `inner_name` is what stands in front."""

    def pattern(rewriter: Rewriter, op: Operation) -> bool:
        inner = producer(op.operands[0], inner_name)
        if inner is None:
            return False
        minimum = inner if inner_name == "MINIMUM" else op
        if not is_number(minimum.operands[1], 6.0):
            return False
        rewriter.replace(op, rewriter.create("RELU6", inner.operands[:1], op, [inner]).result)
        return True

    return pattern


def clamp(inner_name: str, inner_bound: float, outer_bound: float, result: str) -> Pattern:
    """Two bounds around one value."""

    def pattern(rewriter: Rewriter, op: Operation) -> bool:
        inner = producer(op.operands[0], inner_name)
        if inner is None or not is_number(op.operands[1], outer_bound):
            return False
        if not is_number(inner.operands[1], inner_bound):
            return False
        rewriter.replace(op, rewriter.create(result, inner.operands[:1], op, [inner]).result)
        return True

    return pattern


def leaky_relu(rewriter: Rewriter, op: Operation) -> bool:
    """MAXIMUM(x * alpha, x), alpha < 1."""
    product = producer(op.operands[0], "MUL")
    if product is None or product.activation or product.operands[0] is not op.operands[1]:
        return False
    alpha = number(product.operands[1])
    if alpha is None or not abs(alpha) < 1 or product.result.use_count != 1:
        return False
    rewriter.replace(op, rewriter.create("LEAKY_RELU", product.operands[:1], op, [product]).result)
    return True


def parametric_relu(rewriter: Rewriter, op: Operation) -> bool:
    """RELU(x) + RELU(-x) * alpha is PRELU, alpha of one dimension less than x (MatchPRelu, Keras's form)."""
    relu, product = producer(op.operands[0], "RELU"), producer(op.operands[1], "MUL")
    if relu is None or product is None or op.activation or product.activation:
        return False
    below = producer(product.operands[0], "RELU")
    negation = producer(below.operands[0], "NEG") if below is not None else None
    if below is None or negation is None or negation.operands[0] is not relu.operands[0]:
        return False
    if any(part.result.use_count != 1 for part in (relu, product, negation)):
        return False
    x, alpha = relu.operands[0], product.operands[1]
    if rank(alpha) != rank(x) - 1:
        return False
    slope = (
        rewriter.constant(alpha) if is_constant(alpha) else rewriter.create("NEG", [alpha], product).result
    )
    parts = [relu, negation, below, product]
    rewriter.replace(op, rewriter.create("PRELU", [x, slope], op, parts).result)
    return True


def power(rewriter: Rewriter, op: Operation) -> bool:
    """Small constant exponents: 1 goes, 2 is a product, 0.5 and -0.5 are roots."""
    x, exponent = op.operands
    if exponent.shape != ():
        return False
    if is_number(exponent, 1.0):
        rewriter.replace(op, x)
    elif is_number(exponent, 2.0):
        rewriter.replace(op, rewriter.create("MUL", [x, x], op).result)
    elif is_number(exponent, 0.5) or is_number(exponent, -0.5):
        name = "SQRT" if is_number(exponent, 0.5) else "RSQRT"
        rewriter.replace(op, rewriter.create(name, [x], op).result)
    else:
        return False
    return True
