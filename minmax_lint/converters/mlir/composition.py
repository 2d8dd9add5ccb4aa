"""TensorFlow ops that become something else than one operation of the same operands.

Sources: prepare_tf.cc, prepare_patterns.td, legalize_patterns.td, and the folding of TensorFlow's dialect.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from minmax_lint.converters.mlir.failure import Unfollowed
from minmax_lint.converters.mlir.fakequants import fake_quant, is_constant, quantize_of
from minmax_lint.converters.mlir.importing import Importer, Rule
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.tables import LEGALIZED
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape, Tensor


def moved(
    importer: Importer, node: Node, name: str, source: Value, shape: Shape | None, *others: Value
) -> Value:
    """A RESHAPE or TRANSPOSE of `source`, in front of the FakeQuants that `source` comes through."""
    quantize = quantize_of(source)
    if quantize is None or quantize.result.scale is None:
        if source.op is not None and is_constant(source):
            # Folded; the content only matters where a scale is read off it, which no order changes.
            return importer.constant(source.name, source.dtype, shape, source.op.load)
        return importer.add(name, node, [source, *others], shape)
    if importer.reader_count(quantize.nodes[-1]) > 1 and not quantize.attrs.get("moved"):
        return importer.add(name, node, [source, *others], shape)
    if quantize.attrs.get("movable"):
        inner = moved(importer, node, name, quantize.operands[0], shape, *others)
    else:
        inner = importer.add(name, node, [source, *others], shape)
    scale = quantize.result.scale
    fake_quant_node = importer.kept.graph[quantize.nodes[-1]]
    result = importer.quantized(
        inner, scale, fake_quant_node, movable=quantize.attrs.get("movable"), moved=True
    )
    for op in (result.op, result.op and result.op.operands[0].op):
        if op is not None:
            op.result.name = node.name
    return result


def _reshape(importer: Importer, node: Node) -> Value:
    source, sizes = importer.inputs(node)[:2]
    shape = importer.inference.shape(node.name)
    if shape is not None and shape == source.shape and None not in shape:
        return source
    return moved(importer, node, "RESHAPE", source, shape, sizes)


def _transpose(importer: Importer, node: Node) -> Value:
    source, order = importer.inputs(node)[:2]
    axes = importer.integers(node.inputs[1].array)
    if axes is not None and axes == tuple(range(len(axes))):
        return source
    return moved(importer, node, "TRANSPOSE", source, importer.inference.shape(node.name), order)


def _flipped(importer: Importer, node: Node, source: Value) -> Value:
    shape = tuple(reversed(source.shape)) if source.shape is not None else None
    order = importer.constant(node.name, DType.INT32, (2,), lambda: Tensor.of(DType.INT32, [2], [1, 0]))
    quantize = quantize_of(source)
    if quantize is not None and quantize.result.scale is not None and quantize.result.scale.channels:
        return importer.add("TRANSPOSE", node, [source, order], shape)
    return moved(importer, node, "TRANSPOSE", source, shape, order)


def _mat_mul(importer: Importer, node: Node) -> Value:
    """FULLY_CONNECTED; what is not transposed as it wants it gets a TRANSPOSE."""
    left, right = importer.inputs(node)[:2]
    if node.flag("transpose_a"):
        left = _flipped(importer, node, left)
    if not node.flag("transpose_b"):
        right = _flipped(importer, node, right)
    return importer.add("FULLY_CONNECTED", node, [left, right])


def _conv(importer: Importer, node: Node) -> Value:
    """Convolutions get a bias of zeros; filters are transposed, or reshaped for the depthwise one."""
    image, filters = importer.inputs(node)[:2]
    depthwise = node.op == "DepthwiseConv2dNative"
    shape = filters.shape
    wanted: Shape | None = None
    if shape is not None and len(shape) == 4:
        rows, columns, depth, count = shape
        total = None if depth is None or count is None else depth * count
        wanted = (1, rows, columns, total) if depthwise else (count, rows, columns, depth)
    order = importer.constant(node.name, DType.INT32, (4,), lambda: None)
    filters = moved(importer, node, "RESHAPE" if depthwise else "TRANSPOSE", filters, wanted, order)
    channels = None if wanted is None else wanted[-1] if depthwise else wanted[0]
    bias = importer.zeros(node.name, channels)
    name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    return importer.add(name, node, [image, filters, bias])


def _transpose_conv(importer: Importer, node: Node) -> Value:
    sizes, filters, image = importer.inputs(node)[:3]
    shape = filters.shape
    wanted = None if shape is None else (shape[2], shape[0], shape[1], shape[3])
    order = importer.constant(node.name, DType.INT32, (4,), lambda: None)
    if is_constant(filters):
        filters = moved(importer, node, "TRANSPOSE", filters, wanted, order)
    else:
        filters = importer.add("TRANSPOSE", node, [filters, order], wanted)
    return importer.add("TRANSPOSE_CONV", node, [sizes, filters, image])


def _batch_norm(importer: Importer, node: Node) -> Value:
    """A product and a sum with constants, computed from the node's; neutral ones are folded away."""
    x = importer.value(node.inputs[0].array)
    arrays = [edge.array for edge in node.inputs[1:5]]
    if not all(importer.inference.is_constant(array) for array in arrays):
        raise Unfollowed(f"the parameters of {node.op} {node.name} are not constant", node.name)
    depth = importer.inference.shape(arrays[0])
    folded = BatchNorm(importer, node, arrays)
    factor = importer.constant(node.name, DType.FLOAT, depth, folded.factor)
    offset = importer.constant(node.name, DType.FLOAT, depth, folded.offset)
    product = _neutral(importer, node, "MUL", 1.0, x, factor)
    return _neutral(importer, node, "ADD", 0.0, product, offset)


class BatchNorm:
    """The factor and the offset that an inference-time batch normalization is (prepare_patterns.td)."""

    def __init__(self, importer: Importer, node: Node, arrays: list[str]) -> None:
        self._load = [importer.inference.constant(array) for array in arrays]
        self._epsilon = node.real("epsilon", 1e-4)

    def factor(self) -> Tensor | None:
        """Scale / sqrt(variance + epsilon)."""
        return self._computed(lambda scale, offset, mean, variance: self._scaled(scale, variance))

    def offset(self) -> Tensor | None:
        """Offset - mean * factor."""
        return self._computed(
            lambda scale, offset, mean, variance: offset - mean * self._scaled(scale, variance)
        )

    def _scaled(self, scale: float, variance: float) -> float:
        root = math.sqrt(max(variance + self._epsilon, 0.0))
        return scale / root if root else math.inf

    def _computed(self, function: Callable[[float, float, float, float], float]) -> Tensor | None:
        scale, *others = self._load
        if scale is None or not scale.known or any(other is None or not other.known for other in others):
            return None
        columns = [tensor.values() for tensor in (scale, *others) if tensor is not None]
        return Tensor.of(
            DType.FLOAT, scale.shape, [function(*map(float, row)) for row in zip(*columns, strict=True)]
        )


def _idempotent(importer: Importer, node: Node) -> Value:
    """Twice is once."""
    operand = importer.value(node.inputs[0].array)
    name = LEGALIZED[node.op]
    if operand.op is not None and operand.op.name == name:
        return operand
    return importer.add(name, node, [operand])


def _negation(importer: Importer, node: Node) -> Value:
    operand = importer.value(node.inputs[0].array)
    inner = negated(operand)
    return inner if inner is not None else importer.add("NEG", node, [operand])


def negated(value: Value) -> Value | None:
    """What `value` is the negation of."""
    return value.op.operands[0] if value.op is not None and value.op.name == "NEG" else None


def _add(importer: Importer, node: Node) -> Value:
    """A sum; with a negation it is a difference (canonicalize.td)."""
    sources = _both_transposed(importer, node)
    if sources is not None:
        total = importer.add("ADD", node, sources, sources[0].shape)
        order = importer.value(importer.kept.graph[node.inputs[0].node].inputs[1].array)
        return moved(importer, node, "TRANSPOSE", total, importer.inference.shape(node.name), order)
    left, right = importer.ordered_inputs(node)
    if node.op != "BiasAdd":
        for one, other in ((right, left), (left, right)):
            inner = negated(other)
            if inner is not None:
                return importer.add("SUB", node, [one, inner])
    return _neutral(importer, node, "ADD", 0.0, left, right)


def _both_transposed(importer: Importer, node: Node) -> list[Value] | None:
    """The operands in front of two equal transpositions (MoveTransposesPass moves these behind the sum)."""
    graph = importer.kept.graph
    nodes = [graph[edge.node] for edge in node.inputs]
    if any(source.op != "Transpose" or importer.inference.is_constant(source.name) for source in nodes):
        return None
    orders = [importer.integers(source.inputs[1].array) for source in nodes]
    if orders[0] is None or orders[0] != orders[1]:
        return None
    return [importer.value(source.inputs[0].array) for source in nodes]


def _subtract(importer: Importer, node: Node) -> Value:
    left, right = importer.inputs(node)[:2]
    inner = negated(right)
    if inner is not None:
        return importer.add("ADD", node, [left, inner])
    return _neutral(importer, node, "SUB", 0.0, left, right)


def _multiply(importer: Importer, node: Node) -> Value:
    left, right = importer.ordered_inputs(node)
    passed = _scaled_convolution(importer, node, left, right)
    return passed if passed is not None else _neutral(importer, node, "MUL", 1.0, left, right)


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


def _square(importer: Importer, node: Node) -> Value:
    """The square of a difference is SQUARED_DIFFERENCE."""
    operand = importer.value(node.inputs[0].array)
    if operand.op is not None and operand.op.name == "SUB":
        return importer.add("SQUARED_DIFFERENCE", node, operand.op.operands)
    return importer.add("SQUARE", node, [operand])


def _log(importer: Importer, node: Node) -> Value:
    operand = importer.value(node.inputs[0].array)
    if operand.op is not None and operand.op.name == "SOFTMAX":
        return importer.add("LOG_SOFTMAX", node, operand.op.operands)
    return importer.add("LOG", node, [operand])


def _pack(importer: Importer, node: Node) -> Value:
    operands = importer.inputs(node)
    if len(operands) > 1:
        return importer.add("PACK", node, operands)
    sizes = importer.constant(node.name, DType.INT32, (1,), lambda: None)
    return moved(importer, node, "RESHAPE", operands[0], importer.inference.shape(node.name), sizes)


def _bound(importer: Importer, node: Node) -> Value:
    return importer.add(LEGALIZED[node.op], node, importer.ordered_inputs(node))


def _add_n(importer: Importer, node: Node) -> Value:
    operands = importer.inputs(node)
    if len(operands) == 1:
        return operands[0]
    return importer.add("ADD_N", node, operands)


def _neutral(importer: Importer, node: Node, name: str, neutral: float, left: Value, right: Value) -> Value:
    """An arithmetic op that goes where a constant right side changes nothing (foldIdentityArithmetic)."""
    shape = importer.inference.shape(node.name)
    fixed = shape is not None and None not in shape and left.shape == shape
    if fixed and left.dtype is DType.FLOAT and all_equal(right, neutral):
        return left
    return importer.add(name, node, [left, right])


def _divide(importer: Importer, node: Node) -> Value:
    """Division by a constant, or by a root, is multiplication (RealDivWithConstDivisor, canonicalize.td)."""
    left, right = importer.inputs(node)[:2]
    if right.op is not None and right.op.name == "SQRT":
        return importer.add("MUL", node, [left, importer.add("RSQRT", node, right.op.operands, right.shape)])
    if left.dtype is DType.FLOAT and is_constant(right):
        inverse = importer.constant(right.name, right.dtype, right.shape, lambda: _inverse(right))
        return _neutral(importer, node, "MUL", 1.0, left, inverse)
    return importer.add("DIV", node, [left, right])


def _inverse(value: Value) -> Tensor | None:
    tensor = value.op.load() if value.op is not None else None
    if tensor is None:
        return None
    inverses = [1 / float(number) if number else math.inf for number in tensor.values()]
    return Tensor.of(tensor.dtype, tensor.shape, inverses)


def all_equal(value: Value, number: float) -> bool:
    """Whether `value` is a float constant whose every element is `number`."""
    tensor = value.op.load() if value.op is not None and is_constant(value) else None
    if tensor is None or tensor.dtype is not DType.FLOAT or not tensor.size or tensor.content is None:
        return False
    stored = tensor.stored
    if not stored:
        return number == 0
    # Bytes, because weights are large and numpy is not loaded for this.
    wanted = struct.pack("<f", number)
    content = bytes(tensor.content[: 4 * stored])
    return content[:4] == wanted and content == wanted * stored


def _concat(importer: Importer, node: Node) -> Value:
    slots = node.inputs[:-1] if node.op == "ConcatV2" else node.inputs[1:]
    operands = [importer.value(edge.array) for edge in slots]
    return operands[0] if len(operands) == 1 else importer.add("CONCATENATION", node, operands)


def _broadcast(importer: Importer, node: Node) -> Value:
    source, sizes = importer.inputs(node)[:2]
    shape = importer.inference.shape(node.name)
    if not importer.version.broadcasts_by_product or shape is None or None in shape:
        return importer.add("BROADCAST_TO", node, [source, sizes])
    count = [size for size in shape if size is not None]
    ones = importer.constant(node.name, source.dtype, shape, lambda: Tensor.of(DType.FLOAT, count, [1.0]))
    return _neutral(importer, node, "MUL", 1.0, source, ones)


def _select(importer: Importer, node: Node) -> Value:
    """SELECT_V2 is for operands that are broadcast."""
    operands = importer.inputs(node)
    same = len({value.shape for value in operands}) == 1
    return importer.add("SELECT" if same else "SELECT_V2", node, operands)


COMPOSED: dict[str, Rule] = {
    **dict.fromkeys(FAKE_QUANTS, fake_quant),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), _batch_norm),
    **dict.fromkeys(("Conv2D", "DepthwiseConv2dNative"), _conv),
    **dict.fromkeys(("Concat", "ConcatV2"), _concat),
    **dict.fromkeys(("Abs", "Ceil", "Floor", "Relu", "Relu6", "Rint", "Round", "Sign"), _idempotent),
    **dict.fromkeys(("Add", "AddV2", "BiasAdd"), _add),
    **dict.fromkeys(("Maximum", "Minimum"), _bound),
    **dict.fromkeys(("RealDiv", "Div"), _divide),
    "AddN": _add_n,
    "BroadcastTo": _broadcast,
    "Conv2DBackpropInput": _transpose_conv,
    "MatMul": _mat_mul,
    "Log": _log,
    "Mul": _multiply,
    "Neg": _negation,
    "Pack": _pack,
    "Square": _square,
    "Reshape": _reshape,
    "SelectV2": _select,
    "Sub": _subtract,
    "Transpose": _transpose,
}
"""TensorFlow op -> rule."""
