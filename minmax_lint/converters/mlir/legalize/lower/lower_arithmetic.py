"""Gradients, cross entropies, and products that are 0 where an operand is 0, as a few operations (lower_tf.td).

Read off the models that TF 2.15 and 2.21 make of each.
"""

import math

from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.canonicalize_arithmetic import negated_value, unless_neutral
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.lower.steps import Steps, number, steps
from minmax_lint.converters.mlir.matchers import is_constant
from minmax_lint.converters.mlir.pattern import legalize_patterns_td, lower_tf_cc, lower_tf_td
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape, Tensor


@lower_tf_td(
    "MulNoNan",
    before=lambda n: n.fq(n.op("MulNoNan", x := n.x(), n.fq(n.op("Relu", x)))),
    after="RELU MUL EQUAL SELECT_V2",
)
@steps
def lower_mul_no_nan_op(s: Steps, x: Value, y: Value) -> Value:
    """0 where y is 0."""
    product = s.op("MUL", x, y)
    return s.select(s.truth("EQUAL", y, s.number(0.0)), s.number(0.0), product)


@lower_tf_td(
    "Xlogy",
    before=lambda n: n.fq(n.op("Xlogy", x := n.x(), n.fq(n.op("Relu", x)))),
    after="RELU EQUAL LOG(float) MUL(float) SELECT",
)
@steps
def lower_xlogy_op(s: Steps, x: Value, y: Value) -> Value:
    """0 where x is 0."""
    return s.select(s.truth("EQUAL", x, s.number(0.0)), x, s.op("MUL", x, s.op("LOG", y)))


@lower_tf_td(
    "Xlog1py",
    before=lambda n: n.fq(n.op("Xlog1py", x := n.x(), n.fq(n.op("Relu", x)))),
    after="RELU ADD(float) LOG(float) EQUAL MUL(float) SELECT",
)
@steps
def lower_xlog1py_op(s: Steps, x: Value, y: Value) -> Value:
    """0 where x is 0."""
    logarithm = s.op("LOG", s.op("ADD", y, s.number(1.0)))
    return s.select(s.truth("EQUAL", x, s.number(0.0)), x, s.op("MUL", x, logarithm))


@lower_tf_td(
    "TruncateDiv",
    tf_name="LowerTruncateDivOpOnFloatTensors",
    before=lambda n: n.fq(n.op("TruncateDiv", x := n.x(), n.fq(n.op("Relu", x)))),
    after="RELU DIV(float) LESS(float) CEIL(float) FLOOR(float) SELECT(float)",
)
@steps
def lower_truncate_div_op(s: Steps, x: Value, y: Value) -> Value:
    """The quotient, rounded towards 0."""
    quotient = unless_neutral(s.importer, s.node, "DIV", 1.0, x, y)
    below = s.truth("LESS", quotient, s.number(0.0))
    return s.select(below, s.op("CEIL", quotient), s.op("FLOOR", quotient))


@legalize_patterns_td(
    "SigmoidGrad",
    before=lambda n: n.fq(n.op("SigmoidGrad", x := n.x(), n.fq(n.op("Relu", x)))),
    after="RELU SUB(float) MUL(float) MUL(float)",
)
@steps
def legalize_sigmoid_grad(s: Steps, y: Value, dy: Value) -> Value:
    """Dy * y * (1 - y)."""
    return s.op("MUL", dy, s.op("MUL", y, s.op("SUB", s.number(1.0), y)))


@lower_tf_td(
    "TanhGrad",
    before=lambda n: n.fq(n.op("TanhGrad", x := n.x(), n.fq(n.op("Relu", x)))),
    after="RELU SQUARE(float) SUB(float) MUL(float)",
)
@steps
def lower_tanh_grad_op(s: Steps, y: Value, dy: Value) -> Value:
    """Dy * (1 - y * y)."""
    return s.op("MUL", dy, s.op("SUB", s.number(1.0), s.op("SQUARE", y)))


@lower_tf_td(
    "SqrtGrad",
    before=lambda n: n.fq(n.op("SqrtGrad", x := n.x(), n.fq(n.op("Relu", x)))),
    after="RELU MUL(float) DIV(float)",
)
@steps
def lower_sqrt_grad_op(s: Steps, y: Value, dy: Value) -> Value:
    """Dy * 0.5 / y."""
    return s.op("DIV", s.op("MUL", dy, s.number(0.5)), y)


@lower_tf_td(
    "RsqrtGrad",
    before=lambda n: n.fq(n.op("RsqrtGrad", x := n.x(), n.fq(n.op("Relu", x)))),
    after="RELU MUL(float) MUL(float) MUL(float) MUL(float)",
)
@steps
def lower_rsqrt_grad_op(s: Steps, y: Value, dy: Value) -> Value:
    """Dy * -0.5 * y * y * y."""
    return s.op("MUL", s.op("DIV", dy, s.number(-2.0)), s.op("MUL", s.op("MUL", y, y), y))


@lower_tf_td(
    "SeluGrad",
    before=lambda n: n.fq(n.op("SeluGrad", x := n.x(), n.fq(n.op("Relu", x)))),
    after="RELU GREATER MUL ADD(float) MUL(float) SELECT",
)
@steps
def lower_selu_grad_op(s: Steps, gradients: Value, features: Value) -> Value:
    """A choice between the two slopes."""
    above = s.truth("GREATER", features, s.number(0.0))
    scaled = s.op("MUL", gradients, s.number(1.050701))
    below = s.op("MUL", gradients, s.op("ADD", features, s.number(1.7580993)))
    return s.select(above, scaled, below)


@lower_tf_td("BiasAddGrad", before=lambda n: n.fq(n.op("BiasAddGrad", n.image())), after="SUM")
def lower_bias_add_grad_op(importer: Importer, node: Node) -> Value:
    """The sum over everything but the channels."""
    x = importer.operand(node)
    axes = importer.integer_vector(node.name, range(len(x.shape or ()) - 1))
    return importer.add("SUM", node, [x, axes])


@lower_tf_td(
    "SoftmaxCrossEntropyWithLogits",
    before=lambda n: n.op("SoftmaxCrossEntropyWithLogits", x := n.x(), n.fq(n.op("Relu", x))),
    after="RELU NEG(float) LOG_SOFTMAX EQUAL(float) MUL(float) SELECT_V2(float) SUM(float)",
)
def lower_softmax_cross_entropy_with_logits_op(importer: Importer, node: Node) -> Value:
    """The log-softmax times the negative labels, 0 where a label is 0 (MulNoNan), summed over the classes."""
    features, labels = importer.inputs(node)[:2]
    return _cross_entropy(importer, node, features, labels)


@lower_tf_td(
    "SparseSoftmaxCrossEntropyWithLogits",
    before=lambda n: n.op("SparseSoftmaxCrossEntropyWithLogits", n.x(), n.ints(3), Tlabels=DType.INT32),
    after="SELECT_V2(float) RESHAPE(float) ADD(float) NEG(float) LOG_SOFTMAX EQUAL(float) MUL(float) "
    "SELECT_V2(float) SUM(float)",
)
def lower_sparse_softmax_cross_entropy_with_logits_op(importer: Importer, node: Node) -> Value:
    """The same of one-hot labels, NaN where a label is no class."""
    features, classes = importer.inputs(node)[:2]
    shape, rows = features.shape, classes.shape
    depth = importer.constant(node.name, DType.INT32, ())
    marks = [number(importer, node, 1.0), number(importer, node, 0.0)]
    one_hot = (
        importer.constant(node.name, DType.FLOAT, shape)
        if is_constant(classes)
        else importer.add("ONE_HOT", node, [classes, depth, *marks], shape)
    )
    bound = importer.constant(node.name, classes.dtype, ())
    bounds = [
        importer.add("LESS_EQUAL", node, [bound, classes], rows, DType.BOOL),
        importer.add("LESS", node, [classes, bound], rows, DType.BOOL),
    ]
    valid = importer.add("LOGICAL_AND", node, bounds, rows, DType.BOOL)
    missing = [number(importer, node, 0.0), number(importer, node, math.nan)]
    penalty = importer.select(node, [valid, *missing], rows)
    sizes = importer.constant(node.name, DType.INT32, (2,))
    column = importer.add("RESHAPE", node, [penalty, sizes], None if rows is None else (*rows, 1))
    return _cross_entropy(importer, node, features, importer.add("ADD", node, [one_hot, column], shape))


def _cross_entropy(importer: Importer, node: Node, features: Value, labels: Value) -> Value:
    """The loss; the gradient beside it, where it is read."""
    shape, negative = features.shape, negated_value(labels)
    gradient = node.output(1)
    if importer.kept.uses(gradient) or gradient in importer.kept.outputs:
        softmax = importer.add("SOFTMAX", node, [features], shape)
        importer.values[gradient] = importer.add("SUB", node, [softmax, labels], shape)
    if negative is None:
        negative = (
            importer.constant(node.name, DType.FLOAT, labels.shape)
            if is_constant(labels)
            else importer.add("NEG", node, [labels], labels.shape)
        )
    logarithm = importer.add("LOG_SOFTMAX", node, [features], shape)
    zero = number(importer, node, 0.0)
    without = importer.add("EQUAL", node, [negative, zero], labels.shape, DType.BOOL)
    product = importer.add("MUL", node, [logarithm, negative], shape)
    chosen = importer.select(node, [without, zero, product], shape)
    return importer.add("SUM", node, [chosen, importer.integer_vector(node.name, [1])])


@lower_tf_cc(
    "Lgamma",
    before=lambda n: n.op("Lgamma", n.op("Exp", n.x())),
    after="EXP(float) LESS(float) NEG(float) SUB(float) SELECT(float) "
    + "ADD(float) DIV(float) ADD(float) " * 8
    + "ADD(float) MUL(float) ADD(float) LOG(float) ADD(float) ADD(float) DIV(float) SUB(float) MUL(float) ADD(float) "
    "LOG(float) ADD(float) ABS(float) FLOOR(float) SUB(float) GREATER(float) SUB(float) SELECT(float) MUL(float) "
    "SIN(float) LOG(float) SUB(float) SUB(float) SUB(float) EQUAL(float) NEG(float) SELECT(float) EQUAL(float) "
    "SELECT(float) SELECT_V2(float)",
)
@steps
def lower_lgamma_op(s: Steps, x: Value) -> Value:
    """Lanczos' approximation, reflected below a half."""
    one, half = s.number(1.0), s.number(0.5)
    reflects = s.truth("LESS", x, half)
    z = s.select(reflects, s.op("NEG", x), s.op("SUB", x, one))
    series = s.number(1.0)
    for term in range(1, 9):
        part = s.op("DIV", s.number(1.0), s.op("ADD", z, s.number(float(term))))
        series = s.op("ADD", part, series)
    t = s.op("ADD", z, s.number(7.5))
    scaled = s.op("DIV", z, s.number(7.5))
    log_t = s.op("ADD", s.op("LOG", s.op("ADD", scaled, one)), s.number(2.0))
    rest = s.op("SUB", s.op("ADD", z, half), s.op("DIV", t, log_t))
    log_y = s.op("ADD", s.op("ADD", s.op("MUL", rest, log_t), s.number(0.9)), s.op("LOG", series))
    magnitude = s.op("ABS", x)
    part = s.op("SUB", magnitude, s.op("FLOOR", magnitude))
    folded = s.select(s.truth("GREATER", part, half), s.op("SUB", one, part), part)
    denominator = s.op("LOG", s.op("SIN", s.op("MUL", folded, s.number(math.pi))))
    reflected = s.op("SUB", s.op("SUB", s.number(math.log(math.pi)), denominator), log_y)
    finite = s.truth("EQUAL", s.op("SUB", denominator, denominator), s.number(0.0))
    below = s.select(finite, reflected, s.op("NEG", denominator))
    infinite = s.truth("EQUAL", magnitude, s.number(math.inf))
    most = s.importer.constant(s.node.name, DType.FLOAT, x.shape, lambda: _fill(x.shape, math.inf))
    return s.select(infinite, most, s.select(reflects, below, log_y))


def _fill(shape: Shape | None, value: float) -> Tensor | None:
    sizes = [size for size in shape or () if size is not None]
    return Tensor.of(DType.FLOAT, sizes, [value])
