"""A graph as a serialized GraphDef: untouched records are spliced byte for byte, the others encoded anew.

Unknown fields, node order, the function library and versions survive by construction, and weights stay
in the mapped file until they are written. Source: protocol buffers encoding, GraphDef.node is field 1.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from minmax_lint.graph.graph import Columns, Graph, Origin, Serialized
from minmax_lint.loaders.wire import Buffer, delimiter
from minmax_lint.schema.attributes import encode_attr, encode_node
from minmax_lint.schema.messages import message_in
from minmax_lint.writers.colocation import moved_groups

NODE = 1
"""GraphDef.node"""


def encode(graph: Graph) -> bytes:
    """The serialized GraphDef. Raises ValueError for a constant of unknown value that was added."""
    return b"".join(chunks(graph))


def chunks(graph: Graph) -> Iterator[Buffer]:
    """The serialized GraphDef piece by piece; pieces of the source are views of it, not copies."""
    columns = graph.columns
    serialized = columns.serialized
    if serialized is None:
        for node in graph:
            yield record(encode_node(node))
        return
    view = memoryview(serialized.buffer)
    groups = moved_groups(graph, serialized)
    start = end = 0  # the untouched records gathered so far
    for position in range(len(columns.names)):
        origin = serialized.origin(position)
        if origin is not None and position not in serialized.changed and not _in_groups(view, origin, groups):
            if origin.tag != end:
                if start < end:
                    yield view[start:end]
                start = origin.tag
            end = origin.end
            continue
        if start < end:
            yield view[start:end]
        start = end = 0
        yield record(
            encode_node(graph[columns.names[position]])
            if origin is None
            else _change(columns, position, serialized, origin, groups)
        )
    if start < end:
        yield view[start:end]
    yield from (view[first:last] for first, last in serialized.others)


def _change(
    columns: Columns, position: int, serialized: Serialized, origin: Origin, groups: Mapping[bytes, bytes]
) -> Any:
    """The node's own message with only its changes applied: what we do not know of it survives."""
    message = message_in(bytes(serialized.buffer[origin.start : origin.end]), "NodeDef")
    message.name = columns.names[position]
    message.op = columns.ops[position]
    del message.input[:]
    message.input.extend(columns.inputs[position])
    for key, value in origin.attrs.items():
        message.attr[key].CopyFrom(encode_attr(value))
    if groups and "_class" in message.attr:
        listed = message.attr["_class"].list.s
        listed[:] = [groups.get(group, group) for group in listed]
    return message


def _in_groups(view: memoryview, origin: Origin, groups: Mapping[bytes, bytes]) -> bool:
    """Whether the node may be in one of the groups."""
    if not groups:
        return False
    record = bytes(view[origin.start : origin.end])
    return any(group in record for group in groups)


def record(message: Any) -> bytes:
    """A node of a GraphDef, from its message."""
    payload: bytes = message.SerializeToString(deterministic=True)
    return delimiter(NODE, len(payload)) + payload
