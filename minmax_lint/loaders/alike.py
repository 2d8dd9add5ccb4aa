"""Which nodes of a serialized GraphDef say the same, told by their bytes, without decoding any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from minmax_lint.graph.graph import Likeness
from minmax_lint.loaders.constant_forms import constant_forms
from minmax_lint.loaders.large_node import after_header
from minmax_lint.loaders.records import LARGE, Records
from minmax_lint.loaders.wire import LENGTH_DELIMITED, Buffer, fields

_DEVICE, _ATTR = 0x22, 0x2A
"""Tags of NodeDef's fields that follow its header."""

_SHORT = 0x80
"""Lengths below take one byte."""

_PLACES = b"\x0a\x06_class"
"""How the attribute begins that names the node's companions: it differs in nodes that do the same."""


def alike(buffer: Buffer, records: Records, ops: Sequence[str], heads: Sequence[int]) -> Likeness:
    """Which nodes have the same attributes and device, `_class` aside.

    `heads`: where name, op and inputs of each node end, 0 where that is not known. A node that says more than
    `LARGE` bytes is like no other.
    """
    numbers: dict[bytes | int, int] = {}
    result: list[int] = []
    add = result.append
    known = [head or after_header(buffer, *records.span(place)) for place, head in enumerate(heads)]
    for head, end in zip(known, records.ends(), strict=True):
        said: bytes | int = bytes(buffer[head:end]) if end - head <= LARGE else head
        number = numbers.get(said)
        if number is None:
            if isinstance(said, bytes) and _PLACES in said:
                number = numbers.setdefault(_without_places(said), len(numbers))
                numbers[said] = number
            else:
                number = numbers[said] = len(numbers)
        add(number)
    drawn = numpy.array(result, numpy.int64)
    alone = numpy.bincount(drawn, minlength=1)[drawn] == 1
    constants = numpy.fromiter((op == "Const" for op in ops), bool, len(ops))
    starts, ends = numpy.array(known, numpy.int64), numpy.fromiter(records.ends(), numpy.int64, len(known))
    return Likeness(
        result, constant_forms(buffer, starts, ends, numpy.flatnonzero(alone & constants)).tolist()
    )


def _without_places(said: bytes) -> bytes:
    """The fields of a node without its attribute `_class`."""
    at, size = 0, len(said)
    while at + 1 < size and said[at] in (_DEVICE, _ATTR) and said[at + 1] < _SHORT:
        after = at + 2 + said[at + 1]
        if said.startswith(_PLACES, at + 2):
            return said[:at] + said[after:]
        at = after
    return b"".join(
        said[field.tag : field.end]
        for field in fields(said, 0, size)
        if field.wire_type != LENGTH_DELIMITED or not said.startswith(_PLACES, field.start)
    )
