"""TensorFlow ops that become several operations: how, step by step.

Sources: legalize_patterns.td, lower_tf.td; read off the converters' own dumps.
"""

from minmax_lint.converters.mlir.failure import no_builtin
from minmax_lint.converters.mlir.fake_quant_support import scale_of
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.lower.steps import Steps, steps
from minmax_lint.converters.mlir.matchers import producer
from minmax_lint.converters.mlir.pattern import canonicalize_td, legalize_patterns_td, lower_tf_td
from minmax_lint.graph.fakequant import Range
from minmax_lint.graph.node import Node


@legalize_patterns_td(
    "Softplus",
    tf_name="LegalizeSoftPlus",
    before=lambda n: n.fq(n.op("Softplus", n.x())),
    after="EXP(float) ADD(float) LOG(float)",
)
@steps
def lower_softplus(s: Steps, x: Value) -> Value:
    """Log(exp(x) + 1)."""
    return s.op("LOG", s.op("ADD", s.op("EXP", x), s.number(1.0)))


@lower_tf_td(
    "Selu",
    before=lambda n: n.fq(n.op("Selu", n.x())),
    after="GREATER MUL EXP(float) SUB(float) MUL(float) SELECT",
)
@steps
def lower_selu_op(s: Steps, x: Value) -> Value:
    """A choice between scale * x and scale * alpha * (exp(x) - 1)."""
    positive = s.truth("GREATER", x, s.number(0.0))
    scaled = s.op("MUL", x, s.number(1.050701))
    below = s.op("MUL", s.op("SUB", s.op("EXP", x), s.number(1.0)), s.number(1.7580993))
    s.read_last(x, positive, scaled)
    return s.select(positive, scaled, below)


@legalize_patterns_td(
    "Softsign",
    before=lambda n: n.fq(n.op("Softsign", n.x())),
    after="ABS(float) ADD(float) DIV(float)",
    since=(2, 20),
)
@steps
def legalize_softsign(s: Steps, x: Value) -> Value | None:
    """X / (|x| + 1)."""
    if not s.importer.version.has(legalize_softsign):
        return None
    return s.op("DIV", x, s.op("ADD", s.op("ABS", x), s.number(1.0)))


@lower_tf_td(
    "Expm1",
    tf_name="LowerExp1mOp",
    before=lambda n: n.fq(n.op("Expm1", n.x())),
    after="EXP(float) SUB(float)",
)
@steps
def lower_expm1_op(s: Steps, x: Value) -> Value:
    """Exp(x) - 1."""
    return s.op("SUB", s.op("EXP", x), s.number(1.0))


@legalize_patterns_td(
    "Log1p",
    before=lambda n: n.fq(n.op("Log1p", n.op("Exp", n.x()))),
    after="EXP(float) ADD(float) LOG(float)",
)
@steps
def legalize_log1p(s: Steps, x: Value) -> Value:
    """Log(x + 1)."""
    return s.op("LOG", s.op("ADD", x, s.number(1.0)))


@lower_tf_td(
    *("Inv", "Reciprocal"),
    tf_name="LowerInv, LowerReciprocal",
    before=lambda n: n.fq(n.op("Reciprocal", n.x())),
    after="DIV",
)
@steps
def lower_reciprocal(s: Steps, x: Value) -> Value:
    """1 / x."""
    return s.op("DIV", s.number(1.0), x)


@lower_tf_td(
    "DivNoNan",
    before=lambda n: n.fq(n.op("DivNoNan", x := n.x(), n.fq(n.op("Relu", x)))),
    after="RELU EQUAL DIV SELECT_V2",
)
@steps
def lower_div_no_nan_op(s: Steps, x: Value, y: Value) -> Value:
    """0 where y is 0."""
    return s.select(s.truth("EQUAL", y, s.number(0.0)), s.number(0.0), s.op("DIV", x, y))


@canonicalize_td(
    "Xdivy",
    before=lambda n: n.op("Xdivy", x := n.x(), n.op("Sqrt", n.fq(n.op("Relu", x)))),
    after="RELU RSQRT(float) MUL(float) EQUAL SELECT_V2(float)",
)
@steps
def xdivy_with_sqrt_divisor(s: Steps, x: Value, y: Value) -> Value | None:
    """Division by a root is multiplication by RSQRT, 0 where x is 0 (LowerMulNoNanOp)."""
    root = producer(y, "SQRT")
    if root is None:
        return None
    product = s.op("MUL", s.op("RSQRT", root.operands[0]), x)
    return s.select(s.truth("EQUAL", x, s.number(0.0)), s.number(0.0), product)


@lower_tf_td(
    "Xdivy",
    before=lambda n: n.fq(n.op("Xdivy", x := n.x(), n.fq(n.op("Relu", x)))),
    after="RELU EQUAL DIV SELECT",
)
@steps
def lower_xdivy_op(s: Steps, x: Value, y: Value) -> Value:
    """X where it is 0."""
    return s.select(s.truth("EQUAL", x, s.number(0.0)), x, s.op("DIV", x, y))


@legalize_patterns_td(
    *("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3", "QuantizeAndDequantizeV4"),
    tf_name="LegalizeQuantizeAndDequantizeV4, QuantizeAndDequantizeV2ToQuantizeAndDequantizeV4",
    before=lambda n: n.op(
        "QuantizeAndDequantizeV2",
        n.op("Relu", n.x()),
        n.c(-1.0),
        n.c(1.0),
        signed_input=True,
        range_given=True,
        num_bits=8,
    ),
    after="RELU",
)
def legalize_quantize_and_dequantize_v4(importer: Importer, node: Node) -> Value:
    """A FakeQuant whose range must be given as constants."""
    bounds = [importer.inference.constant(edge.array) for edge in node.inputs[1:3]]
    known = [bound.real() for bound in bounds if bound is not None and bound.known and bound.size == 1]
    if len(known) < 2:
        raise no_builtin(node, reason=f"{node.op} is converted where its range is constant.")
    signed, narrow = node.flag("signed_input", True), node.flag("narrow_range")
    scale = scale_of(Range(*known), node.integer("num_bits", 8), narrow)
    if signed and not narrow and known[0] == -known[1]:
        scale = scale._replace(zero_point=1 << (scale.bits - 1))
    return importer.quantized(importer.operand(node), scale, node, movable=False)
