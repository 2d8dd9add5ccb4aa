"""Name, op and inputs of every node of a serialized GraphDef; attributes are left where they are."""

from __future__ import annotations

import sys
from array import array

from google.protobuf.message import DecodeError

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.inputs import Inputs
from minmax_lint.loaders.large_node import after_header
from minmax_lint.loaders.records import LARGE, Records, Run
from minmax_lint.loaders.wire import LENGTH_DELIMITED, Buffer, Field, fields
from minmax_lint.schema.messages import message_class

MANY = 5_000
"""Nodes from which on it pays to import numpy."""
_FEW = 100
"""Records of a run up to which it is as fast to read them one by one."""
_OP, _INPUT = 2, 3


class Headers:
    """The columns of a graph, filled run by run."""

    def __init__(self, *, many: bool) -> None:
        self.names: list[str] = []
        self.ops: list[str] = []
        self.inputs: Inputs | list[tuple[str, ...]] = Inputs() if many else []
        self.ends = array("q")
        """Where name, op and inputs of each node end in the buffer; 0 where that is not known."""

    def append(self, name: str, op: str, inputs: tuple[str, ...]) -> None:
        """Add a node."""
        self.names.append(name)
        self.ops.append(sys.intern(op))
        self.inputs.append(inputs)
        self.ends.append(0)


def read_headers(buffer: Buffer, records: Records) -> Headers:
    """The headers of all records. Raises UnreadableModel."""
    many = len(records) >= MANY
    headers = Headers(many=many)
    try:
        for run in records.runs:
            start, end = records.span(run.first)
            if end - start > LARGE:
                headers.append(*_large_node(buffer, start, end))
            elif not (
                many and run.after - run.first > _FEW and _read_in_lockstep(headers, buffer, records, run)
            ):
                _read(headers, bytes(buffer[records.tags[run.first] : run.end]))
    except DecodeError as error:
        raise UnreadableModel(f"the file is damaged: a node cannot be read ({error})") from None
    return headers


def _read(headers: Headers, run: bytes) -> None:
    """Read records of any form, one by one, with a schema that has no attributes."""
    for node in message_class("minmax_lint.IndexGraph").FromString(run).node:
        headers.append(node.name, node.op, tuple(node.input))


def _read_in_lockstep(headers: Headers, buffer: Buffer, records: Records, run: Run) -> bool:
    """Read records of the usual form, all at once; False, and nothing read, where one has another form."""
    from minmax_lint.loaders.lockstep import layout

    start = records.tags[run.first]
    content = bytes(buffer[start : run.end])
    found = layout(content, [tag - start for tag in records.tags[run.first : run.after]])
    if found is None:
        return False
    text = content.decode("latin-1")
    names, ops, inputs = (column.texts(text) for column in (found.names, found.ops, found.inputs))
    if not all(all(map(str.isascii, texts)) for texts in (names, ops, inputs)):
        return False
    headers.names += names
    headers.ops += map(sys.intern, ops)
    assert isinstance(headers.inputs, Inputs)
    headers.inputs.extend(inputs, found.counts.tolist())
    headers.ends.extend((found.ends + start).tolist())
    return True


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
