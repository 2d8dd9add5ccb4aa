"""What a node is, but for its name and place: equal numbers, equal ops and attributes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy

from minmax_lint.graph.chosen import Chosen
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.trace import Kept
from minmax_lint.graph.wiring import Flags, Numbers
from minmax_lint.repetition.likeness import likeness


class Ops:
    """The op of each node, as a number."""

    def __init__(self, ops: Sequence[str]) -> None:
        self._numbers: dict[str, int] = {op: number for number, op in enumerate(dict.fromkeys(ops))}
        self.of_node: Numbers = numpy.fromiter(map(self._numbers.__getitem__, ops), numpy.int64, len(ops))

    def __len__(self) -> int:
        return len(self._numbers)

    def among(self, wanted: Collection[str]) -> Flags:
        """For each node whether its op is one of those."""
        table = numpy.fromiter((op in wanted for op in self._numbers), bool, len(self._numbers))
        found: Flags = table[self.of_node]
        return found


def kept_flags(kept: Kept) -> Flags:
    """For each node of the whole graph whether it is kept."""
    nodes, names = kept.nodes, kept.graph.names
    if isinstance(nodes, Chosen):
        return numpy.frombuffer(nodes.flags, bool)
    return numpy.fromiter(map(nodes.__contains__, names), bool, len(names))


def felt_flags(kept: Kept, ops: Ops, is_kept: Flags) -> Flags:
    """For each node whether a converter or a rule looks at it.

    What lies outside the kept subgraph is looked at for FakeQuants alone: without any, nothing of it is.
    """
    felt = is_kept.copy()
    for name in kept.control_only:
        felt[kept.graph.position(name)] = True
    return felt if not bool((ops.among(FAKE_QUANTS) & ~felt).any()) else numpy.ones_like(felt)


@dataclass(frozen=True)
class Kinds:
    """What each node of a graph is."""

    numbers: Numbers
    varying: Flags
    """Constants that have their kind in common with others but for their values: no two have the same."""


def kinds(kept: Kept, ops: Ops, is_kept: Flags) -> Kinds:
    """The kinds of all nodes.

    Nodes are of one kind only if they are kept, or not, alike. A node of an input or output is of its own kind.
    """
    graph: Graph = kept.graph
    state = is_kept.astype(numpy.int64)
    for name in kept.control_only:
        state[graph.position(name)] = 2
    said, forms = (numpy.array(column, numpy.int64) for column in likeness(graph))
    varying = forms >= 0
    said[varying] = said.max(initial=0) + 1 + forms[varying]
    found: Numbers = (said * len(ops) + ops.of_node) * 3 + state
    for rank, array in enumerate((*kept.inputs, *kept.outputs)):
        found[graph.position(parse_edge(array).node)] = -1 - rank
        varying[graph.position(parse_edge(array).node)] = False
    return Kinds(found, varying)
