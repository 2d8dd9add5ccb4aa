"""The order in which the importer visits nodes (tensorflow/core/graph/algorithm.cc, GetReversePostOrder)."""

from collections.abc import Set as AbstractSet

from minmax_lint.converters.mlir.cse import WRITES
from minmax_lint.converters.mlir.failure import Unmodeled
from minmax_lint.graph.trace import Kept

_EFFECTS = WRITES | {"ReadVariableOp"}


def import_order(kept: Kept) -> list[str]:
    """Reverse post-order over consumers, smaller names first, as the importer orders nodes (graph_algorithm).

    What reads or assigns a variable of the model comes behind what it waits for.
    """
    effects = {*kept.graph.of_ops(_EFFECTS)} & kept.nodes
    readers: dict[str, set[str]] = {}
    roots: list[str] = []
    for name in kept.order:
        sources = set(kept.sources(name))
        if name in effects:
            sources |= _awaits(kept, name, effects)
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


def _awaits(kept: Kept, name: str, effects: AbstractSet[str]) -> set[str]:
    """The effects that a node waits for, through nodes that do nothing as well."""
    found, seen = set[str](), {name}
    waiting = list(kept.graph[name].control_inputs)
    while waiting:
        one = waiting.pop()
        if one in effects:
            found.add(one)
        elif one not in seen and one in kept.graph:
            waiting += kept.graph[one].control_inputs
        seen.add(one)
    return found
