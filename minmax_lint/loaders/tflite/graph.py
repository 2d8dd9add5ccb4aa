"""A .tflite model as a graph, so that it is traced, drawn and reported like every other.

A node is an op, named by its first output tensor; inputs are placeholders, weights constants without values.
"""

import re
from pathlib import Path

from minmax_lint.converters.finished import TensorInfo, TFLiteModel
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph, graph_of
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.loaders.model import Model, Signature
from minmax_lint.loaders.tflite.file import read_model
from minmax_lint.loaders.wire import Buffer

FORMAT = "tflite"
_DTYPES = {
    "float32": DType.FLOAT,
    "float16": DType.HALF,
    "float64": DType.DOUBLE,
    **{dtype.name.lower(): dtype for dtype in DType},
}


def tflite_model(content: Buffer, path: Path | None) -> Model:
    """The model in the bytes of a .tflite. Raises UnreadableModel for a damaged one."""
    finished = read_model(content)
    graph, arrays = _graph(finished)
    inputs = {tensor.name or arrays[tensor.index]: arrays[tensor.index] for tensor in finished.inputs}
    outputs = {tensor.name or arrays[tensor.index]: arrays[tensor.index] for tensor in finished.outputs}
    shapes = {arrays[tensor.index]: tensor.shape for tensor in finished.inputs}
    signature = Signature("main", inputs, outputs, shapes)
    return Model(path, FORMAT, graph, {signature.name: signature}, finished=finished)


def _graph(model: TFLiteModel) -> tuple[Graph, dict[int, str]]:
    """The graph of the main subgraph, and the array of each of its tensors by number."""
    nodes: list[Node] = []
    arrays: dict[int, Edge] = {}
    taken: set[str] = set()

    def source(tensor: TensorInfo, op: str) -> None:
        name = _free(tensor.name or op, taken)
        dtype = _DTYPES.get(tensor.dtype, DType.INVALID)
        attrs: dict[str, Attr] = {"dtype": dtype, "shape": tensor.shape}
        nodes.append(Node(name, op, attrs=attrs))
        arrays[tensor.index] = Edge(name, 0)

    main = [op for op in model.ops if op.subgraph == 0]
    for tensor in model.inputs:
        if tensor.index not in arrays:
            source(tensor, "Placeholder")
    made = {tensor.index for op in main for tensor in op.outputs}
    for i, op in enumerate(main):
        for tensor in op.inputs:
            if tensor.index not in arrays and tensor.index not in made:
                source(tensor, "Const")
        name = _free(op.output or f"{op.name}_{i}", taken)
        arrays.update({tensor.index: Edge(name, port) for port, tensor in enumerate(op.outputs)})
        dtype = _DTYPES.get(op.outputs[0].dtype, DType.INVALID) if op.outputs else DType.INVALID
        nodes.append(Node(name, op.name, attrs={"T": dtype}))
    for tensor in model.outputs:
        if tensor.index not in arrays:
            source(tensor, "Const")
    linked = iter(main)
    nodes = [
        node
        if node.op in ("Placeholder", "Const")
        else node._replace(inputs=tuple(arrays[tensor.index] for tensor in next(linked).inputs))
        for node in nodes
    ]
    return graph_of(nodes), {index: edge.array for index, edge in arrays.items()}


def _free(name: str, taken: set[str]) -> str:
    """A node name: without the `:0` of a tensor's name, and not there yet."""
    base = re.sub(r":(\d+)$", lambda port: "" if port[1] == "0" else f"_{port[1]}", name)
    candidate, count = base, 0
    while candidate in taken:
        count += 1
        candidate = f"{base}_{count}"
    taken.add(candidate)
    return candidate
