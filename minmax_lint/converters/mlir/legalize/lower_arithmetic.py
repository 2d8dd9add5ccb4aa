"""Gradients, and products that are 0 where an operand is 0: each becomes a few operations (lower_tf.td).

Read off the models that TF 2.15 and 2.21 make of each.
"""

from __future__ import annotations

from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer, Rule
from minmax_lint.converters.mlir.legalize.steps import Steps, rule
from minmax_lint.graph.node import Node


def mul_no_nan(s: Steps, x: Value, y: Value) -> Value:
    """0 where y is 0."""
    product = s.op("MUL", x, y)
    return s.select(s.truth("EQUAL", y, s.number(0.0)), s.number(0.0), product)


def xlogy(s: Steps, x: Value, y: Value) -> Value:
    """0 where x is 0."""
    return s.select(s.truth("EQUAL", x, s.number(0.0)), x, s.op("MUL", x, s.op("LOG", y)))


def xlog1py(s: Steps, x: Value, y: Value) -> Value:
    """0 where x is 0."""
    logarithm = s.op("LOG", s.op("ADD", y, s.number(1.0)))
    return s.select(s.truth("EQUAL", x, s.number(0.0)), x, s.op("MUL", x, logarithm))


def truncate_div(s: Steps, x: Value, y: Value) -> Value:
    """The quotient, rounded towards 0."""
    quotient = s.op("DIV", x, y)
    below = s.truth("LESS", quotient, s.number(0.0))
    return s.select(below, s.op("CEIL", quotient), s.op("FLOOR", quotient))


def sigmoid_grad(s: Steps, y: Value, dy: Value) -> Value:
    """Dy * y * (1 - y)."""
    return s.op("MUL", dy, s.op("MUL", y, s.op("SUB", s.number(1.0), y)))


def tanh_grad(s: Steps, y: Value, dy: Value) -> Value:
    """Dy * (1 - y * y)."""
    return s.op("MUL", dy, s.op("SUB", s.number(1.0), s.op("SQUARE", y)))


def sqrt_grad(s: Steps, y: Value, dy: Value) -> Value:
    """Dy * 0.5 / y."""
    return s.op("DIV", s.op("MUL", dy, s.number(0.5)), y)


def rsqrt_grad(s: Steps, y: Value, dy: Value) -> Value:
    """Dy * -0.5 * y * y * y."""
    return s.op("MUL", s.op("DIV", dy, s.number(-2.0)), s.op("MUL", s.op("MUL", y, y), y))


def selu_grad(s: Steps, gradients: Value, features: Value) -> Value:
    """A choice between the two slopes."""
    above = s.truth("GREATER", features, s.number(0.0))
    scaled = s.op("MUL", gradients, s.number(1.050701))
    below = s.op("MUL", gradients, s.op("ADD", features, s.number(1.7580993)))
    return s.select(above, scaled, below)


def bias_add_grad(importer: Importer, node: Node) -> Value:
    """The sum over everything but the channels."""
    x = importer.value(node.inputs[0].array)
    axes = importer.integer_vector(node.name, range(len(x.shape or ()) - 1))
    return importer.add("SUM", node, [x, axes])


LOWERED_ARITHMETIC: dict[str, Rule] = {
    "BiasAddGrad": bias_add_grad,
    "MulNoNan": rule(mul_no_nan),
    "RsqrtGrad": rule(rsqrt_grad),
    "SeluGrad": rule(selu_grad),
    "SigmoidGrad": rule(sigmoid_grad),
    "SqrtGrad": rule(sqrt_grad),
    "TanhGrad": rule(tanh_grad),
    "TruncateDiv": rule(truncate_div),
    "Xlog1py": rule(xlog1py),
    "Xlogy": rule(xlogy),
}
"""TensorFlow op -> rule."""
