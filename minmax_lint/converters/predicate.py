"""The condition of an If or a Switch, where the graph alone decides it."""

from __future__ import annotations

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import Edge
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference


def predicate(kept: Kept, inference: Inference, edge: Edge) -> bool | None:
    """The value of the condition at `edge`; None where it depends on an input or is not one boolean."""
    for _ in range(8):
        if edge.node not in kept or kept.is_cut(edge.node):
            return None
        node = kept.graph[edge.node]
        if node.op not in ("Identity", "PlaceholderWithDefault") or not node.inputs:
            break
        edge = node.inputs[0]
    found = inference.constant(edge.array) if inference.is_constant(edge.array) else None
    known = found is not None and found.known and found.dtype is DType.BOOL and found.size == 1
    return bool(found.item()) if known and found is not None else None
