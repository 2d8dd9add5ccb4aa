"""The edges of a graph as arrays of numbers: one row an edge, in the order of their readers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge

Numbers = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
Flags = numpy.ndarray[Any, numpy.dtype[numpy.bool_]]

CONTROL = -1
"""The port of a control edge."""


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

    def read_by(self, wanted: Flags) -> Wiring:
        """The edges that lead to the nodes wanted."""
        left = wanted[self.readers]
        counts = numpy.bincount(self.readers[left], minlength=len(self))
        first = numpy.concatenate([numpy.zeros(1, numpy.int64), numpy.cumsum(counts)])
        return Wiring(self.sources[left], self.ports[left], self.readers[left], self.slots[left], first)


def wiring(graph: Graph) -> Wiring | None:
    """The edges of the whole graph; None where one leads from nowhere."""
    raw, positions = graph.columns.inputs, graph.positions
    counts = numpy.fromiter(map(len, raw), numpy.int64, len(raw))
    first = numpy.concatenate([numpy.zeros(1, numpy.int64), numpy.cumsum(counts)])
    texts = list(chain.from_iterable(raw))
    sources = numpy.fromiter(map(positions.get, texts, repeat(-1)), numpy.int64, len(texts))
    ports = numpy.zeros(len(texts), numpy.int64)
    for at in numpy.flatnonzero(sources < 0).tolist():
        text = texts[at]
        control = text.startswith("^")
        name, port = (text[1:], CONTROL) if control else parse_edge(text)
        if name not in positions:
            return None
        sources[at], ports[at] = positions[name], port
    readers = numpy.repeat(numpy.arange(len(raw)), counts)
    return Wiring(sources, ports, readers, numpy.arange(len(texts)) - first[readers], first)


def producers_first(sources: Numbers, readers: Numbers, count: int) -> Numbers | None:
    """A number for each of `count` things, higher than those of all its sources; None where there is a cycle."""
    if bool((sources < readers).all()):
        return numpy.arange(count)
    order = numpy.argsort(sources, kind="stable")
    starts = numpy.searchsorted(sources[order], numpy.arange(count + 1)).tolist()
    targets = readers[order].tolist()
    waiting = numpy.bincount(readers, minlength=count).tolist()
    ready = deque(number for number in range(count) if not waiting[number])
    ranks = numpy.full(count, -1)
    done = 0
    while ready:
        number = ready.popleft()
        ranks[number] = done
        done += 1
        for target in targets[starts[number] : starts[number + 1]]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return ranks if done == count else None
