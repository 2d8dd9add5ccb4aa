"""TensorFlow ops that become something else than one operation of the same operands.

Sources: prepare_tf.cc, prepare_patterns.td, legalize_patterns.td, and the folding of TensorFlow's dialect.
"""

from __future__ import annotations

import math
import struct

from minmax_lint.converters.mlir.failure import Unfollowed
from minmax_lint.converters.mlir.fakequants import constant_behind, fake_quant, is_constant, quantize_of
from minmax_lint.converters.mlir.importing import Importer, Rule
from minmax_lint.converters.mlir.ir import Value
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
    if quantize.attrs.get("movable"):
        inner = moved(importer, node, name, quantize.operands[0], shape, *others)
    elif quantize.result.only_user is not None and source.use_count == 0:
        inner = importer.add(name, node, [source, *others], shape)
    else:
        return importer.add(name, node, [source, *others], shape)
    scale = quantize.result.scale
    fake_quant_node = importer.kept.graph[quantize.nodes[-1]]
    result = importer.quantized(inner, scale, fake_quant_node, movable=quantize.attrs.get("movable"))
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
    order = importer.constant(node.name, DType.INT32, (2,), lambda: None)
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
    filters = moved(importer, node, "TRANSPOSE", filters, wanted, order)
    return importer.add("TRANSPOSE_CONV", node, [sizes, filters, image])


def _batch_norm(importer: Importer, node: Node) -> Value:
    """X * multiplier + offset."""
    x = importer.value(node.inputs[0].array)
    parameters = [edge.array for edge in node.inputs[1:5]]
    if not all(importer.inference.is_constant(array) for array in parameters):
        raise Unfollowed(f"the parameters of {node.op} {node.name} are not constant", node.name)
    depth = importer.inference.shape(parameters[0])
    factor, offset = (
        importer.constant(node.name, DType.FLOAT, depth, lambda: None) for _ in ("factor", "offset")
    )
    product = importer.add("MUL", node, [x, factor])
    return importer.add("ADD", node, [product, offset])


def _add_n(importer: Importer, node: Node) -> Value:
    operands = importer.inputs(node)
    if len(operands) == 1:
        return operands[0]
    return importer.add("ADD" if len(operands) == 2 else "ADD_N", node, operands)


def _identity_element(name: str, neutral: float, *, either_side: bool) -> Rule:
    """An arithmetic op that goes where a constant operand changes nothing (foldIdentityArithmetic)."""

    def rule(importer: Importer, node: Node) -> Value:
        left, right = importer.inputs(node)[:2]
        shape = importer.inference.shape(node.name)
        if left.dtype is DType.FLOAT and shape is not None and None not in shape:
            if left.shape == shape and all_equal(right, neutral):
                return left
            if either_side and right.shape == shape and all_equal(left, neutral):
                return right
        return importer.add(name, node, [left, right])

    return rule


def _divide(importer: Importer, node: Node) -> Value:
    """Division by a constant is multiplication by its inverse (RealDivWithConstDivisor)."""
    left, right = importer.inputs(node)[:2]
    if left.dtype is DType.FLOAT and is_constant(right):
        shape = importer.inference.shape(node.name)
        if left.shape == shape and all_equal(right, 1.0):
            return left
        inverse = importer.constant(right.name, right.dtype, right.shape, lambda: _inverse(right))
        return importer.add("MUL", node, [left, inverse])
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


def _batch_mat_mul(importer: Importer, node: Node) -> Value:
    left, right = importer.inputs(node)[:2]
    if constant_behind(right) is not None and importer.version.constant_batch_matmul_is_fully_connected:
        return importer.add("FULLY_CONNECTED", node, [left, right])
    return importer.add("BATCH_MATMUL", node, [left, right])


COMPOSED: dict[str, Rule] = {
    **dict.fromkeys(FAKE_QUANTS, fake_quant),
    **dict.fromkeys(("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), _batch_mat_mul),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), _batch_norm),
    **dict.fromkeys(("Conv2D", "DepthwiseConv2dNative"), _conv),
    **dict.fromkeys(("Concat", "ConcatV2"), _concat),
    **dict.fromkeys(("Add", "AddV2", "BiasAdd"), _identity_element("ADD", 0.0, either_side=True)),
    **dict.fromkeys(("RealDiv", "Div"), _divide),
    "AddN": _add_n,
    "Conv2DBackpropInput": _transpose_conv,
    "MatMul": _mat_mul,
    "Mul": _identity_element("MUL", 1.0, either_side=True),
    "Reshape": _reshape,
    "Sub": _identity_element("SUB", 0.0, either_side=False),
    "Transpose": _transpose,
}
"""TensorFlow op -> rule."""
