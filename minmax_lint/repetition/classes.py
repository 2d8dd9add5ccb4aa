"""Twins: blocks that look alike, get alike arrays, and stand among neighbours that are alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy

from minmax_lint.graph.graph import graph_of
from minmax_lint.graph.inference import Inference
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import trace
from minmax_lint.graph.wiring import Numbers
from minmax_lint.repetition.cut import Cut
from minmax_lint.repetition.order import producers_first


@dataclass(frozen=True)
class Classes:
    """The blocks by what a converter can make of them."""

    of_block: tuple[int, ...]
    """Block -> its class."""
    ranks: Numbers
    """Block -> a number higher than those of all blocks that feed it."""

    @cached_property
    def twins(self) -> Mapping[int, list[int]]:
        """Class -> its blocks, producers first."""
        found: dict[int, list[int]] = {}
        for block in numpy.argsort(self.ranks).tolist():
            found.setdefault(self.of_block[block], []).append(block)
        return found


def classes(
    cut: Cut, input_shapes: Mapping[str, Shape | None], apart: Mapping[int, object]
) -> Classes | None:
    """The classes of all blocks; None where blocks feed each other in circles, or a shape is not to be told.

    `apart`: block -> a word of its own, for blocks that are twins of those with the same word only.
    """
    blocks, crossing = cut.blocks, cut.crossing
    feeding = blocks.of_node[cut.wires.sources[crossing]]
    fed = blocks.of_node[cut.wires.readers[crossing]]
    ranks = producers_first(feeding, fed, len(blocks))
    if ranks is None:
        return None
    alone = _by_shapes(cut, ranks, input_shapes, apart)
    return None if alone is None else Classes(_among_neighbours(cut, alone), ranks)


def _by_shapes(
    cut: Cut, ranks: Numbers, input_shapes: Mapping[str, Shape | None], apart: Mapping[int, object]
) -> list[int] | None:
    """Block -> a number, equal for blocks that look alike and read arrays of the same shapes."""
    blocks = cut.blocks
    numbers: dict[tuple[int, object, tuple[Shape | None, ...]], int] = {}
    given: list[tuple[tuple[int, Shape | None], ...]] = []
    shapes: dict[int, Shape | None] = {}
    found = [0] * len(blocks)
    for block in numpy.argsort(ranks).tolist():
        key = blocks.looks[block], apart.get(block), tuple(shapes[source] for source in blocks.sources[block])
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(given)
            told = _border_shapes(cut, block, shapes, input_shapes)
            if told is None:
                return None
            given.append(told)
        found[block] = number
        if given[number]:
            start = int(blocks.starts[block])
            for place, shape in given[number]:
                shapes[int(blocks.nodes[start + place])] = shape
    return found


def _border_shapes(
    cut: Cut,
    block: int,
    shapes: Mapping[int, Shape | None],
    input_shapes: Mapping[str, Shape | None],
) -> tuple[tuple[int, Shape | None], ...] | None:
    """The shapes of what a block gives to others, by place; None where one is constant or has no known batch."""
    graph, blocks = cut.graph, cut.blocks
    members = blocks.members(block)
    giving = [node for node in members if cut.border[node] >= 0]
    if not giving:
        return ()
    names = graph.columns.names
    inside = {names[node] for node in members}
    inputs = {array: shape for array, shape in input_shapes.items() if parse_edge(array).node in inside}
    inputs |= {names[source]: shapes[source] for source in blocks.sources[block]}
    piece = graph_of([graph[names[node]] for node in (*blocks.sources[block], *members)])
    inference = Inference(trace(piece, inputs, [names[node] for node in giving]), inputs)
    found = tuple((int(blocks.place[node]), inference.shape(names[node])) for node in giving)
    constant = any(inference.is_constant(graph[names[node]].inputs[0].array) for node in giving)
    unknown_batch = any(shape and shape[0] is None for _, shape in found)
    return None if constant or unknown_batch else found


def _among_neighbours(cut: Cut, alone: list[int]) -> tuple[int, ...]:
    """Block -> a number, equal for blocks of one class whose neighbours are of the same classes, wired alike."""
    blocks, wires, crossing = cut.blocks, cut.wires, cut.crossing
    place = blocks.place.tolist()
    of_node = blocks.of_node.tolist()
    behind: list[list[tuple[int, int, int, int]]] = [[] for _ in alone]
    rows = (column[crossing].tolist() for column in (wires.sources, wires.readers, wires.slots))
    for source, reader, slot in zip(*rows, strict=True):
        behind[of_node[source]].append((place[source], alone[of_node[reader]], place[reader], slot))
    numbers: dict[object, int] = {}
    found = []
    for block, own in enumerate(alone):
        feeding = [of_node[source] for source in blocks.sources[block]]
        before = tuple(
            (alone[feeder], place[source], feeding.index(feeder))
            for feeder, source in zip(feeding, blocks.sources[block], strict=True)
        )
        key = own, before, tuple(sorted(behind[block]))
        found.append(numbers.setdefault(key, len(numbers)))
    return tuple(found)
