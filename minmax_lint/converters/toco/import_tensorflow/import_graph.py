"""From the kept nodes to TOCO's operators, as import_tensorflow.cc does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush

from minmax_lint.converters.toco.failure import Fatal, Unmodeled
from minmax_lint.converters.toco.import_tensorflow.control_flow import refuse_control_flow
from minmax_lint.converters.toco.import_tensorflow.converter_map import (
    IMPORTED,
    NO_OPERATOR,
    OUTPUT_COUNT_ATTRS,
    OUTPUT_COUNTS,
    UNMODELED,
)
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Constant, Operator
from minmax_lint.graph.cut_values import HAD_VALUE
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import RANGE_FROM_INPUTS
from minmax_lint.graph.names import array_name
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference
from minmax_lint.ops.table import IDENTITIES

FLOAT_ONLY = frozenset(
    {"AvgPool", "BiasAdd", "Conv2D", "DepthToSpace", "DepthwiseConv2dNative", "Floor", "LeakyRelu", "MaxPool"}
)
"""The importer CHECKs that `T` is float."""

CHANNELS_LAST_ONLY = frozenset({"AvgPool", "Conv2D", "DepthwiseConv2dNative", "MaxPool"})
"""The importer CHECKs that `data_format` is NHWC."""


def import_graph(kept: Kept, inference: Inference) -> Model:
    """The model before any transformation.

    Raises Fatal where the importer CHECKs and for control flow that TOCO cannot quantize, Unmodeled for cycles.
    """
    refuse_control_flow(kept, inference)
    model = Model(kept.inputs, kept.outputs, inference)
    inputs = set(kept.inputs)
    consumed = kept.once(_consumed_ports)
    for name in (*kept.inputs, *kept.outputs):
        model.source_array(name)
    for name in kept.once(import_order):
        op = kept.graph.op(name)
        if kept.is_cut(name) and name in inputs:
            _import_bound(model, kept.graph[name])
            continue
        if op == "Const":
            _import_constant(model, name)
        elif op not in NO_OPERATOR and not kept.is_cut(name):
            _import_node(model, kept.graph[name], consumed.get(name, 0))
    return model


def import_order(kept: Kept, names: Iterable[str] | None = None) -> list[str]:
    """The kept nodes as import_graph_def orders them: the first in the file whose inputs are there, again and again."""
    order = list(kept.order if names is None else names)
    raw, position = kept.graph.columns.inputs, kept.graph.position
    wanted = set(order)
    waiting: dict[str, int] = {}
    readers: dict[str, list[str]] = {}
    seen: set[str] = set()
    sorted_already = True
    for name in order:
        sources = set() if kept.is_cut(name) else {_source(text) for text in raw[position(name)]} & wanted
        sorted_already = sorted_already and sources <= seen
        seen.add(name)
        waiting[name] = len(sources)
        for source in sources:
            readers.setdefault(source, []).append(name)
    if sorted_already:
        return order
    ready = [position(name) for name in order if not waiting[name]]
    heapify(ready)
    result = []
    while ready:
        name = kept.graph.names[heappop(ready)]
        result.append(name)
        for reader in readers.get(name, ()):
            waiting[reader] -= 1
            if not waiting[reader]:
                heappush(ready, position(reader))
    if len(result) < len(order):
        raise Unmodeled("the graph has a cycle")
    return result


def _source(text: str) -> str:
    if text.startswith("^"):
        return text[1:]
    name, colon, port = text.rpartition(":")
    return name if colon and port.isdigit() else text


def _consumed_ports(kept: Kept) -> dict[str, int]:
    """Node -> the highest output port that a kept node reads, where it is not 0 (AddExtraOutputs)."""
    result: dict[str, int] = {}
    raw, position = kept.graph.columns.inputs, kept.graph.position
    texts = [text for name in kept.order for text in raw[position(name)] if ":" in text]
    for text in (*texts, *kept.outputs):
        name, colon, port = text.rpartition(":")
        if colon and port.isdigit():
            result[name] = max(result.get(name, 0), int(port))
    return result


def _import_bound(model: Model, node: Node) -> None:
    """A bound of FakeQuants that is named as an input is a constant all the same (measured with TF 2.15.1)."""
    value = node.attribute(HAD_VALUE)
    if isinstance(value, Tensor) and _is_bound(model.inference.kept, node.name):
        model.source_array(node.name).buffer = Constant(lambda: value)


def _is_bound(kept: Kept, name: str) -> bool:
    """Whether nothing but FakeQuants read an array, as their bounds, perhaps through Identities."""
    pending = [name]
    for current in pending:
        for use in kept.uses(current):
            if kept.graph.op(use.node) in IDENTITIES:
                pending.append(use.node)
            elif not use.slot or kept.graph.op(use.node) not in RANGE_FROM_INPUTS:
                return False
    return True


def _import_constant(model: Model, name: str) -> None:
    array = model.source_array(name)
    array.buffer = Constant(lambda: model.inference.constant(name))


def _import_node(model: Model, node: Node, last_port: int) -> None:
    if node.op in UNMODELED:
        raise Unmodeled(f"this model does not follow TOCO's handling of {node.op} ({node.name})")
    _check_attributes(node)
    for edge in node.inputs:
        model.source_array(edge.array)
    special = _SPECIAL.get(node.op)
    if special is not None:
        special(model, node)
        return
    type = IMPORTED.get(node.op, "Unsupported")
    edges = [edge.array for edge in node.inputs]
    if type in ("Identity", "FakeQuant"):
        edges = edges[: 3 if node.op == "FakeQuantWithMinMaxVars" else 1]
    _add(model, Operator(type, edges, _outputs(model, node, last_port), node))


def _check_attributes(node: Node) -> None:
    if node.op in FLOAT_ONLY and node.dtype("T") not in (DType.FLOAT, None):
        raise Fatal('Check failed: GetDataTypeAttr(node, "T") == DT_FLOAT', node=node.name, array=node.name)
    if node.op in CHANNELS_LAST_ONLY and node.text("data_format", "NHWC") != "NHWC":
        raise Fatal(
            f"Check failed: {node.op} {node.name}: data_format is {node.text('data_format')}, only NHWC",
            node=node.name,
            array=node.name,
        )


def _outputs(model: Model, node: Node, last_port: int) -> list[str]:
    attr = OUTPUT_COUNT_ATTRS.get(node.op)
    declared = node.integer(attr, 1) if attr else OUTPUT_COUNTS.get(node.op, 1)
    names = [array_name(node.name, port) for port in range(max(declared, last_port + 1))]
    for name in names:
        model.source_array(name)
    return names


def _add(model: Model, op: Operator) -> None:
    """Append; behind an operator that TOCO does not know no shape is known, nor any that follows from it."""
    model.append(op)
    unknown = op.type == "Unsupported" and "_output_shapes" not in op.node.attrs
    if unknown or not model.without_shape.isdisjoint(op.inputs):
        model.without_shape.update(op.outputs)
        for name in op.outputs:
            model.arrays[name].shape = None


def _identity_n(model: Model, node: Node) -> None:
    """ConvertIdentityNOperator: an Identity for each input."""
    for slot, edge in enumerate(node.inputs):
        name = array_name(node.name, slot)
        model.source_array(name)
        _add(model, Operator("Identity", [edge.array], [name], node))


def _weights_reader(
    suffix: str, type: str, reorder: str, slots: tuple[int, int]
) -> Callable[[Model, Node], None]:
    """An affine op whose weights go through an operator of their own, shared by all readers of the weights."""
    activations, weights = slots

    def convert(model: Model, node: Node) -> None:
        source = node.inputs[weights].array
        name = source + suffix
        if name not in model.arrays:
            model.new_array(name, source, DType.FLOAT, _reordered_shape(type, model.arrays[source].shape))
            op = Operator(reorder, [source], [name], node)
            op.nodes = ()
            if type == "TransposeConv":
                op.attrs["perm"] = (2, 0, 1, 3)
            else:
                op.attrs["order"] = type
            _add(model, op)
        inputs = [edge.array for edge in node.inputs]
        inputs[weights] = name
        if type != "TransposeConv":
            inputs = [inputs[activations], name]
        _add(model, Operator(type, inputs, _outputs(model, node, 0), node))

    return convert


def _reordered_shape(type: str, shape: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if shape is None or len(shape) != 4:
        return None
    height, width, inner, outer = shape
    if type == "Conv":
        return (outer, height, width, inner)
    return (1, height, width, inner * outer) if type == "DepthwiseConv" else (inner, height, width, outer)


def _import_batch_normalization(model: Model, node: Node) -> None:
    """Gamma * rsqrt(variance + epsilon) as operators of their own, then BatchNormalization."""
    x, gamma, beta, mean, variance = (edge.array for edge in node.inputs[:5])
    name = node.name
    shape = model.arrays[variance].shape
    epsilon = model.available_name(f"{name}_epsilon_array")
    model.new_array(epsilon, name, DType.FLOAT, (1,))
    value = node.real("epsilon", 1e-4)
    model.make_constant(epsilon, lambda: Tensor.of(DType.FLOAT, [1], [value]))
    for suffix in ("_epsilon", "_rsqrt", "_mul"):
        model.new_array(name + suffix, name, DType.FLOAT, shape)
    steps = (
        Operator("Add", [variance, epsilon], [f"{name}_epsilon"], node),
        Operator("Rsqrt", [f"{name}_epsilon"], [f"{name}_rsqrt"], node),
        Operator("Mul", [f"{name}_rsqrt", gamma], [f"{name}_mul"], node),
    )
    for step in steps:
        step.nodes = ()
        _add(model, step)
    outputs = _outputs(model, node, 0)
    _add(model, Operator("BatchNormalization", [x, mean, f"{name}_mul", beta], outputs, node))


_SPECIAL: dict[str, Callable[[Model, Node], None]] = {
    "IdentityN": _identity_n,
    "Conv2D": _weights_reader("_reordered", "Conv", "ReorderAxes", (0, 1)),
    "DepthwiseConv2dNative": _weights_reader("_reordered", "DepthwiseConv", "ReorderAxes", (0, 1)),
    "Conv2DBackpropInput": _weights_reader("_transposed", "TransposeConv", "Transpose", (2, 1)),
    "FusedBatchNorm": _import_batch_normalization,
    "FusedBatchNormV3": _import_batch_normalization,
}
