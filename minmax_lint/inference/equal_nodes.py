"""Nodes that compute the same: common subexpression elimination makes one operation of them."""

from collections.abc import Iterator

from minmax_lint.graph.names import Edge, array_name
from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference

_DEPTH = 6
"""So far in front of two nodes their operands may be others that are equal: an activation, a bias, a convolution, the
FakeQuant of its weights."""


def equal_nodes(inference: Inference, name: str, depth: int = _DEPTH) -> Iterator[str]:
    """The kept nodes that do what `name` does to the same arrays, or to equal ones; itself among them."""
    node, kept = inference.kept.graph[name], inference.kept
    if not node.inputs or kept.is_cut(name):
        return
    front = node.inputs[0]
    arrays = {front.array: None}
    if depth and front.node in kept:
        arrays |= dict.fromkeys(
            array_name(other, front.port) for other in equal_nodes(inference, front.node, depth - 1)
        )
    for use in dict.fromkeys(use.node for array in arrays for use in kept.uses(array)):
        if _are_equal(inference, kept.graph[use], node, depth):
            yield use


def _are_equal(inference: Inference, one: Node, two: Node, depth: int) -> bool:
    return (one.op, one.attrs, len(one.inputs)) == (two.op, two.attrs, len(two.inputs)) and all(
        _is_same_array(inference, *edges, depth) for edges in zip(one.inputs, two.inputs, strict=True)
    )


def _is_same_array(inference: Inference, one: Edge, two: Edge, depth: int) -> bool:
    if one == two or inference.constant(one.array) == inference.constant(two.array) is not None:
        return True
    kept = inference.kept
    if not depth or one.port != two.port or any(edge.node not in kept for edge in (one, two)):
        return False
    first, second = kept.graph[one.node], kept.graph[two.node]
    if any(kept.is_cut(node.name) or not node.inputs for node in (first, second)):
        return False
    return _are_equal(inference, first, second, depth - 1)
