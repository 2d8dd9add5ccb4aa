"""A FakeQuant as fixes write it: 8 bits, a range that holds zero."""

import struct

from minmax_lint.graph.fakequant import Range
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node

_LARGEST = 3.4028234e38
"""Of float32."""


def with_zero(found: Range) -> Range:
    """The range widened to hold zero; [0, 1] where it holds nothing else."""
    low, high = min(found.min, 0.0), max(found.max, 0.0)
    return Range(low, high) if low < high else Range(0.0, 1.0)


def as_float32(found: Range) -> Range:
    """The range in float32: so a graph in memory is the one that is written, and equal ranges stay equal."""
    bounded = (min(max(bound, -_LARGEST), _LARGEST) for bound in found)
    return Range(*struct.unpack("<2f", struct.pack("<2f", *bounded)))


def fake_quant(source: Edge, found: Range, *, narrow: bool = False) -> Node:
    """A FakeQuant of 8 bits, without name yet."""
    low, high = as_float32(found)
    attrs = {"min": low, "max": high, "num_bits": 8, "narrow_range": narrow}
    return Node("", "FakeQuantWithMinMaxArgs", (source,), attrs=attrs)
