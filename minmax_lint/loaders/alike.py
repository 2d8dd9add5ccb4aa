"""Which nodes of a serialized GraphDef say the same, told by their bytes, without decoding any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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

_MANY = 100
"""Records of a run from which on it pays to compare them at once."""

_FEW = 5
"""Records of one size up to which it does not."""

_WORD = 8
"""Bytes compared at once."""

_EVERY_BIT = (1 << 64) - 1

_PATTERNS = 8
"""Sayings of one size that are looked for among the records of a run; nodes of one op and size mostly say the same."""


def alike(buffer: Buffer, records: Records, ops: Sequence[str], heads: Sequence[int]) -> Likeness:
    """Which nodes have the same attributes and device, `_class` aside.

    `heads`: where name, op and inputs of each node end, 0 where that is not known. A node that says more than
    `LARGE` bytes is like no other.
    """
    starts = numpy.array(heads, numpy.int64)
    for place in numpy.flatnonzero(starts == 0).tolist():
        starts[place] = after_header(buffer, *records.span(place))
    ends = _ends(records)
    numbers = _Numbers()
    said = numpy.empty(len(starts), numpy.int64)
    for first, after, _ in records.runs:
        said[first:after] = _said(numbers, buffer, starts[first:after], ends[first:after])
    alone = numpy.flatnonzero(numpy.bincount(said, minlength=1)[said] == 1)
    constants = [place for place in alone.tolist() if ops[place] == "Const"]
    forms = constant_forms(buffer, starts, ends, numpy.array(constants, numpy.int64))
    return Likeness(said.tolist(), forms.tolist())


class _Numbers:
    """Numbers of what nodes say."""

    def __init__(self) -> None:
        self._known: dict[bytes | int, int] = {}

    def of(self, said: bytes | int) -> int:
        """The number of what a node says; a number says the same as no other."""
        known = self._known
        number = known.get(said)
        if number is None:
            if isinstance(said, bytes) and _PLACES in said:
                number = known.setdefault(_without_places(said), len(known))
                known[said] = number
            else:
                number = known[said] = len(known)
        return number


def _ends(records: Records) -> Any:
    """Where each record ends: where the next one of its run starts."""
    tags = numpy.frombuffer(records.tags, numpy.int64)
    ends = numpy.append(tags[1:], 0)
    ends[[run.after - 1 for run in records.runs]] = [run.end for run in records.runs]
    return ends


def _said(numbers: _Numbers, buffer: Buffer, heads: Any, ends: Any) -> Any:
    """The numbers of what the records of a run say."""
    if len(heads) == 1 and ends[0] - heads[0] > LARGE:
        return numbers.of(int(heads[0]))
    start = int(heads[0])
    size = int(ends[-1]) - start + _WORD
    content = bytes(buffer[start : start + size]).ljust(size, b"\0")
    spans = numpy.stack([heads, ends], axis=1) - start
    found = numpy.full(len(heads), -1)
    if len(heads) >= _MANY:
        _compare(numbers, content, spans, found)
    left = numpy.flatnonzero(found < 0)
    found[left] = [numbers.of(content[head:end]) for head, end in spans[left].tolist()]
    return found


def _compare(numbers: _Numbers, content: bytes, spans: Any, found: Any) -> None:
    """Number those of many records, in `found`, that say what many of them say."""
    sizes = numpy.diff(spans).reshape(-1)
    order = numpy.argsort(sizes.astype(numpy.int16), kind="stable")  # of such numbers numpy sorts by radix
    for left in numpy.split(order, numpy.flatnonzero(numpy.diff(sizes[order])) + 1):
        for _ in range(_PATTERNS):
            if len(left) < _FEW:
                break
            said = content[slice(*spans[left[0]].tolist())]
            same = _like_the_first(content, spans[left, 0], _compared(said))
            found[left[same]] = numbers.of(said)
            left = left[~same]
            if numpy.count_nonzero(same) == 1:
                break


def _compared(said: bytes) -> bytes:
    """Which bits of what a node says are compared: all but the value of its attribute `_class`, in whole words."""
    size = len(said)
    start, end = _companions(said) or (size, size)
    kept = min(start + 2 + len(_PLACES), end)
    return b"\xff" * kept + bytes(end - kept) + b"\xff" * (size - end) + bytes(-size % _WORD)


def _like_the_first(content: bytes, starts: Any, compared: bytes) -> Any:
    """For each piece whether it equals the first, in the bits compared. Behind it there are at least `_WORD` bytes."""
    same = numpy.ones(len(starts), bool)
    if not compared:
        return same
    whole = numpy.ndarray(len(content) - len(compared) + 1, f"V{len(compared)}", content, strides=(1,))
    words = whole[starts].view(numpy.uint64).reshape(len(starts), -1)
    for column, bits in zip(words.T, numpy.frombuffer(compared, numpy.uint64).tolist(), strict=True):
        same &= column == column[0] if bits == _EVERY_BIT else (column ^ column[0]) & numpy.uint64(bits) == 0
    return same


def _without_places(said: bytes) -> bytes:
    """The fields of a node without its attribute `_class`."""
    span = _companions(said)
    if span is not None:
        return said[: span[0]] + said[span[1] :]
    return b"".join(
        said[field.tag : field.end]
        for field in fields(said, 0, len(said))
        if field.wire_type != LENGTH_DELIMITED or not said.startswith(_PLACES, field.start)
    )


def _companions(said: bytes) -> tuple[int, int] | None:
    """Where the attribute `_class` starts and ends; None where it is not there, or stands behind a long field."""
    at, size = 0, len(said)
    while at + 1 < size and said[at] in (_DEVICE, _ATTR) and said[at + 1] < _SHORT:
        after = at + 2 + said[at + 1]
        if said.startswith(_PLACES, at + 2):
            return at, after
        at = after
    return None
