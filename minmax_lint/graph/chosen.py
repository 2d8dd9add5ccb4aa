"""Some of a graph's nodes, as a set of their names that holds none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from itertools import compress

from minmax_lint.graph.graph import Graph


class Chosen(Set[str]):
    """The nodes whose flag is 1; flags are in file order, one byte a node."""

    def __init__(self, graph: Graph, flags: bytes) -> None:
        self._graph = graph
        self.flags = flags

    def __contains__(self, name: object) -> bool:
        place = self._graph.find(name) if isinstance(name, str) else None
        return place is not None and bool(self.flags[place])

    def __iter__(self) -> Iterator[str]:
        return compress(self._graph.names, self.flags)

    def __len__(self) -> int:
        return self.flags.count(1)

    @classmethod
    def _from_iterable(cls, names: Iterable[str]) -> frozenset[str]:  # type: ignore[override]
        """What unions and differences with other sets are."""
        return frozenset(names)
