"""Elementwise ops, simplified as TensorFlow's dialect folds and legalizes them (canonicalize.td)."""

from __future__ import annotations

import math

from minmax_lint.converters.mlir.behaviours import (
    CONVERT_TF_BROADCAST_TO,
    DIVIDES_BY_HANDED_CONSTANTS,
    FOLDS_OPEN_BATCHES,
)
from minmax_lint.converters.mlir.failure import ConversionError
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.layout_assignment import channels_first
from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED, REMOVED
from minmax_lint.converters.mlir.legalize.reorder_fake_quant import moved
from minmax_lint.converters.mlir.matchers import all_equal, is_constant, is_number
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.values import float32


def idempotent(importer: Importer, node: Node) -> Value:
    """Twice is once."""
    operand = importer.value(node.inputs[0].array)
    return (
        _relu(importer, node, operand)
        if node.op == "Relu"
        else _once(importer, LEGALIZED[node.op], node, operand)
    )


def _once(importer: Importer, name: str, node: Node, operand: Value) -> Value:
    again = operand.op is not None and operand.op.name == name
    return operand if again else before_transpose(importer, name, node, operand)


def before_transpose(importer: Importer, name: str, node: Node, operand: Value) -> Value:
    """RELU and TANH come in front of a TRANSPOSE, whatever else reads it (MoveTransposesPass)."""
    transpose = _transpose(importer, node, 0) if name in ("RELU", "TANH") else None
    if transpose is None:
        return importer.add(name, node, [operand])
    source, order = importer.inputs(transpose)[:2]
    first = importer.add(name, node, [source], source.shape)
    return moved(importer, node, "TRANSPOSE", first, importer.inference.shape(node.name), order)


def _transpose(importer: Importer, node: Node, slot: int) -> Node | None:
    """The Transpose that makes input `slot`, of known order and not constant."""
    source = importer.kept.graph[node.inputs[slot].node]
    if source.op != "Transpose" or importer.kept.is_cut(source.name):
        return None
    known = importer.integers(source.inputs[1].array) is not None
    return source if known and not importer.inference.is_constant(source.name) else None


def hyperbolic_tangent(importer: Importer, node: Node) -> Value:
    """TANH, perhaps in front of a TRANSPOSE."""
    return before_transpose(importer, "TANH", node, importer.value(node.inputs[0].array))


def _relu(importer: Importer, node: Node, operand: Value) -> Value:
    """RELU; of MINIMUM(x, 6) it is RELU6."""
    below = operand.op
    if below is not None and below.name == "MINIMUM" and is_number(below.operands[1], 6.0):
        return _once(importer, "RELU6", node, below.operands[0])
    return _once(importer, "RELU", node, operand)


def negation(importer: Importer, node: Node) -> Value:
    """The negation of a negation is nothing."""
    operand = importer.value(node.inputs[0].array)
    inner = negated(operand)
    return inner if inner is not None else importer.add("NEG", node, [operand])


_OPPOSITES = {
    "EQUAL": "NOT_EQUAL",
    "GREATER": "LESS_EQUAL",
    "GREATER_EQUAL": "LESS",
    "LESS": "GREATER_EQUAL",
    "LESS_EQUAL": "GREATER",
    "NOT_EQUAL": "EQUAL",
}


def logical_not(importer: Importer, node: Node) -> Value:
    """The opposite of a comparison is the opposite comparison (canonicalize.td)."""
    operand = importer.value(node.inputs[0].array)
    compared = operand.op
    if compared is None or compared.name not in _OPPOSITES:
        return importer.add("LOGICAL_NOT", node, [operand])
    return importer.add(_OPPOSITES[compared.name], node, compared.operands)


def negated(value: Value) -> Value | None:
    """What `value` is the negation of."""
    return value.op.operands[0] if value.op is not None and value.op.name == "NEG" else None


def add(importer: Importer, node: Node) -> Value:
    """A sum; with a negation it is a difference (canonicalize.td)."""
    sources = _both_transposed(importer, node)
    if sources is not None:
        total = importer.add("ADD", node, sources, sources[0].shape)
        order = importer.value(importer.kept.graph[node.inputs[0].node].inputs[1].array)
        return moved(importer, node, "TRANSPOSE", total, importer.inference.shape(node.name), order)
    left, right = importer.ordered_inputs(node)
    if node.op == "BiasAdd" and channels_first(node) and left.shape is not None and len(left.shape) != 4:
        rank = len(left.shape)
        message = (
            f"'tf.Transpose' op x should be of the same rank with y, got x of rank {rank}, and y of rank 4"
        )
        reason = f"BiasAdd over channels first takes arrays of rank 4, and {node.name} has rank {rank}."
        raise ConversionError("other", message, node=node.name, array=node.name, reason=reason)
    if not node.op.startswith("BiasAdd") and not _is_neutral(importer, node, 0.0, left, right):
        for one, other in ((right, left), (left, right)):
            inner = negated(other)
            if inner is not None:
                return importer.add("SUB", node, [one, inner])
    return unless_neutral(importer, node, "ADD", 0.0, left, right)


def _both_transposed(importer: Importer, node: Node) -> list[Value] | None:
    """The operands in front of two equal transpositions (MoveTransposesPass moves these behind the sum)."""
    left, right = _transpose(importer, node, 0), _transpose(importer, node, 1)
    if left is None or right is None:
        return None
    orders = [importer.integers(source.inputs[1].array) for source in (left, right)]
    if orders[0] != orders[1]:
        return None
    return [importer.value(source.inputs[0].array) for source in (left, right)]


def subtract(importer: Importer, node: Node) -> Value:
    """A difference; with a negation it is a sum."""
    left, right = importer.inputs(node)[:2]
    inner, opposite = negated(right), negated(left)
    if inner is not None and opposite is not None:
        return importer.add("SUB", node, [inner, opposite])
    if inner is not None:
        return importer.add("ADD", node, [left, inner])
    return unless_neutral(importer, node, "SUB", 0.0, left, right)


def multiply(importer: Importer, node: Node) -> Value:
    """A product; of a convolution and its bias, the product of each."""
    left, right = importer.ordered_inputs(node)
    passed = _scaled_convolution(importer, node, left, right)
    return passed if passed is not None else unless_neutral(importer, node, "MUL", 1.0, left, right)


def _scaled_convolution(importer: Importer, node: Node, left: Value, right: Value) -> Value | None:
    """(conv + bias) * factor is conv * factor + bias * factor (optimize.td, PassthroughMulAndBiasAdd)."""
    added = left.op
    if added is None or added.name != "ADD" or not is_constant(right) or not is_constant(added.operands[1]):
        return None
    conv = added.operands[0].op
    source = importer.kept.graph[added.nodes[-1]]
    if conv is None or conv.name != "CONV_2D" or len(importer.kept.uses(source.name)) != 1:
        return None
    product = importer.add("MUL", node, [added.operands[0], right])
    bias = importer.constant(source.name, DType.FLOAT, added.operands[1].shape, lambda: None)
    return importer.add("ADD", node, [product, bias])


def square(importer: Importer, node: Node) -> Value:
    """The square of a difference is SQUARED_DIFFERENCE."""
    operand = importer.value(node.inputs[0].array)
    if operand.op is not None and operand.op.name == "SUB":
        return importer.add("SQUARED_DIFFERENCE", node, operand.op.operands)
    return importer.add("SQUARE", node, [operand])


def logarithm(importer: Importer, node: Node) -> Value:
    """The logarithm of SOFTMAX is LOG_SOFTMAX."""
    operand = importer.value(node.inputs[0].array)
    if operand.op is not None and operand.op.name == "SOFTMAX":
        return importer.add("LOG_SOFTMAX", node, operand.op.operands)
    return importer.add("LOG", node, [operand])


def bound(importer: Importer, node: Node) -> Value:
    """MAXIMUM or MINIMUM, the constant last; MAXIMUM with the scalar 0 is RELU.

    Where the 0 comes first, before a MINIMUM with 1, both are RELU_0_TO_1.
    """
    first, second = importer.inputs(node)[:2]
    left, right = importer.ordered_inputs(node)
    below = left.op
    clipped = below is not None and below.name == "MINIMUM" and is_number(below.operands[1], 1.0)
    if node.op == "Maximum" and first is not second and first is right and is_number(first, 0.0) and clipped:
        return importer.add("RELU_0_TO_1", node, below.operands[:1] if below is not None else [left])
    if node.op == "Maximum" and right.shape == () and all_equal(right, 0.0):
        return _relu(importer, node, left)
    return importer.add(LEGALIZED[node.op], node, [left, right])


def add_n(importer: Importer, node: Node) -> Value:
    """Of one array, ADD_N is nothing."""
    operands = importer.inputs(node)
    if len(operands) == 1:
        return operands[0]
    return importer.add("ADD_N", node, operands)


def unless_neutral(
    importer: Importer, node: Node, name: str, neutral: float, left: Value, right: Value
) -> Value:
    """An arithmetic op that goes where a constant right side changes nothing (foldIdentityArithmetic)."""
    return (
        left if _is_neutral(importer, node, neutral, left, right) else importer.add(name, node, [left, right])
    )


def _is_neutral(importer: Importer, node: Node, neutral: float, left: Value, right: Value) -> bool:
    """Whether the op folds to its left side; folds come before patterns, such as that of a sum with a negation."""
    shape = importer.inference.shape(node.name)
    if shape is None or left.shape != shape or left.dtype is not DType.FLOAT:
        return False
    # Where the batch is open, earlier versions only fold scalars (measured).
    folds = None not in shape or importer.version.has(FOLDS_OPEN_BATCHES) or right.shape == ()
    return folds and all_equal(right, neutral)


def divide(importer: Importer, node: Node) -> Value:
    """Division by a constant, or by a root, is multiplication (RealDivWithConstDivisor, canonicalize.td)."""
    left, right = importer.inputs(node)[:2]
    if right.op is not None and right.op.name == "SQRT":
        return importer.add("MUL", node, [left, importer.add("RSQRT", node, right.op.operands, right.shape)])
    if left.dtype is right.dtype is DType.FLOAT and is_constant(right) and _is_met(importer, node):
        inverse = importer.constant(right.name, right.dtype, right.shape, lambda: _inverse(right))
        return unless_neutral(importer, node, "MUL", 1.0, left, inverse)
    return importer.add("DIV", node, [left, right])


def _is_met(importer: Importer, node: Node) -> bool:
    """Whether the pattern of division by a constant sees it: behind an Identity only later versions do."""
    made_by = importer.kept.graph.op(node.inputs[1].node)
    return made_by not in REMOVED or importer.version.has(DIVIDES_BY_HANDED_CONSTANTS)


def _inverse(value: Value) -> Tensor | None:
    tensor = value.op.load() if value.op is not None else None
    return None if tensor is None else _inverted(tensor)


def _inverted(tensor: Tensor) -> Tensor:
    inverses = [float32(1 / number) if number else math.inf for number in tensor.reals()]
    return Tensor.of(tensor.dtype, tensor.shape, inverses)


def broadcast(importer: Importer, node: Node) -> Value:
    """BROADCAST_TO, or a product with ones."""
    source, sizes = importer.inputs(node)[:2]
    shape = importer.inference.shape(node.name)
    multiplied = source.dtype in (DType.FLOAT, DType.INT32, DType.INT16)
    if (
        not multiplied
        or shape is None
        or None in shape
        or len(shape) > 4
        or not importer.version.has(CONVERT_TF_BROADCAST_TO)
    ):
        return importer.add("BROADCAST_TO", node, [source, sizes])
    count = [size for size in shape if size is not None]
    ones = importer.constant(node.name, source.dtype, shape, lambda: Tensor.of(DType.FLOAT, count, [1.0]))
    passed = _scaled_convolution(importer, node, source, ones)
    return passed if passed is not None else unless_neutral(importer, node, "MUL", 1.0, source, ones)


def tile(importer: Importer, node: Node) -> Value:
    """TILE, which goes where it repeats nothing (TileOp::fold)."""
    source, times = importer.inputs(node)[:2]
    repeats_nothing = set(importer.integers(node.inputs[1].array) or (0,)) == {1}
    return source if repeats_nothing else importer.add("TILE", node, [source, times])
