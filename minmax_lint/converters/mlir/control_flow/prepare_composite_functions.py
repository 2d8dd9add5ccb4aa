"""Keras 2's LSTM layer as one op: MLIR knows the function that Keras marks as one (`api_implements: lstm_...`).

It does so where the batch is fixed, no mask is given and nothing reads the final states; else the loop stays.
Source: tensorflow/compiler/mlir/lite/utils/lstm_utils.cc, prepare_composite_functions_tf.cc; measured with SavedModels
and Keras files of TF 2.15 in TF 2.15 and 2.21.
"""

from collections.abc import Iterator

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import graph_of
from minmax_lint.graph.layers import IMPLEMENTS
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node, const_node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.element_types import LOOPS
from minmax_lint.inference.inference import Inference

OP = "UnidirectionalSequenceLSTM"

_LIST, _HIDDEN, _CELL = 3, 4, 5
"""Loop variables of Keras' rnn(): counter, limit, time, list of outputs, states."""


def with_fused_lstm(kept: Kept, inference: Inference) -> tuple[Kept, Inference]:
    """The kept subgraph with one op for each such layer; the same objects where there is none."""
    if LOOPS.isdisjoint(kept.graph.ops):
        return kept, inference
    made: dict[str, list[Node]] = {}
    for name in kept.order:
        if kept.graph.op(name) in LOOPS and kept.graph[name].text(IMPLEMENTS).startswith("lstm_"):
            made.update({nodes[-1].name: nodes for nodes in _fuse(kept, inference, kept.graph[name])})
    if not made:
        return kept, inference
    nodes = [one for node in kept.graph for one in made.get(node.name, [node])]
    kept = trace(graph_of(nodes, kept.graph.functions), kept.inputs, kept.outputs)
    return kept, Inference(kept, inference.input_shapes, inference.batch)


def _fuse(kept: Kept, inference: Inference, loop: Node) -> Iterator[list[Node]]:
    """What becomes of nodes around a loop: each with new ones in front of it."""
    graph = kept.graph
    lists = [edge for edge in loop.inputs if graph.op(edge.node) == "TensorListFromTensor"]
    if len(loop.inputs) <= _CELL or len(lists) != 1 or not _has_fixed_batch(inference, loop):
        return
    if kept.uses(loop.output(_HIDDEN)) or kept.uses(loop.output(_CELL)):
        return
    stacks = [graph[use.node] for use in kept.uses(loop.output(_LIST))]
    readers = [graph[use.node] for stack in stacks for use in kept.uses(stack.name)]
    if len(stacks) != 1 or any(reader.op not in ("Transpose", "StridedSlice") for reader in readers):
        return
    source = graph[lists[0].node].inputs[0]
    front: list[Node] = []
    backwards = graph.op(source.node) == "ReverseV2"
    if backwards:
        source = graph[source.node].inputs[0]
    if graph.op(source.node) != "Transpose":
        return
    source = graph[source.node].inputs[0]
    stack = stacks[0]
    if backwards:
        front += _reverse(stack.name, source)
        source = Edge(front[-1].name, 0)
    states = (loop.inputs[_HIDDEN], loop.inputs[_CELL])
    yield [*front, Node(stack.name, OP, (source, *states), (), {**stack.attrs, "T": DType.FLOAT})]
    for reader in readers:
        yield _last(reader) if reader.op == "StridedSlice" else [_whole(reader)]


def _has_fixed_batch(inference: Inference, loop: Node) -> bool:
    shapes = [inference.shape(loop.inputs[slot].array) for slot in (_HIDDEN, _CELL)]
    return all(shape is not None and None not in shape for shape in shapes)


def _reverse(name: str, source: Edge) -> list[Node]:
    axis = _integers(f"{name}/axis", [1])
    return [axis, Node(f"{name}/reversed", "ReverseV2", (source, Edge(axis.name, 0)), (), {"T": DType.FLOAT})]


def _whole(transpose: Node) -> Node:
    """Every step: what the op makes already has the batch in front."""
    return Node(transpose.name, "Identity", transpose.inputs[:1], (), {"T": DType.FLOAT})


def _last(piece: Node) -> list[Node]:
    """The last step, along axis 1."""
    values = {"begin": [0, -1], "end": [0, 0], "strides": [1, 1]}
    bounds = [_integers(f"{piece.name}/{part}", numbers) for part, numbers in values.items()]
    attrs = {"T": DType.FLOAT, "begin_mask": 1, "end_mask": 1, "shrink_axis_mask": 2}
    inputs = (piece.inputs[0], *(Edge(bound.name, 0) for bound in bounds))
    return [*bounds, Node(piece.name, "StridedSlice", inputs, (), attrs)]


def _integers(name: str, values: list[int]) -> Node:
    tensor = Tensor.of(DType.INT32, [len(values)], values)
    return const_node(name, tensor)
