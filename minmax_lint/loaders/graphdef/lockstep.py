"""Many node records walked at once: the first field of all of them, then the second, and so on.

Only records of the form that every writer of TensorFlow makes are read: name, op, inputs, then fields of other
numbers, each with a length. Whoever finds another form reads the records one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from minmax_lint.graph.places import Hashes, Numbers, hashes_of
from minmax_lint.loaders.wire import LENGTH_DELIMITED

_NAME, _OP, _INPUT = 0x0A, 0x12, 0x1A
"""Tags of NodeDef's fields that come first."""
_MORE = 0x80
"""Bit of a byte that says another one of the same number follows."""
_WIRE_TYPE = 7
_MOST = 64
"""Inputs, and other fields, of a record; few have more, and each takes a step of its own."""


class Spans(NamedTuple):
    """Where pieces of a content start and end."""

    starts: Numbers
    ends: Numbers

    def moved(self, by: int) -> tuple[bytes, bytes]:
        """Starts and ends of the same pieces of a buffer in which the content starts at `by`."""
        return (self.starts + by).tobytes(), (self.ends + by).tobytes()

    def hashes(self, content: bytes) -> Hashes | None:
        """The hashes of the pieces; None where one is not ASCII."""
        return hashes_of(content, self.starts, self.ends)

    def texts(self, content: str) -> list[str]:
        """The pieces."""
        return [
            content[start:end] for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        ]


class Layout(NamedTuple):
    """Where records have what."""

    names: Spans
    ops: Spans
    inputs: Spans
    """Of all records, one record's after the other's."""
    counts: Numbers
    """Record -> number of its inputs."""
    ends: Numbers
    """Record -> where name, op and inputs end."""


def layout(content: bytes, tags: Sequence[int], start: int = 0) -> Layout | None:
    """The layout of the records that fill a content; None for an unusual form.

    `tags`: where each record's tag lies in a buffer in which the content starts at `start`. The records' own
    lengths take at most two bytes.
    """
    walk = _Walk(content, numpy.array(tags, numpy.int64) - start)
    everyone = numpy.arange(len(tags))
    names = walk.step(everyone, _NAME)
    ops = walk.step(everyone, _OP) if names is not None else None
    inputs = _inputs(walk, everyone) if ops is not None else None
    ends = walk.at.copy()
    if names is None or ops is None or inputs is None or not _has_usual_rest(walk, everyone):
        return None
    return Layout(names, ops, *inputs, ends)


class _Walk:
    """How far each record is read."""

    def __init__(self, content: bytes, starts: Numbers) -> None:
        self._bytes = numpy.frombuffer(content + bytes(3), numpy.uint8)  # a step looks at three bytes
        self._ends = numpy.append(starts[1:], len(content))
        self.at = starts + 2 + (self._bytes[starts + 1] >= _MORE)

    def unread(self, records: Numbers) -> Numbers:
        """Those of the records that are not at their ends."""
        return records[self.at[records] < self._ends[records]]

    def tags(self, records: Numbers) -> Any:
        """The tags of their next fields; records at their ends have none."""
        return self._bytes[self.at[records]]

    def step(self, records: Numbers, tag: int | None = None) -> Spans | None:
        """The payloads of the next field of those records.

        None where one has no such tag or no field with a length of one or two bytes.
        """
        at = self.at[records]
        tags, size, high = self._bytes[at], self._bytes[at + 1].astype(numpy.int64), self._bytes[at + 2]
        more = size >= _MORE
        size[more] += (high[more].astype(numpy.int64) - 1) * _MORE
        starts = at + 2 + more
        ends = starts + size
        fits = (ends <= self._ends[records]) & ~(more & (high >= _MORE))
        fits &= (tags & _WIRE_TYPE == LENGTH_DELIMITED) & (tags < _MORE) if tag is None else tags == tag
        if not bool(fits.all()):
            return None
        self.at[records] = ends
        return Spans(starts, ends)


def _inputs(walk: _Walk, records: Numbers) -> tuple[Spans, Numbers] | None:
    """The inputs of all records, record by record, and how many each has."""
    readers, found = [records[:0]], [Spans(records[:0], records[:0])]
    left = records
    for _ in range(_MOST):
        left = walk.unread(left)
        left = left[walk.tags(left) == _INPUT]
        if not len(left):
            break
        spans = walk.step(left, _INPUT)
        if spans is None:
            return None
        readers.append(left)
        found.append(spans)
    else:
        return None
    reader = numpy.concatenate(readers)
    order = numpy.argsort(reader, kind="stable")
    starts, ends = (numpy.concatenate(column)[order] for column in zip(*found, strict=True))
    return Spans(starts, ends), numpy.bincount(reader, minlength=len(records))


def _has_usual_rest(walk: _Walk, records: Numbers) -> bool:
    """Whether all that follows the inputs are fields of other numbers, and the last one ends with its record."""
    left = walk.unread(records)
    for _ in range(_MOST):
        if not len(left):
            return True
        if bool((walk.tags(left) <= _INPUT).any()) or walk.step(left) is None:
            return False
        left = walk.unread(left)
    return False
