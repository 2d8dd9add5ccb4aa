"""Index a serialized GraphDef: names, ops and inputs now, attributes when asked for, weights never copied.

The file is walked record by record (`records`). Runs of small records are read at once in a large graph
(`lockstep`), else through protobuf with a schema that has no attributes (`headers`); a record above `LARGE`
(a Const with weights) is walked by hand so that its bytes stay where they are. Measured: 100,000 nodes in
0.12 s, a 200 MB file in 4 ms with 8 MB of own memory.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.graph import Columns, Details, Origin, Serialized
from minmax_lint.loaders.graphdef.headers import read_headers
from minmax_lint.loaders.graphdef.large_node import after_header, decode_large_node
from minmax_lint.loaders.graphdef.records import LARGE, Records, node_records
from minmax_lint.loaders.wire import Buffer
from minmax_lint.schema.attributes import decode_node

_REPEATED = 1024
_REMEMBERED = 4096


def index_nodes(buffer: Buffer, start: int = 0, end: int | None = None) -> Columns:
    """Index the GraphDef in buffer[start:end]. Raises UnreadableModel where it is no GraphDef."""
    stop = len(buffer) if end is None else end
    records = node_records(buffer, start, stop)
    headers = read_headers(buffer, records)

    def origin(position: int) -> Origin:
        return Origin(records.tags[position], *records.span(position))

    return Columns(
        headers.names,
        headers.ops,
        headers.inputs,
        _Details(buffer, records),
        Serialized(buffer, start, stop, origin, records.others),
    )


class _Details:
    """Attributes and device of nodes. Most nodes say what many others say, and are decoded once with them."""

    def __init__(self, buffer: Buffer, records: Records) -> None:
        self._buffer = buffer
        self._records = records
        self._decoded: dict[bytes, Details] = {}

    def __call__(self, position: int) -> Details:
        """What node `position` says. Raises UnreadableModel."""
        start, end = self._records.span(position)
        if end - start > LARGE:
            return _decoded(self._buffer, start, end)
        content = bytes(self._buffer[start:end])
        rest = content[after_header(content, 0, len(content)) :]
        found = self._decoded.get(rest)
        if found is None:
            found = _decoded(rest, 0, len(rest))
            if len(rest) <= _REPEATED:
                if len(self._decoded) >= _REMEMBERED:
                    self._decoded.clear()
                self._decoded[rest] = found
        return found


def _decoded(buffer: Buffer, start: int, end: int) -> Details:
    decode = decode_large_node if end - start > LARGE else _decode_small_node
    try:
        return decode(buffer, start, end)
    except DecodeError as error:
        raise UnreadableModel(f"the file is damaged: a node's attributes cannot be read ({error})") from None


def _decode_small_node(buffer: Buffer, start: int, end: int) -> Details:
    return decode_node(buffer[start:end])
