"""The smaller graph that has every class of blocks a few times only, under the names of the whole graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy

from minmax_lint.graph.freeze import VARIABLES
from minmax_lint.graph.graph import Columns, Graph, Serialized
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import Kept
from minmax_lint.graph.wiring import Flags, Numbers, Wiring
from minmax_lint.repetition.blocks import Blocks, blocks
from minmax_lint.repetition.borders import borders
from minmax_lint.repetition.classes import Classes, classes
from minmax_lint.repetition.kinds import Ops, felt_flags, kept_flags, kinds
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

    def block(self, name: str) -> int:
        """The block of a node."""
        return int(self.blocks.of_node[self.whole.position(name)])


def condensed(graph: Graph, kept: Kept, input_shapes: Mapping[str, Shape | None]) -> Condensed | None:
    """The graph without most of its twins; None where it hardly repeats itself, or cannot be cut safely."""
    if graph.functions or graph.ambiguous or not VARIABLES.isdisjoint(graph.columns.ops):
        return None
    if "gradients" in "\n".join(graph.names):
        return None  # rules about training graphs go by names
    ops, is_kept = Ops(graph.columns.ops), kept_flags(kept)
    wires, kind = graph.wiring, kinds(kept, ops, is_kept)
    if wires is None or kind is None:
        return None
    felt = felt_flags(kept, ops, is_kept)
    wires = wires.read_by(felt)
    border = borders(graph, ops, wires, kind, is_kept)
    if not bool((border >= 0).any()):
        return None
    pieces = blocks(wires, kind, border, felt)
    while bool((own := _own(wires, border, pieces)).any()):
        border[wires.sources[own]] = -1
        pieces = blocks(wires, kind, border, felt)
    found = classes(graph, wires, border, pieces, input_shapes)
    if found is None:
        return None
    chosen = staying_blocks(wires, border, pieces, found)
    return (
        None
        if chosen is None
        else _without_twins(graph, wires, border, pieces, found, *chosen, is_kept, felt)
    )


def _own(wires: Wiring, border: Numbers, pieces: Blocks) -> Flags:
    """For each edge whether it leads through a border into the block that it comes from: there is no cut."""
    found: Flags = border[wires.sources] >= 0
    found &= pieces.of_node[wires.sources] == pieces.of_node[wires.readers]
    return found


def _without_twins(
    graph: Graph,
    wires: Wiring,
    border: Numbers,
    pieces: Blocks,
    found: Classes,
    staying: frozenset[int],
    standing: Mapping[int, int],
    is_kept: Flags,
    felt: Flags,
) -> Condensed | None:
    stays = numpy.zeros(len(pieces), bool)
    stays[list(staying)] = True
    stays_node = stays[pieces.of_node] & felt
    moved = {
        source: int(pieces.nodes[pieces.starts[standing[left_out]] + pieces.place[source]])
        for block in staying
        for source in pieces.sources[block]
        if (left_out := int(pieces.of_node[source])) not in staying
    }
    if _unread(wires, border, stays_node, is_kept, moved):
        return None
    smaller = _smaller(graph, numpy.flatnonzero(stays_node).tolist(), moved)
    return Condensed(graph, smaller, pieces, found, staying, moved)


def _smaller(graph: Graph, places: list[int], moved: Mapping[int, int]) -> Graph:
    old = graph.columns
    instead = {old.names[source]: old.names[twin] for source, twin in moved.items()}
    inputs = [
        tuple(instead.get(text.removesuffix(":0"), text) for text in old.inputs[place]) for place in places
    ]
    return Graph(
        Columns(
            [old.names[place] for place in places],
            [old.ops[place] for place in places],
            inputs,
            lambda position: old.details(places[position]),
            _part(old.serialized, places),
        )
    )


def _part(serialized: Serialized | None, places: list[int]) -> Serialized | None:
    if serialized is None:
        return None
    origin = serialized.origin
    return replace(serialized, origin=lambda position: origin(places[position]))


def _unread(wires: Wiring, border: Numbers, stays: Flags, is_kept: Flags, moved: Mapping[int, int]) -> bool:
    """Whether a border stays that a kept node has read, and now none reads any more."""
    was_read = set(wires.sources[is_kept[wires.readers] & (border[wires.sources] >= 0)].tolist())
    is_read = set(wires.sources[stays[wires.readers] & is_kept[wires.readers]].tolist()) | set(moved.values())
    return any(stays[node] for node in was_read - is_read)
