"""Comparisons, activations and other elementwise ops, as TensorFlow's dialect folds and canonicalizes them.

Sources: tf_ops_a_m.cc, tf_ops_n_z.cc, canonicalize.td.
"""

from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED
from minmax_lint.converters.mlir.legalize.move_transposes import before_transpose
from minmax_lint.converters.mlir.matchers import all_equal, producer
from minmax_lint.converters.mlir.pattern import (
    canonicalize_td,
    operation_cpp,
    optimize_patterns_td,
    tf_ops_a_m_cc,
)
from minmax_lint.converters.mlir.verify.verifiers import check_shape
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node


@canonicalize_td("Relu", before=lambda n: n.fq(n.op("Relu", n.op("Minimum", n.x(), n.c(6.0)))), after="RELU6")
def relu_of_minimum6_to_relu6(importer: Importer, node: Node) -> Value | None:
    """RELU of MINIMUM(x, 6) is RELU6."""
    return _relu6(importer, node, importer.operand(node))


def _relu6(importer: Importer, node: Node, operand: Value) -> Value | None:
    below = producer(operand, "MINIMUM")
    if below is None or not all_equal(below.operands[1], 6.0):
        return None
    source = below.operands[0]
    return _again("RELU6", source) or _activation(importer, "tf.Relu6", node, source)


def _activation(importer: Importer, name: str, node: Node, source: Value) -> Value:
    """The activation in place of the node, which gives its type: MLIR verifies that this is the source's shape."""
    check_shape(node, name, source, importer.inference.shape(node.name))
    return importer.add(name.partition(".")[2].upper(), node, [source])


@canonicalize_td(
    "Reshape",
    before=lambda n: n.reshape(
        n.mat_mul(n.reshape(n.reshape(n.op("Elu", n.x(2, 8, 4)), 2, 4, 8), 8, 8), n.weights(8, 3)), 2, 4, 3
    ),
    after="ELU(float) RESHAPE(float) FULLY_CONNECTED(float)",
)
def redundant_reshape(importer: Importer, node: Node) -> Value | None:
    """A RESHAPE of a RESHAPE is one: so a dense layer behind does not take the place of the second."""
    inner = producer(importer.operand(node), "RESHAPE")
    if inner is None:
        return None
    return importer.add("RESHAPE", node, [inner.operands[0], importer.inputs(node)[1]])


@operation_cpp(
    *("Abs", "Ceil", "Floor", "Relu", "Relu6", "Rint", "Round", "Sign", "ZerosLike"),
    tf_name="OpTrait::impl::foldIdempotent()",
    before=lambda n: n.fq(n.op("Relu6", n.op("Relu6", n.op("Elu", n.x())))),
    after="ELU(float) RELU6(float)",
)
def fold_idempotent(importer: Importer, node: Node) -> Value | None:
    """An op applied twice is applied once."""
    return _again(LEGALIZED[node.op], importer.operand(node))


def _again(name: str, operand: Value) -> Value | None:
    return operand if producer(operand, name) is not None else None


_OPPOSITES = {
    "EQUAL": "NOT_EQUAL",
    "GREATER": "LESS_EQUAL",
    "GREATER_EQUAL": "LESS",
    "LESS": "GREATER_EQUAL",
    "LESS_EQUAL": "GREATER",
    "NOT_EQUAL": "EQUAL",
}


@canonicalize_td(
    "LogicalNot",
    tf_name="LogicalNotOfEqual, LogicalNotOfNotEqual, LogicalNotOfGreater, LogicalNotOfGreaterEqual, "
    "LogicalNotOfLess, LogicalNotOfLessEqual",
    before=lambda n: n.op("LogicalNot", n.op("Greater", n.x(), n.c(0.5))),
    after="LESS_EQUAL",
)
def logical_not_of_comparison(importer: Importer, node: Node) -> Value | None:
    """The opposite of a comparison is the opposite comparison."""
    compared = importer.operand(node).op
    if compared is None or compared.name not in _OPPOSITES:
        return None
    return importer.add(_OPPOSITES[compared.name], node, compared.operands)


@canonicalize_td(
    "Square",
    before=lambda n: n.fq(n.op("Square", n.op("Sub", x := n.x(), n.fq(n.op("Relu", x))))),
    after="RELU SQUARED_DIFFERENCE",
)
def square_of_sub(importer: Importer, node: Node) -> Value | None:
    """The square of a difference is SQUARED_DIFFERENCE."""
    difference = producer(importer.operand(node), "SUB")
    if difference is None:
        return None
    return importer.add("SQUARED_DIFFERENCE", node, difference.operands)


@canonicalize_td("Log", before=lambda n: n.fq(n.op("Log", n.op("Softmax", n.x()))), after="LOG_SOFTMAX")
def log_of_softmax(importer: Importer, node: Node) -> Value | None:
    """The logarithm of SOFTMAX is LOG_SOFTMAX."""
    softmax = producer(importer.operand(node), "SOFTMAX")
    if softmax is None:
        return None
    return importer.add("LOG_SOFTMAX", node, softmax.operands)


@optimize_patterns_td(
    "Maximum",
    tf_name="MatchRelu0To1Pattern1, MatchRelu0To1Pattern2",
    before=lambda n: n.fq(n.op("Maximum", n.c(0.0), n.op("Minimum", n.x(), n.c(1.0)))),
    after="RELU_0_TO_1",
)
def match_relu_0_to_1(importer: Importer, node: Node) -> Value | None:
    """MAXIMUM of 0, which comes first, and MINIMUM(x, 1) is RELU_0_TO_1."""
    first, second = importer.inputs(node)[:2]
    left, right = importer.ordered_inputs(node)
    below = producer(left, "MINIMUM")
    if below is None or not all_equal(below.operands[1], 1.0):
        return None
    if first is second or first is not right or not all_equal(first, 0.0):
        return None
    return _activation(importer, "tfl.relu_0_to_1", node, below.operands[0])


@canonicalize_td(
    "Maximum",
    before=lambda n: n.fq(n.op("Maximum", n.transpose(n.x(2, 4, 8), 0, 2, 1), n.c(0.0))),
    after="RELU TRANSPOSE",
)
def maximum_of_zero_to_relu(importer: Importer, node: Node) -> Value | None:
    """MAXIMUM with zeros is RELU."""
    left, right = importer.ordered_inputs(node)
    if not all_equal(right, 0.0):
        return None
    check_shape(node, "tf.Relu", left, importer.inference.shape(node.name))
    return (
        _relu6(importer, node, left)
        or _again("RELU", left)
        or before_transpose(importer, "RELU", node)
        or importer.add("RELU", node, [left])
    )


@operation_cpp(
    *("Maximum", "Minimum"),
    tf_name="OpTrait::impl::foldCommutative()",
    before=lambda n: n.fq(n.op("Minimum", n.c(6.0), n.op("Maximum", n.c(-2.0), n.x()))),
    after="MAXIMUM MINIMUM",
)
def fold_commutative(importer: Importer, node: Node) -> Value:
    """A constant operand of a commutative op comes second."""
    return importer.add(LEGALIZED[node.op], node, importer.ordered_inputs(node))


@tf_ops_a_m_cc(
    "BatchToSpace",
    tf_name="BatchToSpaceToBatchToSpaceND",
    before=lambda n: n.fq(
        n.op(
            "BatchToSpace", n.x(4, 4, 4, 2), n.ints(0, 0, 0, 0, shape=[2, 2]), block_size=2, Tidx=DType.INT32
        )
    ),
    after="BATCH_TO_SPACE_ND",
)
def batch_to_space_to_batch_to_space_nd(importer: Importer, node: Node) -> Value:
    """The block's size becomes a vector."""
    image, crops = importer.inputs(node)[:2]
    block = importer.integer_vector(node.name, [node.integer("block_size", 2)] * 2)
    return importer.add("BATCH_TO_SPACE_ND", node, [image, block, crops])
