"""The smaller graph that has every class of blocks a few times only, under the names of the whole graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy

from minmax_lint.graph.graph import Columns, Details, Graph, Serialized
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.graph.wiring import Flags
from minmax_lint.repetition.blocks import Blocks
from minmax_lint.repetition.classes import Classes, classes
from minmax_lint.repetition.cut import Cut
from minmax_lint.repetition.followed import FollowedTensor
from minmax_lint.repetition.journal import Journal
from minmax_lint.repetition.standing import staying_blocks


@dataclass(frozen=True)
class Condensed:
    """A graph in which twins beyond the first few are left out, and who stands for them."""

    whole: Graph
    graph: Graph
    blocks: Blocks
    classes: Classes
    staying: frozenset[int]
    """The blocks that are in the smaller graph."""
    moved: Mapping[int, int]
    """Node that is left out -> its twin that staying blocks read instead."""
    journal: Journal
    """What is asked of the smaller graph's constants, where they differ from twin to twin."""

    def block(self, name: str) -> int:
        """The block of a node."""
        return int(self.blocks.of_node[self.whole.position(name)])


def condensed(
    cut: Cut, input_shapes: Mapping[str, Shape | None], apart: Mapping[int, object]
) -> Condensed | None:
    """The graph without most of its twins; None where it hardly repeats itself.

    `apart`: block -> a word of its own, for blocks that are twins of those with the same word only.
    """
    found = classes(cut, input_shapes, apart)
    chosen = None if found is None else staying_blocks(cut, found)
    if found is None or chosen is None:
        return None
    staying, standing = chosen
    pieces = cut.blocks
    stays = numpy.zeros(len(pieces), bool)
    stays[list(staying)] = True
    stays_node = stays[pieces.of_node] & cut.felt
    moved = {
        source: int(pieces.nodes[pieces.starts[standing[left_out]] + pieces.place[source]])
        for block in staying
        for source in pieces.sources[block]
        if (left_out := int(pieces.of_node[source])) not in staying
    }
    if _unread(cut, stays_node, moved):
        return None
    shared = numpy.zeros(len(pieces), bool)
    shared[[block for twins in found.twins.values() for block in twins if not staying.issuperset(twins)]] = (
        True
    )
    journal = Journal()
    followed = cut.varying & shared[pieces.of_node]
    smaller = _smaller(cut.graph, numpy.flatnonzero(stays_node).tolist(), moved, followed, journal)
    return Condensed(cut.graph, smaller, pieces, found, staying, moved, journal)


def _smaller(
    graph: Graph, places: list[int], moved: Mapping[int, int], followed: Flags, journal: Journal
) -> Graph:
    old = graph.columns
    instead = {old.names[source]: old.names[twin] for source, twin in moved.items()}
    there = {old.names[place] for place in places}
    inputs = [
        tuple(
            instead.get(text.removesuffix(":0"), text)
            for text in old.inputs[place]
            if not text.startswith("^") or text[1:] in there
        )
        for place in places
    ]

    def details(position: int) -> Details:
        node = places[position]
        attrs, device = old.details(node)
        value = attrs.get("value")
        if followed[node] and isinstance(value, Tensor):
            return {**attrs, "value": FollowedTensor(journal, journal.leaf(node), value)}, device
        return attrs, device

    return Graph(
        Columns(
            [old.names[place] for place in places],
            [old.ops[place] for place in places],
            inputs,
            details,
            _part(old.serialized, places),
        )
    )


def _part(serialized: Serialized | None, places: list[int]) -> Serialized | None:
    if serialized is None:
        return None
    origin = serialized.origin
    return replace(serialized, origin=lambda position: origin(places[position]))


def _unread(cut: Cut, stays: Flags, moved: Mapping[int, int]) -> bool:
    """Whether a border stays that a kept node has read, and now none reads any more."""
    sources, readers = cut.wires.sources, cut.wires.readers
    was_read = set(sources[cut.kept[readers] & cut.crossing].tolist())
    is_read = set(sources[stays[readers] & cut.kept[readers]].tolist()) | set(moved.values())
    return any(stays[node] for node in was_read - is_read)
