"""The graph as networkx, for users and for questions about paths. networkx is imported only here."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx

    from minmax_lint.graph.graph import Graph


def view(graph: Graph, only: Container[str] | None = None) -> networkx.MultiDiGraph:
    """A MultiDiGraph: nodes carry `op`; data edges have key = input slot, `array`, `port`, `control=False`.

    Parallel edges stay apart (`Add(x, x)` has edges 0 and 1); control edges have key `"^"` and
    `control=True`. With `only`, just those nodes and the edges between them.
    """
    import networkx

    result = networkx.MultiDiGraph()
    names = [name for name in graph.names if only is None or name in only]
    kept = set(names)
    result.add_nodes_from((name, {"op": graph.op(name)}) for name in names)
    for name in names:
        node = graph[name]
        for slot, edge in enumerate(node.inputs):
            if edge.node in kept:
                result.add_edge(edge.node, name, key=slot, array=edge.array, port=edge.port, control=False)
        for source in node.control_inputs:
            if source in kept:
                result.add_edge(source, name, key="^", control=True)
    return result
