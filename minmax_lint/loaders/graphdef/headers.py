"""Name, op and inputs of every node of a serialized GraphDef; attributes are left where they are."""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.inputs import Inputs
from minmax_lint.graph.texts import Texts
from minmax_lint.loaders.graphdef.large_node import after_header
from minmax_lint.loaders.graphdef.records import LARGE, Records, Run
from minmax_lint.loaders.wire import LENGTH_DELIMITED, Buffer, Field, fields
from minmax_lint.schema.messages import message_class

if TYPE_CHECKING:
    from minmax_lint.loaders.graphdef.lockstep import Layout

MANY = 5_000
"""Nodes from which on it pays to import numpy."""
_FEW = 100
"""Records of a run up to which it is as fast to read them one by one."""
_MOST_APART = 1 / 8
"""Names and inputs, for each node of the graph, that may be read from records alone and held apart."""
_OP, _INPUT = 2, 3


class Headers:
    """The columns of a graph, filled run by run; for a large graph, names and inputs stay in the buffer."""

    def __init__(self, buffer: Buffer, count: int) -> None:
        self.in_buffer = count >= MANY
        """Whether names and inputs stay in the buffer."""
        self.names: Texts | list[str] = []
        self.inputs: Inputs | list[tuple[str, ...]] = []
        if self.in_buffer:
            self.names, self.inputs = Texts(buffer), Inputs(Texts(buffer))
        self.ops: list[str] = []
        self.ends = array("q")
        """Where name, op and inputs of each node end in the buffer; 0 where that is not known."""
        self._apart, self._most_apart = 0, count * _MOST_APART

    def append(self, name: str, op: str, inputs: tuple[str, ...]) -> None:
        """Add a node that was read alone. Where there are many, names and inputs are held as strings."""
        self._apart += 1 + len(inputs)
        if self.in_buffer and self._apart > self._most_apart:
            self.in_buffer, self.names, self.inputs = False, list(self.names), list(self.inputs)
        self.names.append(name)
        self.ops.append(sys.intern(op))
        self.inputs.append(inputs)
        self.ends.append(0)

    def extend(self, run: bytes, start: int, found: Layout) -> bool:
        """Add a run that starts at `start` in the buffer; False, and nothing added, where it is not ASCII."""
        assert isinstance(self.names, Texts)
        assert isinstance(self.inputs, Inputs)
        names, inputs = found.names.hashes(run), found.inputs.hashes(run)
        ops = found.ops.texts(run.decode("latin-1"))
        if names is None or inputs is None or not all(map(str.isascii, ops)):
            return False
        self.names.extend(*found.names.moved(start), names.tobytes())
        self.inputs.texts.extend(*found.inputs.moved(start), inputs.tobytes())
        self.inputs.extend((found.counts.cumsum() + self.inputs.first[-1]).tobytes())
        self.ops += map(sys.intern, ops)
        self.ends.frombytes((found.ends + start).tobytes())
        return True


def read_headers(buffer: Buffer, records: Records) -> Headers:
    """The headers of all records. Raises UnreadableModel."""
    headers = Headers(buffer, len(records))
    try:
        for run in records.runs:
            if not headers.in_buffer or not _read_at_once(headers, buffer, records, run):
                _read_alone(headers, buffer, records, run)
    except DecodeError as error:
        raise UnreadableModel(f"the file is damaged: a node cannot be read ({error})") from None
    return headers


def _read_at_once(headers: Headers, buffer: Buffer, records: Records, run: Run) -> bool:
    """Read many records of the usual form; False, and nothing read, where there are few or one is unusual."""
    from minmax_lint.loaders.graphdef.lockstep import layout

    if run.after - run.first <= _FEW:
        return False
    start = records.tags[run.first]
    content = bytes(buffer[start : run.end])
    found = layout(content, records.tags[run.first : run.after], start)
    return found is not None and headers.extend(content, start, found)


def _read_alone(headers: Headers, buffer: Buffer, records: Records, run: Run) -> None:
    """Read records of any form, with a schema that has no attributes."""
    start, end = records.span(run.first)
    if end - start > LARGE:
        headers.append(*_large_node(buffer, start, end))
        return
    content = bytes(buffer[records.tags[run.first] : run.end])
    for node in message_class("minmax_lint.IndexGraph").FromString(content).node:
        headers.append(node.name, node.op, tuple(node.input))


def _large_node(buffer: Buffer, start: int, end: int) -> tuple[str, str, tuple[str, ...]]:
    """Name, op and inputs of a node with weights, or with very many inputs, which nobody copies twice."""
    at = after_header(buffer, start, end)
    head = message_class("minmax_lint.IndexNode").FromString(bytes(buffer[start:at]))
    name, op, inputs = head.name, head.op, list(map(sys.intern, head.input))
    for found in fields(buffer, at, end):
        if found.wire_type == LENGTH_DELIMITED and found.number <= _INPUT:
            text = _text(buffer, found)
            if found.number == _INPUT:
                inputs.append(text)
            elif found.number == _OP:
                op = text
            else:
                name = text
    return name, op, tuple(inputs)


def _text(buffer: Buffer, found: Field) -> str:
    try:
        return bytes(buffer[found.start : found.end]).decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableModel("the file is damaged: a node's name is not UTF-8") from None
