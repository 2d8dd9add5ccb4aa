"""FakeQuant nodes: what they quantize, with which range, and whether the range is a constant."""

import math
import operator
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

    `lows` and `highs` hold the bounds of its range, or those of each channel: as columns, which are asked faster than
    one range after the other. They are empty where the values are not given.
    """

    node: str
    op: str
    array: str
    """The array it reads (input 0)."""
    constant: bool
    """Whether the converter will find a constant range; not one that is computed from data, or assigned."""
    lows: tuple[float, ...]
    highs: tuple[float, ...]
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
    def ranges(self) -> tuple[Range, ...]:
        """One range, or one per channel; none where the range is not a constant."""
        return (UNKNOWN_RANGE,) if self.unknown else self.known_ranges

    @property
    def known_ranges(self) -> tuple[Range, ...]:
        """The ranges whose values are given; a constant NaN is given, a variable without checkpoint is not."""
        return tuple(map(Range, self.lows, self.highs))

    @property
    def unknown(self) -> bool:
        """Whether the value of its constant range is not given."""
        return self.constant and not self.lows

    @property
    def only_range(self) -> Range | None:
        """Its known range; None where it has none, or several."""
        return Range(self.lows[0], self.highs[0]) if len(self.lows) == 1 else None

    @cached_property
    def degenerate(self) -> bool:
        """Whether a known range holds no grid of values: NaN, infinite, empty or turned round."""
        if not all(map(operator.lt, self.lows, self.highs)):
            return True
        return min(self.lows, default=0.0) == -math.inf or max(self.highs, default=0.0) == math.inf

    @cached_property
    def misses_zero(self) -> bool:
        """Whether 0 lies outside a known range that is sound otherwise."""
        return bool(self.lows) and not self.degenerate and (max(self.lows) > 0 or min(self.highs) < 0)

    @cached_property
    def range(self) -> Range | None:
        """The union of `ranges`; None where the range is not a constant."""
        if self.unknown:
            return UNKNOWN_RANGE
        return Range(min(self.lows), max(self.highs)) if self.constant else None


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
    found: tuple[_Column, _Column] | None = None
    if node.op in RANGE_FROM_ATTRS:
        found = (node.real("min", -6.0),), (node.real("max", 6.0),)
    elif len(node.inputs) >= 3:
        low, high = (follow_constant(graph, edge) for edge in node.inputs[1:3])
        found = _columns(low, high) if low is not None and high is not None else None
    lows, highs = found or ((), ())
    bits, narrow = node.integer("num_bits", 8), node.flag("narrow_range")
    return FakeQuant(node.name, node.op, array, found is not None, lows, highs, bits, narrow)


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


_Column = tuple[float, ...]


def _columns(low: Tensor, high: Tensor) -> tuple[_Column, _Column]:
    """The bounds of each channel; none where a bound holds no number at all (empty, a string, a claim)."""
    if not (low.listed and high.listed):
        return (), ()
    channels = min(low.size, high.size)
    return low.reals()[:channels], high.reals()[:channels]
