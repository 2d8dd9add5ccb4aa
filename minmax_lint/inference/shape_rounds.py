"""In which round MLIR's shape inference knows the sizes of an array in a SavedModel's functions.

A size that is cut of the shape of a result is known one round after that shape; those of the functions' inputs are
known before. Source: shape_inference.cc; `tf.repeat` of an open batch, up to five in a row, measured in 42 SavedModels
with TF 2.15.1 and 2.21.0. The shapes of a GraphDef are inferred on import, each at once.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape
from minmax_lint.ops.table import OPS

MOST_ROUNDS = 3
"""After so many rounds the converter's patterns look at shapes."""
_SIZES = {"Reshape": 1, "Conv2DBackpropInput": 0, "BroadcastTo": 1, "Fill": 0}
"""Op -> the input that says the shape of its result."""
_INTEGERS = frozenset({DType.INT32, DType.INT64})


class Rounds(NamedTuple):
    """When the last size is known, and when all others but the batch are."""

    channels: int = 0
    others: int = 0


def shape_rounds(
    graph: Graph, order: Iterable[str], at_once: Callable[[str], bool], shape: Callable[[str], Shape | None]
) -> dict[str, Rounds]:
    """Node -> when its shape is known, or what of its integers is; those known `at_once` are left out."""
    rounds: dict[str, Rounds] = {}
    for name in order:
        if at_once(name):
            continue
        node = graph[name]
        found = _rounds(node, graph, rounds)
        if _is_elementwise(node):
            beside = [shape(edge.array) for edge in node.inputs if edge.node not in rounds]
            scaled = any(one and one[-1] not in (None, 1) for one in beside)
            found = Rounds(0, found.others) if scaled else found
        rounds[name] = found
    return rounds


def _is_elementwise(node: Node) -> bool:
    return node.op in OPS and OPS[node.op].shape == "broadcast" and node.dtype() not in _INTEGERS


def _rounds(node: Node, graph: Graph, rounds: dict[str, Rounds]) -> Rounds:
    slot = _SIZES.get(node.op)
    read = node.inputs if slot is None else node.inputs[slot : slot + 1]
    found = [rounds[edge.node] for edge in read if edge.node in rounds] or [Rounds()]
    channels, others = (max(one) for one in zip(*found, strict=True))
    if _is_size_of_result(node, graph):
        return Rounds(max(channels, others) + 1, max(channels, others) + 1)
    if node.op in ("Conv2D", "BiasAdd"):
        return Rounds(0, others)
    if node.dtype() in _INTEGERS:
        return Rounds(channels, others)
    if node.op in ("Concat", "ConcatV2"):
        return Rounds(channels, min(one.others for one in found))
    if _is_elementwise(node):
        return Rounds(*(min(one) for one in zip(*found, strict=True)))
    return Rounds(channels, others)


def _is_size_of_result(node: Node, graph: Graph) -> bool:
    """Whether it is cut of the shape of what is no input; a whole shape is taken as it is."""
    if node.op != "StridedSlice" or graph.op(shape := node.inputs[0].node) != "Shape":
        return False
    return graph.op(graph[shape].inputs[0].node) != "Placeholder"
