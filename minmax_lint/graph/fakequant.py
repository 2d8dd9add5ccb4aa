"""FakeQuant nodes: what they quantize, with which range, and whether the range is a constant."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.ops.table import IDENTITIES

RANGE_FROM_INPUTS = frozenset({"FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel"})
RANGE_FROM_ATTRS = frozenset({"FakeQuantWithMinMaxArgs"})
GRADIENTS = frozenset(
    {
        "FakeQuantWithMinMaxArgsGradient",
        "FakeQuantWithMinMaxVarsGradient",
        "FakeQuantWithMinMaxVarsPerChannelGradient",
    }
)
FAKE_QUANTS = RANGE_FROM_INPUTS | RANGE_FROM_ATTRS
"""Ops whose output 0 is their input 0, rounded to a grid."""

VALID_BITS = range(2, 17)
"""What `num_bits` may be (fake_quant_ops.cc); a file may hold any 64-bit integer."""


class Range(NamedTuple):
    """A MinMax, in real values: as they stand in the graph, NaN included. See also UNKNOWN_RANGE."""

    min: float
    max: float

    @property
    def known(self) -> bool:
        """False for the range of a variable without its checkpoint."""
        return self is not UNKNOWN_RANGE

    @property
    def finite(self) -> bool:
        """Whether both bounds are: False for NaN too."""
        return all(map(math.isfinite, self))

    @property
    def has_nan(self) -> bool:
        """Whether a bound is no number."""
        return any(map(math.isnan, self))

    def __str__(self) -> str:
        return f"[{self.min:.6g}, {self.max:.6g}]" if self.known else "range unknown"


UNKNOWN_RANGE = Range(math.nan, math.nan)
"""A range that exists but whose value is not given. This very object: a constant may really hold NaN."""


@dataclass(frozen=True)
class FakeQuant:
    """One FakeQuant node.

    `ranges` has one entry, or one per channel; it is empty where the range is not a constant
    (`constant` False: computed from data, or assigned in the graph).
    """

    node: str
    op: str
    array: str
    """The array it reads (input 0)."""
    ranges: tuple[Range, ...]
    num_bits: int
    narrow_range: bool

    @property
    def output(self) -> str:
        """The array that the FakeQuant writes."""
        return self.node

    @property
    def per_channel(self) -> bool:
        """Whether each channel has a range of its own."""
        return self.op == "FakeQuantWithMinMaxVarsPerChannel"

    @property
    def constant(self) -> bool:
        """Whether the converter will find a constant range."""
        return bool(self.ranges)

    @cached_property
    def known_ranges(self) -> tuple[Range, ...]:
        """The ranges whose values are given; a constant NaN is given, a variable without checkpoint is not."""
        return tuple([each for each in self.ranges if each is not UNKNOWN_RANGE])

    @cached_property
    def degenerate(self) -> bool:
        """Whether a known range holds no grid of values: NaN, infinite, empty or turned round."""
        return not all(-math.inf < low < high < math.inf for low, high in self.known_ranges)

    @cached_property
    def misses_zero(self) -> bool:
        """Whether 0 lies outside a known range that is sound otherwise."""
        return not self.degenerate and any(low > 0 or high < 0 for low, high in self.known_ranges)

    @cached_property
    def range(self) -> Range | None:
        """The union of `ranges`; None where the range is not a constant."""
        if not self.ranges:
            return None
        if len(self.known_ranges) < len(self.ranges):
            return UNKNOWN_RANGE
        return Range(min([low for low, _ in self.ranges]), max([high for _, high in self.ranges]))


def is_fake_quant(op: str) -> bool:
    """Whether an op is a (forward) FakeQuant."""
    return op in FAKE_QUANTS


def read_fake_quant(graph: Graph, node: Node) -> FakeQuant:
    """The FakeQuant at `node` of `graph`; its range is followed through Identity chains to constants.

    In a frozen view (`freeze.freeze_graph`) variables are constants already. Defaults of TensorFlow's
    array_ops.cc / fake_quant_ops: num_bits 8, narrow_range false, Args range [-6, 6].
    """
    read = graph.memo.setdefault(_read, {})
    found: FakeQuant | None = read.get(node.name)
    if found is None:
        found = read[node.name] = _read(graph, node)
    return found


def _read(graph: Graph, node: Node) -> FakeQuant:
    array = node.inputs[0].array if node.inputs else ""
    ranges: tuple[Range, ...] = ()
    if node.op in RANGE_FROM_ATTRS:
        ranges = (Range(node.real("min", -6.0), node.real("max", 6.0)),)
    elif len(node.inputs) >= 3:
        low, high = (follow_constant(graph, edge) for edge in node.inputs[1:3])
        if low is not None and high is not None:
            ranges = _pair(low, high)
    return FakeQuant(
        node.name, node.op, array, ranges, node.integer("num_bits", 8), node.flag("narrow_range")
    )


def fake_quants(graph: Graph, names: Iterable[str] | None = None) -> Iterator[FakeQuant]:
    """All FakeQuants among `names` (default: the whole graph), in file order."""
    for name in graph.of_ops(FAKE_QUANTS) if names is None else names:
        if is_fake_quant(graph.op(name)):
            yield read_fake_quant(graph, graph[name])


def follow_constant(graph: Graph, edge: Edge) -> Tensor | None:
    """The constant that `edge` carries, through at most 64 identities; None if it is not one."""
    for _ in range(64):
        if edge.node not in graph:
            return None
        node = graph[edge.node]
        if node.op == "Const":
            return node.tensor()
        if node.op not in IDENTITIES or not node.inputs:
            return None
        edge = node.inputs[0]
    return None


def _pair(low: Tensor, high: Tensor) -> tuple[Range, ...]:
    """One range a channel; UNKNOWN_RANGE where a bound holds no number at all (empty, a string, a claim)."""
    if not (low.listed and high.listed and low.size and high.size):
        return (UNKNOWN_RANGE,)
    return tuple(map(Range, low.reals(), high.reals()))
