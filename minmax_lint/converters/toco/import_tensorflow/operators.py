"""From one TensorFlow node to TOCO's operators, and what the importer checks of it (import_tensorflow.cc)."""

from collections.abc import Callable

from minmax_lint.converters.releases import Number
from minmax_lint.converters.toco.failure import Fatal, Unmodeled
from minmax_lint.converters.toco.import_tensorflow.converter_map import (
    IMPORTED,
    IMPORTED_SINCE,
    OUTPUT_COUNT_ATTRS,
    OUTPUT_COUNTS,
    UNMODELED,
)
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Constant, Operator
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import array_name
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor

FLOAT_ONLY = frozenset(
    {"AvgPool", "BiasAdd", "Conv2D", "DepthToSpace", "DepthwiseConv2dNative", "Floor", "LeakyRelu", "MaxPool"}
)
"""The importer CHECKs that `T` is float."""

CHANNELS_LAST_ONLY = frozenset({"AvgPool", "Conv2D", "DepthwiseConv2dNative", "MaxPool"})
"""The importer CHECKs that `data_format` is NHWC."""

PADDED = frozenset({"AvgPool", "Conv2D", "Conv2DBackpropInput", "DepthwiseConv2dNative", "MaxPool"})
"""The importer CHECKs that `padding` is one of two."""

INT32_ONLY = {
    "BatchToSpaceND": ("Tblock_shape", "Tcrops"),
    "SpaceToBatchND": ("Tblock_shape", "Tpaddings"),
}
"""The importer CHECKs that these attributes are int32."""


def import_node(model: Model, node: Node, last_port: int, version: Number) -> None:
    """Append the operators of one node; `last_port` is its highest output that is read. Raises Fatal, Unmodeled."""
    if node.op in UNMODELED:
        raise Unmodeled(f"this model does not follow TOCO's handling of {node.op} ({node.name})")
    _check_attributes(node)
    for edge in node.inputs:
        model.source_array(edge.array)
    known = IMPORTED_SINCE.get(node.op, version) <= version
    special = _SPECIAL.get(node.op) if known else None
    if special is not None:
        special(model, node)
        return
    type = IMPORTED.get(node.op, "Unsupported") if known else "Unsupported"
    if type == "Unsupported" and isinstance(node.attrs.get("Tout"), list):
        raise _fatal(node, "Check failed: attr.value_case() == AttrValue::kType (1 vs. 6)")
    edges = [edge.array for edge in node.inputs]
    if type in ("Identity", "FakeQuant"):
        edges = edges[: 3 if node.op == "FakeQuantWithMinMaxVars" else 1]
    _add(model, Operator(type, edges, _outputs(model, node, last_port), node))


def _check_attributes(node: Node) -> None:
    if node.op in FLOAT_ONLY and node.dtype("T") not in (DType.FLOAT, None):
        raise _fatal(node, 'Check failed: GetDataTypeAttr(node, "T") == DT_FLOAT')
    for key in INT32_ONLY.get(node.op, ()):
        if node.dtype(key) not in (DType.INT32, None):
            raise _fatal(node, f'Check failed: GetDataTypeAttr(node, "{key}") == DT_INT32')
    if node.op == "Range" and node.dtype("Tidx") not in (DType.INT32, DType.FLOAT, None):
        raise _fatal(
            node,
            "Check failed: start_dtype == ArrayDataType::kInt32 || start_dtype == ArrayDataType::kFloat Range op "
            "inputs must be int32 or float.",
        )
    if node.op in PADDED and node.attrs.get("padding") not in (None, b"SAME", b"VALID"):
        raise _fatal(node, "Check failed: status.ok() Bad padding (only SAME and VALID are supported)")
    if node.op in CHANNELS_LAST_ONLY and node.text("data_format", "NHWC") != "NHWC":
        raise _fatal(
            node, f"Check failed: {node.op} {node.name}: data_format is {node.text('data_format')}, only NHWC"
        )


def _fatal(node: Node, message: str) -> Fatal:
    return Fatal(message, array=node.name, node=node.name)


def _outputs(model: Model, node: Node, last_port: int) -> list[str]:
    attr = OUTPUT_COUNT_ATTRS.get(node.op)
    declared = node.integer(attr, 1) if attr else OUTPUT_COUNTS.get(node.op, 1)
    names = [array_name(node.name, port) for port in range(max(declared, last_port + 1))]
    for name in names:
        model.source_array(name)
    return names


def _add(model: Model, op: Operator) -> None:
    """Append; what has a shape that TOCO cannot find has none, and what follows from that neither.

    That is what stands behind an operator that it does not know, and a Reshape to numbers that an Unpack gives: no
    transformation resolves an Unpack of constants.
    """
    model.append(op)
    if op.type == "Unpack" or not model.unpacked.isdisjoint(op.inputs):
        model.unpacked.update(op.outputs)
    unknown = op.type == "Unsupported" and "_output_shapes" not in op.node.attrs
    unknown |= op.type == "Reshape" and not model.unpacked.isdisjoint(op.inputs[1:])
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


def _next_iteration(model: Model, node: Node) -> None:
    """ConvertOperatorSpecialCasedAsRNNBackEdge: no operator, but a state; control inputs count as inputs."""
    count = len(node.inputs) + len(node.control_inputs)
    if count != 1:
        raise _fatal(node, f"Check failed: node.input_size() == 1 ({count} vs. 1)")
    model.rnn_states[node.name] = node.inputs[0].array
    model.source_array(node.name)


def _global_batch_normalization(model: Model, node: Node) -> None:
    """ConvertBatchNormWithGlobalNormalizationOperator: the epsilon is not looked at."""
    x, mean, variance, beta, gamma = (edge.array for edge in node.inputs[:5])
    product = f"{node.name}_mul"
    scaled = node.flag("scale_after_normalization")
    rsqrt = f"{node.name}_rsqrt" if scaled else product
    shape = model.arrays[variance].shape
    for name in dict.fromkeys((rsqrt, product)):
        model.new_array(name, node.name, DType.FLOAT, shape)
    _add(model, Operator("Rsqrt", [variance], [rsqrt], node, nodes=()))
    if scaled:
        _add(model, Operator("Mul", [rsqrt, gamma], [product], node, nodes=()))
    outputs = _outputs(model, node, 0)
    _add(model, Operator("BatchNormalization", [x, mean, product, beta], outputs, node))


def _weights_reader(
    suffix: str, type: str, reorder: str, slots: tuple[int, int]
) -> Callable[[Model, Node], None]:
    """An affine op whose weights go through an operator of their own, shared by all readers of the weights."""
    activations, weights = slots

    def convert(model: Model, node: Node) -> None:
        source = node.inputs[weights].array
        name = source + suffix
        if name not in model.arrays:
            model.new_array(name, source, DType.FLOAT, _reorder_shape(type, model.arrays[source].shape))
            op = Operator(reorder, [source], [name], node, nodes=())
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


def _reorder_shape(type: str, shape: tuple[int, ...] | None) -> tuple[int, ...] | None:
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
    model.arrays[epsilon].buffer = Constant(lambda: Tensor.of(DType.FLOAT, [1], [value]))
    for suffix in ("_epsilon", "_rsqrt"):
        model.new_array(name + suffix, name, DType.FLOAT, shape)
    # In training the variance has no elements.
    model.new_array(f"{name}_mul", name, DType.FLOAT, model.arrays[gamma].shape)
    _add(model, Operator("Add", [variance, epsilon], [f"{name}_epsilon"], node, nodes=()))
    _add(model, Operator("Rsqrt", [f"{name}_epsilon"], [f"{name}_rsqrt"], node, nodes=()))
    _add(model, Operator("Mul", [f"{name}_rsqrt", gamma], [f"{name}_mul"], node, nodes=()))
    outputs = _outputs(model, node, 0)
    _add(model, Operator("BatchNormalization", [x, mean, f"{name}_mul", beta], outputs, node))


_SPECIAL: dict[str, Callable[[Model, Node], None]] = {
    "BatchNormWithGlobalNormalization": _global_batch_normalization,
    "IdentityN": _identity_n,
    "NextIteration": _next_iteration,
    "RefNextIteration": _next_iteration,
    "Conv2D": _weights_reader("_reordered", "Conv", "ReorderAxes", (0, 1)),
    "DepthwiseConv2dNative": _weights_reader("_reordered", "DepthwiseConv", "ReorderAxes", (0, 1)),
    "Conv2DBackpropInput": _weights_reader("_transposed", "TransposeConv", "Transpose", (2, 1)),
    "FusedBatchNorm": _import_batch_normalization,
    "FusedBatchNormV3": _import_batch_normalization,
}
