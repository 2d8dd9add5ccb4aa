"""Where a graph can be cut: FakeQuants behind which nothing is felt of what stands in front of them.

A sound 8-bit FakeQuant of an activation gives its readers the range; what is made of them depends on it and
on the shape, and on nothing else in front of it. Only usual producers and readers count: ops that share
one scale with their operands (Concat, MaxPool, Reshape) pass ranges on through a FakeQuant.
"""

from __future__ import annotations

import numpy

from minmax_lint.graph.fakequant import IDENTITIES, read_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.wiring import CONTROL, Flags, Numbers, Wiring
from minmax_lint.repetition.kinds import Kinds, Ops

PRODUCERS = frozenset(
    {
        "Add",
        "AddV2",
        "BiasAdd",
        "Conv2D",
        "DepthwiseConv2dNative",
        "FusedBatchNorm",
        "FusedBatchNormV2",
        "FusedBatchNormV3",
        "MatMul",
        "Placeholder",
        "Relu",
        "Relu6",
    }
)
"""Ops whose result a FakeQuant at a border quantizes."""

READERS = {"Conv2D": 0, "DepthwiseConv2dNative": 0, "MatMul": 0, "Add": 1, "AddV2": 1}
"""Ops that read a border, each with the last input at which it does."""

_CUT = "FakeQuantWithMinMaxVars"
_FEW = 4
"""Identities between a range and its FakeQuant: freezing leaves one or two."""

_ENDS = 3
"""Inputs of a FakeQuant: the array and its range."""


def borders(graph: Graph, ops: Ops, wires: Wiring, kinds: Kinds, kept: Flags) -> Numbers:
    """For each node a number, equal for FakeQuants that give their readers the same; -1 for every other node."""
    places = numpy.flatnonzero(ops.among({_CUT}) & (numpy.diff(wires.first) == _ENDS))
    array = wires.first[places]
    low, high = (_behind_identities(wires, ops, wires.sources[array + slot]) for slot in (1, 2))
    is_producer, is_constant = ops.among(PRODUCERS), ops.among({"Const"})
    fit = (wires.ports[array] == 0) & is_producer[wires.sources[array]] & kept[places]
    fit &= is_constant[low] & is_constant[high] & (kinds.numbers[places] >= 0)
    said = numpy.stack([kinds.numbers[node] for node in (places, low, high)])
    _, examples, number = numpy.unique(said, axis=1, return_index=True, return_inverse=True)
    own = kinds.varying[low] | kinds.varying[high]
    fit &= own | _sound(graph, places[examples])[number.reshape(-1)]
    fit[own & fit] = _sound(graph, places[own & fit])
    found = numpy.full(len(graph), -1)
    found[places[fit]] = number.reshape(-1)[fit]
    found[_read_otherwise(wires, ops, kept)] = -1
    return found


def _behind_identities(wires: Wiring, ops: Ops, nodes: Numbers) -> Numbers:
    """What stands at the end of the ops that hand a range on, as far as there are few."""
    handing_on = ops.among(IDENTITIES) & (numpy.diff(wires.first) == 1)
    for _ in range(_FEW):
        through = handing_on[nodes]
        nodes = numpy.where(through, wires.sources[numpy.where(through, wires.first[nodes], 0)], nodes)
    return nodes


def _sound(graph: Graph, places: Numbers) -> Flags:
    return numpy.fromiter((_is_sound(graph, int(place)) for place in places), bool, len(places))


def _is_sound(graph: Graph, place: int) -> bool:
    found = read_fake_quant(graph, graph[graph.columns.names[place]])
    if found.num_bits != 8 or len(found.ranges) != 1 or not found.ranges[0].known:
        return False
    low, high = found.ranges[0]
    return found.ranges[0].finite and low <= 0 <= high and low < high


def _read_otherwise(wires: Wiring, ops: Ops, kept: Flags) -> Numbers:
    """The nodes that a kept node reads in another way than readers of a border do."""
    usual = numpy.zeros(len(wires.sources), bool)
    for op, last in READERS.items():
        usual |= ops.among({op})[wires.readers] & (wires.slots <= last)
    usual &= wires.ports == 0
    usual |= ~kept[wires.readers] & (wires.ports != CONTROL)
    return wires.sources[~usual]
