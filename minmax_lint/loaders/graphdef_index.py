"""Index a serialized GraphDef: names, ops and inputs now, attributes when asked for, weights never copied.

The file is walked record by record. Runs of small records go through protobuf with a schema that has no
attributes; a record above `_LARGE` (a Const with weights) is walked by hand so that its bytes stay where
they are. Measured: 100,000 nodes in 0.3 s, a 200 MB file in 4 ms with 8 MB of own memory.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping
from itertools import pairwise

from google.protobuf.message import DecodeError

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.graph import Columns, Details, Origin, Serialized
from minmax_lint.graph.node import Attr
from minmax_lint.loaders.wire import TRUNCATED, Buffer, Field, fields, varint
from minmax_lint.schema.attributes import decode_node
from minmax_lint.schema.messages import message_class

_LARGE = 16 * 1024
_RUN = 1 << 20
NODE_TAG = 0x0A  # GraphDef.node: field 1, length-delimited


class NodeSpans:
    """Where each node's tag and payload lie in the buffer, in file order, and what to read at once."""

    def __init__(self) -> None:
        self.tags = array("Q")
        self.starts = array("Q")
        self.ends = array("Q")
        self.runs: list[int] = []
        """First node of each run of small records without a gap; a large record is a run of its own."""
        self.others: list[tuple[int, int]] = []
        """Everything that is no node: library, versions, unknown fields."""


def index_nodes(buffer: Buffer, start: int = 0, end: int | None = None) -> Columns:
    """Index the GraphDef in buffer[start:end]. Raises UnreadableModel where it is no GraphDef."""
    stop = len(buffer) if end is None else end
    spans = _walk_nodes(buffer, start, stop)
    names: list[str] = []
    ops: list[str] = []
    inputs: list[tuple[str, ...]] = []
    try:
        _decode_runs(buffer, spans, names, ops, inputs)
    except DecodeError as error:
        raise UnreadableModel(f"the file is damaged: a node cannot be read ({error})") from None

    def details(position: int) -> Details:
        return _decoded(buffer, spans.starts[position], spans.ends[position])

    def origin(position: int) -> Origin:
        return Origin(spans.tags[position], spans.starts[position], spans.ends[position])

    return Columns(names, ops, inputs, details, Serialized(buffer, start, stop, origin, spans.others))


def _walk_nodes(buffer: Buffer, start: int, stop: int) -> NodeSpans:
    spans = NodeSpans()
    at = start
    run_start, run_end = 0, -1
    while at < stop:
        if buffer[at] != NODE_TAG:
            after = next(fields(buffer, at, stop)).end
            spans.others.append((at, after))
            at = after
            continue
        size, payload = varint(buffer, at + 1, stop)
        after = payload + size
        if after > stop:
            raise UnreadableModel(TRUNCATED)
        if at != run_end or size > _LARGE or after - run_start > _RUN:
            spans.runs.append(len(spans.tags))
            run_start = at
        run_end = -1 if size > _LARGE else after
        spans.tags.append(at)
        spans.starts.append(payload)
        spans.ends.append(after)
        at = after
    return spans


def _decode_runs(
    buffer: Buffer,
    spans: NodeSpans,
    names: list[str],
    ops: list[str],
    inputs: list[tuple[str, ...]],
) -> None:
    graph_class = message_class("minmax_lint.IndexGraph")
    for first, after in pairwise([*spans.runs, len(spans.tags)]):
        if spans.ends[first] - spans.starts[first] > _LARGE:
            name, op, raw = _large_node(buffer, spans.starts[first], spans.ends[first])
            names.append(name)
            ops.append(sys.intern(op))
            inputs.append(raw)
            continue
        run = graph_class.FromString(bytes(buffer[spans.tags[first] : spans.ends[after - 1]]))
        for node in run.node:
            names.append(node.name)
            ops.append(sys.intern(node.op))
            inputs.append(tuple(node.input))


def _large_node(buffer: Buffer, start: int, end: int) -> tuple[str, str, tuple[str, ...]]:
    name, op, raw = "", "", []
    for found in fields(buffer, start, end):
        if found.wire_type == 2 and found.number <= 3:
            text = _text(buffer, found)
            if found.number == 1:
                name = text
            elif found.number == 2:
                op = text
            else:
                raw.append(text)
    return name, op, tuple(raw)


def _text(buffer: Buffer, found: Field) -> str:
    try:
        return bytes(buffer[found.start : found.end]).decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableModel("the file is damaged: a node's name is not UTF-8") from None


def _decoded(buffer: Buffer, start: int, end: int) -> tuple[Mapping[str, Attr], str]:
    try:
        return decode_node(buffer[start:end])
    except DecodeError as error:
        raise UnreadableModel(f"the file is damaged: a node's attributes cannot be read ({error})") from None
