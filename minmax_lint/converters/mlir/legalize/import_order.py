"""The order in which the importer visits nodes (tensorflow/core/graph/algorithm.cc, GetReversePostOrder)."""

from minmax_lint.converters.mlir.failure import Unmodeled
from minmax_lint.graph.trace import Kept


def import_order(kept: Kept) -> list[str]:
    """Reverse post-order over consumers, smaller names first, as the importer orders nodes (graph_algorithm)."""
    readers: dict[str, set[str]] = {}
    roots: list[str] = []
    for name in kept.order:
        sources = set(kept.sources(name))
        for source in sources:
            if source in readers:
                readers[source].add(name)
            else:
                readers[source] = {name}
        if not sources:
            roots.append(name)
    finished: list[str] = []
    seen: set[str] = set()
    stack: list[tuple[str, bool]] = [(name, False) for name in sorted(roots)]
    while stack:
        name, done = stack.pop()
        if done:
            finished.append(name)
        elif name not in seen:
            seen.add(name)
            stack.append((name, True))
            if name in readers:
                stack += [(reader, False) for reader in sorted(readers[name]) if reader not in seen]
    if len(finished) < len(kept.nodes):
        raise Unmodeled("the graph has a cycle")
    return finished[::-1]
