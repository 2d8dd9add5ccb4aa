"""Which nodes of a serialized GraphDef say the same, told by their bytes, without decoding any."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy

from minmax_lint.loaders.large_node import after_header
from minmax_lint.loaders.wire import LENGTH_DELIMITED, Buffer, fields

_NAME, _OP, _DEVICE, _ATTR = 0x0A, 0x12, 0x22, 0x2A
"""Tags of NodeDef's fields, as far as they are looked for here."""

_SHORT = 0x80
"""Lengths below take one byte."""

_PLACES = b"\x0a\x06_class"
"""How the attribute begins that names the node's companions: it differs in nodes that do the same."""


def alike(
    buffer: Buffer,
    spans: tuple[Sequence[int], Sequence[int]],
    names: Sequence[str],
    ops: Sequence[str],
    inputs: Sequence[tuple[str, ...]],
    large: int,
) -> Sequence[int]:
    """A number for each node; nodes of one number have the same attributes and device, `_class` aside.

    `spans`: where each node's payload starts and ends. A node of more than `large` bytes is like no other.
    """
    starts, ends = (numpy.array(column, numpy.int64) for column in spans)
    heads = _after_headers(buffer, starts, ends, names, ops, inputs)
    numbers: dict[bytes | int, int] = {}
    result: list[int] = []
    add = result.append
    for head, end in zip(heads.tolist(), ends.tolist(), strict=True):
        said: bytes | int = bytes(buffer[head:end]) if end - head <= large else head
        number = numbers.get(said)
        if number is None:
            if isinstance(said, bytes) and _PLACES in said:
                number = numbers.setdefault(_without_places(said), len(numbers))
                numbers[said] = number
            else:
                number = numbers[said] = len(numbers)
        add(number)
    return result


def _after_headers(
    buffer: Buffer,
    starts: Any,
    ends: Any,
    names: Sequence[str],
    ops: Sequence[str],
    inputs: Sequence[tuple[str, ...]],
) -> Any:
    """Where name, op and inputs of each node end: computed, and walked where the layout is not the usual one."""
    count = len(names)
    name_sizes = numpy.fromiter(map(len, names), numpy.int64, count)
    op_sizes = numpy.fromiter(map(len, ops), numpy.int64, count)
    widths = numpy.fromiter(map(len, inputs), numpy.int64, count)
    texts = numpy.fromiter(map(len, chain.from_iterable(inputs)), numpy.int64, int(widths.sum()))
    stops = numpy.cumsum(widths)
    op_at = starts + 2 + name_sizes
    heads = op_at + 2 + op_sizes + _sums(texts + 2, stops - widths, stops)

    view = numpy.frombuffer(buffer, numpy.uint8)
    last = len(view) - 1
    usual = (heads <= ends) & (name_sizes < _SHORT) & (op_sizes < _SHORT)
    usual &= _sums(texts >= _SHORT, stops - widths, stops) == 0
    usual &= (view[starts] == _NAME) & (view[numpy.minimum(starts + 1, last)] == name_sizes)
    at = numpy.minimum(op_at, last)
    usual &= (view[at] == _OP) & (view[numpy.minimum(at + 1, last)] == op_sizes)
    tags = view[numpy.minimum(heads, last)]
    usual &= (heads == ends) | (tags == _DEVICE) | (tags == _ATTR)
    for place in numpy.flatnonzero(~usual).tolist():
        heads[place] = after_header(buffer, int(starts[place]), int(ends[place]))
    return heads


def _sums(values: Any, starts: Any, stops: Any) -> Any:
    """The sum of values[start:stop] for each pair."""
    until = numpy.concatenate([numpy.zeros(1, numpy.int64), numpy.cumsum(values)])
    return until[stops] - until[starts]


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
