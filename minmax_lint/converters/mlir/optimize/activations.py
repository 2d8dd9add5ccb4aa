"""Activations: recognized, and fused into what makes their operand (optimize_patterns.td)."""

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.ir import Operation
from minmax_lint.converters.mlir.matchers import (
    all_equal,
    is_constant,
    number,
    producer,
    producers,
    rank,
)
from minmax_lint.converters.mlir.pattern import optimize_patterns_td
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.tables import ACTIVATIONS, FUSES_ACTIVATION
from minmax_lint.graph.dtype import DType


@optimize_patterns_td(
    *sorted(ACTIVATIONS),
    tf_name="FuseActivationFuncWithConv, FuseActivationFuncWithDepthwiseConv, FuseActivationFuncWithAvgPool, "
    "FuseActivationFuncWithMaxPool, FuseBinaryWithActivation, FuseFullyConnectedAndReluX",
    before=lambda n: n.op("Relu6", n.op("AddV2", n.x(), n.c(0.5))),
    after="ADD(float)",
)
def fuse_activation_func(rewriter: Rewriter, op: Operation) -> bool:
    """RELU and its like go into the operation that makes their operand, if only they read it."""
    source = op.operands[0].op
    if source is None or source.name not in FUSES_ACTIVATION or source.activation is not None:
        return False
    if op.operands[0].use_count != 1 and source.name != "FULLY_CONNECTED":
        return False
    return rewriter.replace_with_new(
        op, source.name, source.operands, [source], attrs_of=source, activation=op.name
    )


@optimize_patterns_td(
    "RELU",
    before=lambda n: n.op("Relu", n.op("SquaredDifference", n.x(), n.c(0.5))),
    after="SQUARED_DIFFERENCE(float)",
)
def optimize_relu_squared_difference(rewriter: Rewriter, op: Operation) -> bool:
    """RELU of SQUARED_DIFFERENCE, which is never negative, goes."""
    if producer(op.operands[0], "SQUARED_DIFFERENCE") is None:
        return False
    return rewriter.replace(op, op.operands[0])


@optimize_patterns_td(
    "MAXIMUM",
    before=lambda n: n.op("Maximum", n.op("Elu", n.x()), n.fq(n.c(0.0))),
    after="ELU(float) RELU(float)",
)
def match_relu_pattern(rewriter: Rewriter, op: Operation) -> bool:
    """MAXIMUM(x, 0) is RELU, where the zeros' FakeQuant stood in front of them until quantization."""
    if op.result.dtype is not DType.FLOAT or not all_equal(op.operands[1], 0.0):
        return False
    return rewriter.replace_with_new(op, "RELU", op.operands[:1])


@optimize_patterns_td(
    "MINIMUM",
    since=(2, 13),
    before=lambda n: n.op("Minimum", n.op("Relu", n.x()), n.c(6.0)),
    after="RELU6(float)",
)
def minimum_of_relu_and_6_to_relu6(rewriter: Rewriter, op: Operation) -> bool:
    """MINIMUM(RELU(x), 6) is RELU6."""
    relu = producer(op.operands[0], "RELU")
    return relu is not None and all_equal(op.operands[1], 6.0) and _one_for_two(rewriter, op, relu, "RELU6")


@optimize_patterns_td(
    "RELU",
    since=(2, 18),
    before=lambda n: n.op("Relu", n.reshape(n.op("Minimum", n.x(1, 2, 8), n.c(6.0)), 2, 8)),
    after="RELU6(float) RESHAPE(float)",
)
def minimum_of_relu_and_6_to_relu62(rewriter: Rewriter, op: Operation) -> bool:
    """RELU(MINIMUM(x, 6)) is RELU6."""
    low = producer(op.operands[0], "MINIMUM")
    return low is not None and all_equal(low.operands[1], 6.0) and _one_for_two(rewriter, op, low, "RELU6")


_RELU1 = {"MAXIMUM": -1.0, "MINIMUM": 1.0}
"""The two operations that together are RELU_N1_TO_1 -> what each of them compares with."""


def _relu1_twice(n: Net) -> str:
    first = n.op("Minimum", n.op("Maximum", n.x(), n.c(-1.0)), n.c(1.0))
    return n.op("Maximum", n.op("Minimum", n.op("Elu", first), n.c(1.0)), n.c(-1.0))


@optimize_patterns_td(
    *_RELU1,
    tf_name="MatchRelu1Pattern1, MatchRelu1Pattern2",
    before=_relu1_twice,
    after="RELU_N1_TO_1(float) ELU(float) RELU_N1_TO_1(float)",
)
def match_relu1_pattern(rewriter: Rewriter, op: Operation) -> bool:
    """MINIMUM(MAXIMUM(x, -1), 1) and MAXIMUM(MINIMUM(x, 1), -1) are RELU_N1_TO_1."""
    inner = producer(op.operands[0], "MINIMUM" if op.name == "MAXIMUM" else "MAXIMUM")
    if inner is None or not all(all_equal(one.operands[1], _RELU1[one.name]) for one in (op, inner)):
        return False
    return _one_for_two(rewriter, op, inner, "RELU_N1_TO_1")


def _one_for_two(rewriter: Rewriter, op: Operation, inner: Operation, name: str) -> bool:
    return rewriter.replace_with_new(op, name, inner.operands[:1], [inner])


@optimize_patterns_td(
    "MAXIMUM",
    before=lambda n: n.op("Maximum", n.op("Mul", x := n.x(), n.c(0.1)), x),
    after="LEAKY_RELU(float)",
)
def match_leaky_relu(rewriter: Rewriter, op: Operation) -> bool:
    """MAXIMUM(x * alpha, x), alpha < 1."""
    product = producer(op.operands[0], "MUL")
    if product is None or product.activation or product.operands[0] is not op.operands[1]:
        return False
    alpha = number(product.operands[1])
    if alpha is None or not abs(alpha) < 1 or product.result.use_count != 1:
        return False
    return rewriter.replace_with_new(op, "LEAKY_RELU", product.operands[:1], [product])


@optimize_patterns_td(
    "ADD",
    tf_name="MatchPRelu",
    before=lambda n: n.op(
        "AddV2",
        n.op("Relu", x := n.x(1, 2, 8)),
        n.op("Mul", n.op("Relu", n.op("Neg", x)), n.c(-0.5, shape=[2, 8])),
    ),
    after="PRELU(float)",
)
def match_prelu(rewriter: Rewriter, op: Operation) -> bool:
    """RELU(x) + RELU(-x) * alpha is PRELU, alpha of one dimension less than x (MatchPRelu, Keras's form)."""
    relu, product = producer(op.operands[0], "RELU"), producer(op.operands[1], "MUL")
    if relu is None or product is None or op.activation or product.activation:
        return False
    found = producers(product.operands[0], "RELU", "NEG")
    if found is None or found[1].operands[0] is not relu.operands[0]:
        return False
    below, negation = found
    if any(part.result.use_count != 1 for part in (relu, product, negation)):
        return False
    x, alpha = relu.operands[0], product.operands[1]
    if rank(alpha) != rank(x) - 1:
        return False
    slope = (
        rewriter.constant(alpha) if is_constant(alpha) else rewriter.create("NEG", [alpha], product).result
    )
    parts = [relu, negation, below, product]
    return rewriter.replace_with_new(op, "PRELU", [x, slope], parts)


_POWERS = {2.0: ("MUL", 2), 0.5: ("SQRT", 1), -0.5: ("RSQRT", 1)}
"""Exponent -> the operation that takes the place of the power, and how often it reads the base."""


@optimize_patterns_td(
    "POW",
    tf_name="OptimizePow2ToSquare, OptimizePow2ToSqrt, OptimizePow2ToRsqrt",
    before=lambda n: n.op(
        "Pow", n.op("Pow", n.op("Elu", n.op("Pow", n.op("Elu", n.x()), n.c(2.0))), n.c(-0.5)), n.c(0.5)
    ),
    after="ELU(float) MUL(float) ELU(float) RSQRT(float) SQRT(float)",
)
def optimize_pow2(rewriter: Rewriter, op: Operation) -> bool:
    """The second power is a product, the power of a half a root, that of minus a half its inverse."""
    base, exponent = op.operands
    power = number(exponent) if exponent.shape == () else None
    if power not in _POWERS:
        return False
    name, count = _POWERS[power]
    return rewriter.replace_with_new(op, name, [base] * count)
