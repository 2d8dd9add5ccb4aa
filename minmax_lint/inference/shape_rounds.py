"""In which round MLIR's shape inference knows the sizes of an array in a SavedModel's functions.

A size that is computed from the shape of a result is known one round after that shape; those of the functions' inputs
are known before. Source: shape_inference.cc; `tf.repeat` of an open batch, up to five in a row, measured in 34
SavedModels with TF 2.15.1 and 2.21.0. The shapes of a GraphDef are inferred on import, each at once.
"""

from collections.abc import Callable, Iterable

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.node import Node

MOST_ROUNDS = 3
"""After so many rounds the converter's patterns look at shapes."""
_SIZES = {"Reshape": 1, "Conv2DBackpropInput": 0, "BroadcastTo": 1, "Fill": 0}
"""Op -> the input that says the shape of its result."""


def shape_rounds(graph: Graph, order: Iterable[str], at_once: Callable[[str], bool]) -> dict[str, int]:
    """Node -> the round in which its shape is known, or what of its integers is; those known `at_once` in round 0."""
    rounds: dict[str, int] = {}
    for name in order:
        rounds[name] = 0 if at_once(name) else _round(graph[name], graph, rounds)
    return rounds


def _round(node: Node, graph: Graph, rounds: dict[str, int]) -> int:
    slot = _SIZES.get(node.op)
    read = node.inputs if slot is None else node.inputs[slot : slot + 1]
    before = max((rounds.get(edge.node, 0) for edge in read), default=0)
    return before + (node.op == "Shape" and graph.op(node.inputs[0].node) != "Placeholder")
