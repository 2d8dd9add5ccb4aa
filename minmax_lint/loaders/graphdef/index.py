"""Index a serialized GraphDef: names, ops and inputs now, attributes when asked for, weights never copied.

Protobuf reads the nodes, many at once, with a schema that has no attributes. Of a node above `LARGE` bytes (a Const
with weights) it gets the other fields alone, so that the weights stay in the mapped file.
"""

import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from google.protobuf.message import DecodeError

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.attr import UnknownRank
from minmax_lint.graph.graph import Columns, Details, Origin, Serialized
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.wire import LENGTH_DELIMITED, Buffer, Field, delimiter, fields
from minmax_lint.schema.attributes import decode_node, decode_tensor
from minmax_lint.schema.messages import message_class, message_in

LARGE = 1 << 14
"""Bytes of a node from which on it is not copied."""
_AT_ONCE = 1000
"""Nodes that protobuf reads together, which is faster than one by one and takes little memory."""
_NODE, _VERSIONS = 1, 4
"""Fields of GraphDef."""
_HEADER = frozenset({0x0A, 0x12, 0x1A})
"""Tags of NodeDef's name, op and input."""
SCALARS_SINCE = 22
"""Producer from which on a Placeholder of no dimensions is a scalar: before, and without one, it has the shape that
a MetaGraph's `_output_shapes` says, else none (tensorflow/core/ops/array_ops.cc, "Placeholder", and
tensorflow/core/common_runtime/graph_constructor.cc, ValidateShape; measured with TF 2.21)."""


def index_nodes(buffer: Buffer, start: int, end: int) -> Columns:
    """Index the GraphDef in buffer[start:end]. Raises UnreadableModel where it is no GraphDef."""
    names: list[str] = []
    ops: list[str] = []
    inputs: list[tuple[str, ...]] = []
    found = list(fields(buffer, start, end))
    nodes = [one for one in found if one.number == _NODE and one.wire_type == LENGTH_DELIMITED]
    for node in _headers(buffer, nodes):
        names.append(sys.intern(node.name))
        ops.append(sys.intern(node.op))
        inputs.append(tuple(map(sys.intern, node.input)))
    others = [one for one in found if one.number != _NODE or one.wire_type != LENGTH_DELIMITED]
    producer = _producer(buffer, others)

    def details(position: int) -> Details:
        attrs, device = _decode(buffer, nodes[position])
        if producer < SCALARS_SINCE and ops[position] == "Placeholder" and attrs.get("shape") == ():
            written = attrs.get("_output_shapes")
            shapes = written if isinstance(written, (tuple, list)) else ()
            shape = shapes[0] if len(shapes) == 1 and isinstance(shapes[0], tuple) else UnknownRank()
            attrs = {**attrs, "shape": shape}
        return attrs, device

    def origin(position: int) -> Origin:
        return Origin(nodes[position].tag, nodes[position].start, nodes[position].end)

    between = [(one.tag, one.end) for one in others]
    return Columns(names, ops, inputs, details, Serialized(buffer, start, end, origin, between))


def _headers(buffer: Buffer, nodes: Sequence[Field]) -> Iterator[Any]:
    """A message with name, op and inputs for each node. Raises UnreadableModel."""
    parse = message_class("minmax_lint.IndexGraph").FromString
    try:
        for at in range(0, len(nodes), _AT_ONCE):
            yield from parse(b"".join(_header(buffer, one) for one in nodes[at : at + _AT_ONCE])).node
    except DecodeError as error:
        raise UnreadableModel(f"the file is damaged: a node cannot be read ({error})") from None


def _header(buffer: Buffer, node: Field) -> bytes:
    """The record of a node, without its attributes where it is large."""
    if node.end - node.start <= LARGE:
        return bytes(buffer[node.tag : node.end])
    kept = (one for one in fields(buffer, node.start, node.end) if one.number != ATTR)
    payload = b"".join(bytes(buffer[one.tag : one.end]) for one in kept)
    return delimiter(_NODE, len(payload)) + payload


def _producer(buffer: Buffer, others: Sequence[Field]) -> int:
    """The version of TensorFlow's graphs that wrote this one; 0 where it does not say. Raises UnreadableModel."""
    merged = b"".join(bytes(buffer[one.tag : one.end]) for one in others if one.number == _VERSIONS)
    producer: int = message_in(merged, "GraphDef").versions.producer
    return producer


def _decode(buffer: Buffer, node: Field) -> Details:
    """Attributes and device of a node. Raises UnreadableModel."""
    try:
        if node.end - node.start > LARGE:
            return decode_large_node(buffer, node.start, node.end)
        content = bytes(buffer[node.start : node.end])
        return _decode_small_node(content[_end_of_header(content) :])
    except DecodeError as error:
        raise UnreadableModel(f"the file is damaged: a node's attributes cannot be read ({error})") from None


def _end_of_header(node: bytes) -> int:
    """Where name, op and inputs of a serialized NodeDef end, as far as they are short."""
    at = 0
    while at + 1 < len(node) and node[at] in _HEADER and node[at + 1] < 0x80:
        at += 2 + node[at + 1]
    return at if at <= len(node) else 0


@lru_cache(maxsize=1024)
def _decode_small_node(without_header: bytes) -> Details:
    """Most nodes say what many others say, but for name, op and inputs: a fifth of a check's time."""
    return decode_node(without_header)


ATTR, _KEY, _VALUE, _TENSOR, _CONTENT = 5, 1, 2, 8, 4
"""NodeDef.attr, its entry's key and value, AttrValue.tensor, TensorProto.tensor_content."""


def decode_large_node(buffer: Buffer, start: int, end: int) -> Details:
    """Attributes and device of the NodeDef in buffer[start:end]; a constant's content is a view of `buffer`.

    Raises UnreadableModel, or protobuf's DecodeError, where it is damaged.
    """
    view = memoryview(buffer)
    small, tensors = bytearray(), {}
    for found in fields(buffer, start, end):
        parts = _constant(buffer, found) if found.number == ATTR else None
        if parts is None:
            small += view[found.tag : found.end]
            continue
        key, entry, content = parts
        tensors[key] = _tensor(view, entry, content)
    attrs, device = decode_node(bytes(small))
    return {**attrs, **tensors}, device


def _constant(buffer: Buffer, attr: Field) -> tuple[str, Field, Field] | None:
    """Key, tensor and content of an attribute that is a constant with raw content; None for any other."""
    key, value = _only(buffer, attr, _KEY), _only(buffer, attr, _VALUE)
    tensor = _only(buffer, value, _TENSOR) if value is not None else None
    content = _only(buffer, tensor, _CONTENT) if tensor is not None else None
    if key is None or tensor is None or content is None or content.start == content.end:
        return None
    try:
        return bytes(buffer[key.start : key.end]).decode("utf-8"), tensor, content
    except UnicodeDecodeError:
        raise UnreadableModel("the file is damaged: an attribute's name is not UTF-8") from None


def _only(buffer: Buffer, record: Field, number: int) -> Field | None:
    """The one length-delimited field of that number; None where there are several, which protobuf would merge."""
    if record.wire_type != LENGTH_DELIMITED:
        raise DecodeError("Wrong wire type")
    within = fields(buffer, record.start, record.end)
    found = [one for one in within if one.number == number and one.wire_type == LENGTH_DELIMITED]
    return found[0] if len(found) == 1 else None


def _tensor(view: memoryview, tensor: Field, content: Field) -> Tensor:
    rest = bytes(view[tensor.start : content.tag]) + bytes(view[content.end : tensor.end])
    described = decode_tensor(message_class("TensorProto").FromString(rest))
    if described.dtype.struct_code is None:
        return described
    return Tensor(described.dtype, described.shape, view[content.start : content.end])
