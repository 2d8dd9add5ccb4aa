"""LayoutAssignmentPass: ops over channels first compute over channels last, between two Transposes.

Source: layout_optimization.cc, TF_LayoutSensitiveInterface (tf_ops.td); measured with TF 2.15.1 and 2.21.
"""

from collections.abc import Iterator

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import graph_of
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node, const_node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference

SENSITIVE = {
    "AvgPool": 0,
    "BiasAdd": 0,
    "Conv2D": 0,
    "Conv2DBackpropInput": 2,
    "FusedBatchNorm": 0,
    "FusedBatchNormV3": 0,
    "MaxPool": 0,
}
"""Op that the pass knows -> the input that is an image."""

CHANNELS_LAST_ONLY = frozenset(
    {
        "Conv3D",
        "Conv3DBackpropInputV2",
        "DepthToSpace",
        "DepthwiseConv2dNative",
        "FusedBatchNormV2",
        "SpaceToDepth",
    }
)
"""Ops that it does not know: over channels first they have no builtin."""

_LAST = (0, 2, 3, 1)
_FIRST = (0, 3, 1, 2)


def channels_first(node: Node) -> bool:
    """Whether a node computes over channels first: NCHW, NCDHW."""
    return node.text("data_format").startswith("NC")


def layout_assignment(kept: Kept, inference: Inference) -> tuple[Kept, Inference]:
    """The kept subgraph over channels last; the same objects where it is so already."""
    graph = kept.graph
    changed = {
        name
        for name in kept.of_ops(SENSITIVE.keys())
        if not kept.is_cut(name) and channels_first(graph[name]) and _is_image(inference, graph[name])
    }
    if not changed:
        return kept, inference
    returned = changed & {array for array in kept.outputs if ":" not in array}
    nodes: list[Node] = []
    for node in graph:
        inputs = tuple(
            Edge(f"{edge.node}/transpose_back" if edge.node not in returned else edge.node, 0)
            if edge.node in changed and edge.port == 0
            else edge
            for edge in node.inputs
        )
        node = node._replace(inputs=inputs)
        nodes += (
            _between_transposes(node, inference, node.name in returned) if node.name in changed else [node]
        )
    made = trace(graph_of(nodes, graph.functions), kept.inputs, kept.outputs)
    return made, Inference(made, inference.input_shapes, inference.batch)


def _is_image(inference: Inference, node: Node) -> bool:
    shape = inference.shape(node.inputs[SENSITIVE[node.op]].array)
    return shape is not None and len(shape) == 4


def _between_transposes(node: Node, inference: Inference, returned: bool) -> Iterator[Node]:
    """The node over channels last, named as before where it is no output of the model."""
    slot, inputs = SENSITIVE[node.op], list(node.inputs)
    name = f"{node.name}/channels_last" if returned else node.name
    yield from _transpose(f"{node.name}/transpose", inputs[slot], _LAST)
    inputs[slot] = Edge(f"{node.name}/transpose", 0)
    if slot == 2:
        sizes = inference.constant(node.inputs[0].array)
        if sizes is not None and sizes.known:
            values = [int(value) for value in sizes.values()]
            yield _integers(f"{node.name}/sizes", [values[axis] for axis in _LAST])
            inputs[0] = Edge(f"{node.name}/sizes", 0)
    attrs: dict[str, Attr] = {**node.attrs, "data_format": b"NHWC"}
    for key in ("dilations", "ksize", "strides"):
        listed = node.integers(key)
        if len(listed) == 4:
            attrs[key] = [listed[axis] for axis in _LAST]
    padding = node.integers("explicit_paddings")
    if len(padding) == 8:
        attrs["explicit_paddings"] = [padding[2 * axis + side] for axis in _LAST for side in (0, 1)]
    attrs.pop("_output_shapes", None)
    yield node._replace(name=name, inputs=tuple(inputs), attrs=attrs)
    yield from _transpose(node.name if returned else f"{node.name}/transpose_back", Edge(name, 0), _FIRST)


def _transpose(name: str, source: Edge, order: tuple[int, ...]) -> Iterator[Node]:
    yield _integers(f"{name}/order", order)
    attrs: dict[str, Attr] = {"T": DType.FLOAT, "Tperm": DType.INT32}
    yield Node(name, "Transpose", (source, Edge(f"{name}/order", 0)), (), attrs)


def _integers(name: str, values: list[int] | tuple[int, ...]) -> Node:
    return const_node(name, Tensor.of(DType.INT32, [len(values)], list(values)))
