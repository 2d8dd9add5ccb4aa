"""Where the node records of a serialized GraphDef lie, found by their lengths alone."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.wire import TRUNCATED, Buffer, fields, varint

NODE_TAG = 0x0A  # GraphDef.node: field 1, length-delimited
LARGE = 1 << 14
"""Payload from which on a record is not copied; a length below takes two bytes at most."""
_RUN = 1 << 20
_MORE = 0x80
"""Bit of a length's byte that says another one follows."""


class Run(NamedTuple):
    """Records that lie side by side, to be read at once: nodes first to after - 1, until byte `end`."""

    first: int
    after: int
    end: int


class Records:
    """The node records of a GraphDef, in file order, and everything between them."""

    def __init__(self, buffer: Buffer, stop: int) -> None:
        self._buffer = buffer
        self._stop = stop
        self.tags = array("q")
        """Where each node's tag lies."""
        self.runs: list[Run] = []
        """Runs of about 1 MB; a record whose length takes more than two bytes is a run of its own."""
        self.others: list[tuple[int, int]] = []
        """Everything that is no node: library, versions, unknown fields."""

    def __len__(self) -> int:
        return len(self.tags)

    def span(self, position: int) -> tuple[int, int]:
        """Where the payload of node `position` starts and ends."""
        size, start = varint(self._buffer, self.tags[position] + 1, self._stop)
        return start, start + size


def node_records(buffer: Buffer, start: int, stop: int) -> Records:
    """Walk the GraphDef in buffer[start:stop]. Raises UnreadableModel where it is none."""
    records = Records(buffer, stop)
    at = start
    while at < stop:
        if buffer[at] != NODE_TAG:
            end = next(fields(buffer, at, stop)).end
            records.others.append((at, end))
        else:
            first = len(records)
            end = _short_records(buffer, at, stop, records.tags) or _long_record(
                buffer, at, stop, records.tags
            )
            records.runs.append(Run(first, len(records), end))
        at = end
    return records


def _short_records(buffer: Buffer, at: int, stop: int, tags: array[int]) -> int:
    """Add the records from `at` on whose lengths take at most two bytes, up to a run; 0 where there is none."""
    first = at
    add = tags.append
    until = min(at + _RUN, stop - 2)  # before the end, a length of two bytes can be read without a check
    while at < until and buffer[at] == NODE_TAG:
        size = buffer[at + 1]
        if size < _MORE:
            after = at + 2 + size
        elif (high := buffer[at + 2]) < _MORE:
            after = at + 3 + size + (high - 1) * _MORE
        else:
            break
        if after > stop:
            break
        add(at)
        at = after
    return 0 if at == first else at


def _long_record(buffer: Buffer, at: int, stop: int, tags: array[int]) -> int:
    size, start = varint(buffer, at + 1, stop)
    if start + size > stop:
        raise UnreadableModel(TRUNCATED)
    tags.append(at)
    return start + size
