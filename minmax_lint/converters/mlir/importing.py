"""From the kept nodes to the converter's function: legalized operations, FakeQuants as quantize/dequantize.

Sources: the TensorFlow importer (order of operations), prepare_tf.cc (FakeQuants), legalize_patterns.td.
"""

from __future__ import annotations

from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.scales import Scale, scale_of
from minmax_lint.converters.mlir.tables import LEGALIZED, NO_BUILTIN, REMOVED, Version
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FAKE_QUANTS, read_fake_quant
from minmax_lint.graph.inference import Inference
from minmax_lint.graph.names import array_name, parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import Kept


class Refused(Exception):
    """The converter fails here: `kind` as in Prediction, with its message."""

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        node: str | None = None,
        array: str | None = None,
        op: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.node = node
        self.array = array
        self.op = op


class Unfollowed(Exception):
    """The model cannot say what the converter does; the message says why."""


def no_builtin(node: Node) -> Refused:
    """The converter's refusal of an op that is no TFLite builtin."""
    return Refused(
        "other",
        f"'tf.{node.op}' op is neither a custom op nor a flex op",
        node=node.name,
        array=node.name,
        op=node.op,
    )


class Importer:
    """Builds the function; `values` maps source arrays to values."""

    def __init__(self, kept: Kept, inference: Inference, version: Version) -> None:
        self.kept = kept
        self.inference = inference
        self.version = version
        self.function = Function()
        self.values: dict[str, Value] = {}

    def run(self) -> Function:
        """Raises Refused or Unfollowed."""
        for array in self.kept.inputs:
            value = Value(array, self.inference.dtype(array), self.inference.shape(array))
            self.values[array] = value
            self.function.arguments.append(value)
        for name in import_order(self.kept):
            if not self.kept.is_cut(name):
                self._import(self.kept.graph[name])
        for array in self.kept.outputs:
            self.function.returned.add_operand(self.value(array))
        self.function.sweep()
        return self.function

    def value(self, array: str) -> Value:
        """The value of a source array; constants are made where they are first read."""
        found = self.values.get(array)
        if found is None:
            if not self.inference.is_constant(array):
                raise Unfollowed(f"nothing in the kept subgraph gives {array} a value")
            found = self.values[array] = self.constant(array, self.inference.constant(array))
        return found

    def constant(self, array: str, tensor: Tensor | None) -> Value:
        """A constant operation."""
        shape = tensor.shape if tensor is not None else self.inference.shape(array)
        dtype = tensor.dtype if tensor is not None else self.inference.dtype(array)
        op = Operation(CONST, (), (parse_edge(array).node,), value=tensor)
        self.function.append(op)
        return op.add_result(array, dtype, shape)

    def add(self, name: str, node: Node, operands: list[Value], array: str, **attrs: object) -> Value:
        """An operation of one result that stands for source array `array`."""
        op = Operation(name, operands, (node.name,), node=node, **attrs)
        self.function.append(op)
        return op.add_result(array, self.inference.dtype(array), self.inference.shape(array))

    def _import(self, node: Node) -> None:
        if node.op in ("Const", "Placeholder", "NoOp") or self.inference.is_constant(node.name):
            return
        if node.op in FAKE_QUANTS:
            self.values[node.name] = self._fake_quant(node)
        elif node.op in REMOVED:
            self.values[node.name] = self.value(node.inputs[0].array)
        elif node.op in COMPOSED:
            self.values[node.name] = COMPOSED[node.op](self, node)
        else:
            self._legalize(node)

    def _legalize(self, node: Node) -> None:
        if node.op in NO_BUILTIN or node.op in self.version.without_legalization:
            raise no_builtin(node)
        name = LEGALIZED.get(node.op)
        if name is None:
            raise Unfollowed(f"this model does not know the op {node.op} ({node.name})")
        operands = [self.value(edge.array) for edge in node.inputs]
        op = self.function.append(Operation(name, _ordered(name, operands), (node.name,), node=node))
        ports = _result_count(node)
        for port in range(ports):
            array = array_name(node.name, port)
            self.values[array] = op.add_result(
                array, self.inference.dtype(array), self.inference.shape(array)
            )

    def _fake_quant(self, node: Node) -> Value:
        found = read_fake_quant(self.kept.graph, node)
        source = self.value(node.inputs[0].array)
        scale = self._scale(node)
        if found.per_channel and (source.op is None or source.op.name != CONST):
            raise no_builtin(node)
        return quantized(self.function, source, scale, node.name, (node.name,))

    def _scale(self, node: Node) -> Scale:
        found = read_fake_quant(self.kept.graph, node)
        ranges = found.ranges
        if not ranges and len(node.inputs) >= 3:
            bounds = [self.inference.constant(edge.array) for edge in node.inputs[1:3]]
            if any(not self.inference.is_constant(edge.array) for edge in node.inputs[1:3]):
                raise no_builtin(node)
            known = [bound for bound in bounds if bound is not None and bound.known]
            if len(known) < 2:
                raise Unfollowed(
                    f"the range of {node.name} is a constant whose value this model cannot compute"
                )
            raise Unfollowed(f"the range of {node.name} is not read yet")
        scales = [scale_of(range_, found.num_bits, found.narrow_range) for range_ in ranges]
        if not found.per_channel:
            return scales[0]
        return scales[0]._replace(channels=tuple((scale.scale, scale.zero_point) for scale in scales))


def quantized(
    function: Function,
    source: Value,
    scale: Scale,
    name: str,
    nodes: tuple[str, ...],
    *,
    volatile: bool = False,
) -> Value:
    """`source` through a quantize and a dequantize at the end of the function; the dequantized value."""
    quantize = function.append(Operation(QUANTIZE, [source], nodes))
    stored = quantize.add_result(name, DType.FLOAT, source.shape)
    stored.scale = scale
    quantize.volatile = volatile
    dequantize = function.append(Operation(DEQUANTIZE, [stored], nodes))
    return dequantize.add_result(name, DType.FLOAT, source.shape)


def import_order(kept: Kept) -> list[str]:
    """Reverse post-order over consumers, smaller names first, as the importer orders nodes (graph_algorithm)."""
    readers: dict[str, set[str]] = {}
    roots: list[str] = []
    for name in kept.nodes:
        sources = () if kept.is_cut(name) else {edge.node for edge in kept.graph[name].inputs} & kept.nodes
        for source in sources:
            readers.setdefault(source, set()).add(name)
        if not sources:
            roots.append(name)
    finished: list[str] = []
    seen: set[str] = set()
    stack: list[tuple[str, bool]] = [(name, False) for name in sorted(roots)]
    while stack:
        name, done = stack.pop()
        if done:
            finished.append(name)
        elif name not in seen:
            seen.add(name)
            stack.append((name, True))
            stack += [(reader, False) for reader in sorted(readers.get(name, ())) if reader not in seen]
    if len(finished) < len(kept.nodes):
        raise Unfollowed("the graph has a cycle")
    return finished[::-1]


def _ordered(name: str, operands: list[Value]) -> list[Value]:
    """Operands in TFLite's order; the axis of a concatenation is an attribute there."""
    if name == "CONCATENATION":
        return [
            value for value in operands if value.dtype is not DType.INT32 or operands[0].dtype is DType.INT32
        ]
    return operands


def _result_count(node: Node) -> int:
    if node.op in ("Split", "SplitV"):
        return node.integer("num_split", 1)
    if node.op == "Unpack":
        return node.integer("num", 1)
    return 2 if node.op in ("TopK", "TopKV2") else 1


def _mat_mul(importer: Importer, node: Node) -> Value:
    """MatMul: FULLY_CONNECTED over transposed weights; a variable right side gets a real TRANSPOSE."""
    left, right = (importer.value(edge.array) for edge in node.inputs[:2])
    if node.flag("transpose_a"):
        left = importer.add("TRANSPOSE", node, [left], node.name)
        left.shape = None
    if not node.flag("transpose_b") and not _constant_behind_quantization(right):
        right = importer.add("TRANSPOSE", node, [right], node.name)
    return importer.add("FULLY_CONNECTED", node, [left, right], node.name)


def _constant_behind_quantization(value: Value) -> bool:
    op = value.op
    while op is not None and op.name in (QUANTIZE, DEQUANTIZE):
        op = op.operands[0].op
    return op is not None and op.name == CONST


def _conv(importer: Importer, node: Node) -> Value:
    """Convolutions get a bias of zeros."""
    name = LEGALIZED[node.op]
    operands = [importer.value(edge.array) for edge in node.inputs]
    shape = operands[1].shape or ()
    depth = (
        (shape[-1] if name == "CONV_2D" else (shape[-1] or 1) * (shape[-2] or 1)) if len(shape) == 4 else None
    )
    zeros = Tensor(DType.FLOAT, [depth], b"") if depth else None
    bias = importer.constant(node.name, zeros)
    bias.dtype = DType.FLOAT
    return importer.add(name, node, [*operands[:2], bias], node.name)


def _batch_norm(importer: Importer, node: Node) -> Value:
    """FusedBatchNorm: x * multiplier + offset (prepare_tf.cc, ConvertFusedBatchNorm)."""
    x = importer.value(node.inputs[0].array)
    depth = importer.inference.shape(node.inputs[1].array)
    parameters = [edge.array for edge in node.inputs[1:5]]
    if not all(importer.inference.is_constant(array) for array in parameters):
        raise Unfollowed(f"the parameters of {node.op} {node.name} are not constant")
    constants = []
    for _ in range(2):
        op = importer.function.append(Operation(CONST, (), (node.name,), value=None))
        constants.append(op.add_result(node.name, DType.FLOAT, depth))
    product = importer.add("MUL", node, [x, constants[0]], node.name)
    return importer.add("ADD", node, [product, constants[1]], node.name)


def _add_n(importer: Importer, node: Node) -> Value:
    operands = [importer.value(edge.array) for edge in node.inputs]
    return importer.add("ADD" if len(operands) == 2 else "ADD_N", node, operands, node.name)


COMPOSED = {
    "AddN": _add_n,
    "Conv2D": _conv,
    "DepthwiseConv2dNative": _conv,
    "FusedBatchNorm": _batch_norm,
    "FusedBatchNormV2": _batch_norm,
    "FusedBatchNormV3": _batch_norm,
    "MatMul": _mat_mul,
}
"""TensorFlow ops that become something else than one operation of the same operands."""
