"""TensorFlow ops that become several operations: how, step by step.

Sources: legalize_patterns.td, lower_tf.td; read off the converters' own dumps.
"""

from __future__ import annotations

from minmax_lint.converters.mlir.failure import no_builtin
from minmax_lint.converters.mlir.fake_quant_support import Scale, scale_of
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.dilated_conv import dilated_convolution
from minmax_lint.converters.mlir.legalize.importer import Importer, Rule
from minmax_lint.converters.mlir.legalize.steps import Steps, rule
from minmax_lint.graph.fakequant import Range
from minmax_lint.graph.node import Node


def _softplus(s: Steps, x: Value) -> Value:
    return s.op("LOG", s.op("ADD", s.op("EXP", x), s.number(1.0)))


def _selu(s: Steps, x: Value) -> Value:
    positive = s.truth("GREATER", x, s.number(0.0))
    scaled = s.op("MUL", x, s.number(1.050701))
    below = s.op("MUL", s.op("SUB", s.op("EXP", x), s.number(1.0)), s.number(1.7580993))
    s.read_last(x, positive, scaled)
    return s.select(positive, scaled, below)


def _softsign(s: Steps, x: Value) -> Value:
    return s.op("DIV", x, s.op("ADD", s.op("ABS", x), s.number(1.0)))


def _expm1(s: Steps, x: Value) -> Value:
    return s.op("SUB", s.op("EXP", x), s.number(1.0))


def _log1p(s: Steps, x: Value) -> Value:
    return s.op("LOG", s.op("ADD", x, s.number(1.0)))


def _reciprocal(s: Steps, x: Value) -> Value:
    return s.op("DIV", s.number(1.0), x)


def _div_no_nan(s: Steps, x: Value, y: Value) -> Value:
    return s.select(s.truth("EQUAL", y, s.number(0.0)), s.number(0.0), s.op("DIV", x, y))


def _xdivy(s: Steps, x: Value, y: Value) -> Value:
    return s.select(s.truth("EQUAL", x, s.number(0.0)), x, s.op("DIV", x, y))


def _quantize_and_dequantize(importer: Importer, node: Node) -> Value:
    """A FakeQuant whose range must be given as constants."""
    bounds = [importer.inference.constant(edge.array) for edge in node.inputs[1:3]]
    known = [bound.real() for bound in bounds if bound is not None and bound.known and bound.size == 1]
    if len(known) < 2:
        raise no_builtin(node, reason=f"{node.op} is converted where its range is constant.")
    signed, narrow = node.flag("signed_input", True), node.flag("narrow_range")
    scale: Scale = scale_of(Range(*known), node.integer("num_bits", 8), narrow)
    if signed and not narrow and known[0] == -known[1]:
        scale = scale._replace(zero_point=1 << (scale.bits - 1))
    return importer.quantized(importer.value(node.inputs[0].array), scale, node, movable=False)


COMPOSITES: dict[str, Rule] = {
    **dict.fromkeys(("Inv", "Reciprocal"), rule(_reciprocal)),
    **dict.fromkeys(
        ("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3", "QuantizeAndDequantizeV4"),
        _quantize_and_dequantize,
    ),
    "BatchToSpaceND": dilated_convolution,
    "DivNoNan": rule(_div_no_nan),
    "Expm1": rule(_expm1),
    "Log1p": rule(_log1p),
    "Selu": rule(_selu),
    "Softplus": rule(_softplus),
    "Softsign": rule(_softsign),
    "Xdivy": rule(_xdivy),
}
"""TensorFlow op -> rule."""
