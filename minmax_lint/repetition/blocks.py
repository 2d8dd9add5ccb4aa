"""The pieces between the borders of a graph, and what each looks like from inside."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy

from minmax_lint.graph.wiring import Flags, Numbers, Wiring


@dataclass(frozen=True)
class Blocks:
    """The connected pieces that are left where all edges out of borders are cut.

    Nodes of a block are numbered in file order from 0: their place in the block.
    """

    of_node: Numbers
    """Node -> its block."""
    place: Numbers
    """Node -> its place in its block."""
    nodes: Numbers
    """The nodes, block by block."""
    starts: Numbers
    """Block b has nodes[starts[b]:starts[b + 1]]."""
    sources: tuple[tuple[int, ...], ...]
    """Block -> the border nodes it reads, each once, in the order of its edges."""
    looks: tuple[int, ...]
    """Block -> a number, equal for blocks that are wired alike of nodes alike, and read borders alike."""

    def __len__(self) -> int:
        return len(self.looks)

    def members(self, block: int) -> list[int]:
        """Its nodes in file order."""
        found: list[int] = self.nodes[self.starts[block] : self.starts[block + 1]].tolist()
        return found


def blocks(wires: Wiring, kinds: Numbers, borders: Numbers, felt: Flags) -> Blocks:
    """Cut the graph at its borders.

    `kinds`: node -> kind; `borders`: node -> kind of border, -1 for none; `felt`: whether anybody looks at the
    node. All those that nobody looks at are one block.
    """
    cut = borders[wires.sources] >= 0
    labels = _components(len(wires), wires.sources[~cut], wires.readers[~cut])
    unfelt = numpy.flatnonzero(~felt)
    labels[unfelt] = unfelt[:1]
    nodes = numpy.argsort(labels, kind="stable")
    firsts, starts = numpy.unique(labels[nodes], return_index=True)
    of_node = numpy.searchsorted(firsts, labels)
    starts = numpy.append(starts, len(nodes))
    place = numpy.empty(len(nodes), numpy.int64)
    place[nodes] = numpy.arange(len(nodes)) - starts[of_node[nodes]]
    edges = numpy.argsort(of_node[wires.readers], kind="stable")  # readers of a block stay in file order
    edge_starts = numpy.searchsorted(of_node[wires.readers][edges], numpy.arange(len(firsts) + 1))
    rows = _rows(wires, borders, of_node, place, edges, edge_starts)
    sources = _sources(wires.sources[edges], cut[edges], edge_starts)
    return Blocks(of_node, place, nodes, starts, sources, _looks(kinds[nodes], starts, rows, edge_starts))


def _components(count: int, one: Numbers, other: Numbers) -> Numbers:
    """For each node the first node of its connected piece."""
    labels = numpy.arange(count)
    while True:
        least = numpy.minimum(labels[one], labels[other])
        before = labels.copy()
        numpy.minimum.at(labels, labels[one], least)
        numpy.minimum.at(labels, labels[other], least)
        while not numpy.array_equal(jumped := labels[labels], labels):
            labels = jumped
        if numpy.array_equal(before, labels):
            return labels


def _rows(
    wires: Wiring,
    borders: Numbers,
    of_node: Numbers,
    place: Numbers,
    edges: Numbers,
    edge_starts: Numbers,
) -> Numbers:
    """What each edge says of the block that reads it: where it ends, and where it comes from."""
    sources, readers = wires.sources[edges], wires.readers[edges]
    # A border is told by the first edge of the block that reads it, so that Add(x, x) is not Add(x, y).
    cut = numpy.flatnonzero(borders[sources] >= 0)
    blocks = of_node[readers[cut]]
    _, first, number = numpy.unique(
        blocks * len(of_node) + sources[cut], return_index=True, return_inverse=True
    )
    where = place[sources]
    where[cut] = -1 - (cut[first[number.reshape(-1)]] - edge_starts[blocks])
    border = numpy.full(len(edges), -1)
    border[cut] = borders[sources[cut]]
    return numpy.stack([place[readers], wires.ports[edges], where, border], axis=1)


def _sources(sources: Numbers, cut: Flags, edge_starts: Numbers) -> tuple[tuple[int, ...], ...]:
    places = numpy.flatnonzero(cut)
    listed, bounds = sources[places].tolist(), numpy.searchsorted(places, edge_starts).tolist()
    return tuple(tuple(dict.fromkeys(listed[start:stop])) for start, stop in pairwise(bounds))


def _looks(kinds: Numbers, starts: Numbers, rows: Numbers, edge_starts: Numbers) -> tuple[int, ...]:
    numbers: dict[tuple[bytes, bytes], int] = {}
    bounds = zip(
        starts[:-1].tolist(),
        starts[1:].tolist(),
        edge_starts[:-1].tolist(),
        edge_starts[1:].tolist(),
        strict=True,
    )
    return tuple(
        numbers.setdefault((kinds[a:b].tobytes(), rows[c:d].tobytes()), len(numbers)) for a, b, c, d in bounds
    )
