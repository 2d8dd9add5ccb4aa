"""The edges of a graph as arrays of numbers: one row an edge, in the order of their readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.inputs import Inputs
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.places import Flags, Numbers
from minmax_lint.graph.texts import Texts

__all__ = ["CONTROL", "Flags", "Numbers", "Wiring", "reached", "wiring"]

CONTROL = -1
"""The port of a control edge."""

_ROUNDS = 50
"""How often what nobody reads is taken away before the graph is walked instead."""


@dataclass(frozen=True)
class Wiring:
    """Edge i leads from output `ports[i]` of node `sources[i]` to input `slots[i]` of node `readers[i]`.

    Nodes are their places in the file; `first[n]` is the first edge that node n reads, `first[n + 1]` the end.
    """

    sources: Numbers
    ports: Numbers
    readers: Numbers
    slots: Numbers
    first: Numbers

    def __len__(self) -> int:
        return len(self.first) - 1

    def those(self, wanted: Flags) -> Wiring:
        """The edges wanted; each keeps its slot."""
        readers = self.readers[wanted]
        return Wiring(
            self.sources[wanted],
            self.ports[wanted],
            readers,
            self.slots[wanted],
            _starts(numpy.bincount(readers, minlength=len(self))),
        )

    def is_producers_first(self, nodes: bytes) -> bool:
        """Whether each of the nodes, a flag for every node of the graph, stands behind all that it reads."""
        concerned = numpy.frombuffer(nodes, bool)[self.readers] & (self.ports != CONTROL)
        return bool((self.sources < self.readers)[concerned].all())


def wiring(graph: Graph) -> Wiring | None:
    """The edges of a whole graph; None where one leads from nowhere."""
    texts, first = _flat(graph.columns.inputs)
    sources = _places(graph, texts)
    ports = numpy.zeros(len(texts), numpy.int64)
    others = numpy.flatnonzero(sources < 0)
    ends = _ends(graph, [texts[at] for at in others.tolist()])
    if ends is None:
        return None
    sources[others], ports[others] = ends
    readers = numpy.repeat(numpy.arange(len(graph)), numpy.diff(first))
    return Wiring(sources, ports, readers, numpy.arange(len(texts)) - first[readers], first)


def _ends(graph: Graph, texts: Sequence[str]) -> tuple[list[int], list[int]] | None:
    """Node and port that each of these inputs names, which is not just a name; None where there is no such node."""
    found: dict[str, tuple[int, int]] = {}
    for text in dict.fromkeys(texts):
        name, port = (text[1:], CONTROL) if text.startswith("^") else parse_edge(text)
        place = graph.find(name)
        if place is None:
            return None
        found[text] = place, port
    return [found[text][0] for text in texts], [found[text][1] for text in texts]


def reached(wires: Wiring, starts: Iterable[int]) -> Flags:
    """For each node whether `starts` depend on it, or it is one of them."""
    needed = numpy.zeros(len(wires), bool)
    needed[list(starts)] = True
    found = None
    if bool((wires.sources < wires.readers).all()):
        found = _without_unread(wires, needed)
    return _walked(wires, needed) if found is None else found


def _without_unread(wires: Wiring, needed: Flags) -> Flags | None:
    """What is left where all that nobody reads is taken away, again and again; None where that takes long.

    Without circles that is what the needed nodes depend on. Most graphs have little that is not, and none of it deep.
    """
    kept = numpy.ones(len(wires), bool)
    uses = numpy.bincount(wires.sources, minlength=len(wires))
    unread = numpy.flatnonzero((uses == 0) & ~needed)
    for _ in range(_ROUNDS):
        if not len(unread):
            return kept
        kept[unread] = False
        sources, times = numpy.unique(wires.sources[_edges(wires, unread)], return_counts=True)
        uses[sources] -= times
        unread = sources[(uses[sources] == 0) & ~needed[sources]]
    return None


def _edges(wires: Wiring, readers: Numbers) -> Numbers:
    """The edges that lead to the readers."""
    counts = wires.first[readers + 1] - wires.first[readers]
    return numpy.repeat(wires.first[readers] - _starts(counts)[:-1], counts) + numpy.arange(counts.sum())


def _walked(wires: Wiring, needed: Flags) -> Flags:
    sources, first = wires.sources.tolist(), wires.first.tolist()
    seen = bytearray(needed)
    pending = numpy.flatnonzero(needed).tolist()
    while pending:
        node = pending.pop()
        for source in sources[first[node] : first[node + 1]]:
            if not seen[source]:
                seen[source] = True
                pending.append(source)
    return numpy.frombuffer(seen, bool)


def _flat(inputs: Sequence[tuple[str, ...]]) -> tuple[Sequence[str], Numbers]:
    """The inputs of all nodes one after the other, and where each node's begin."""
    if isinstance(inputs, Inputs):
        return inputs.texts, numpy.array(inputs.first, numpy.int64)
    counts = numpy.fromiter(map(len, inputs), numpy.int64, len(inputs))
    return list(chain.from_iterable(inputs)), _starts(counts)


def _places(graph: Graph, texts: Sequence[str]) -> Numbers:
    """The place of the node that each text names, -1 for none."""
    names = graph.columns.names
    if isinstance(names, Texts) and isinstance(texts, Texts) and names.places is not None:
        return names.places.of(texts)
    return numpy.fromiter(map(graph.positions.get, texts, repeat(-1)), numpy.int64, len(texts))


def _starts(counts: Numbers) -> Numbers:
    return numpy.concatenate([numpy.zeros(1, numpy.int64), numpy.cumsum(counts)])
