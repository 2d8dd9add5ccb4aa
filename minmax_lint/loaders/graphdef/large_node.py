"""Nodes with weights: everything decoded but the elements, which stay where they are in the mapped file."""

from google.protobuf.message import DecodeError

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.graph import Details
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.wire import LENGTH_DELIMITED, Buffer, Field, fields
from minmax_lint.schema.attributes import decode_node, decode_tensor
from minmax_lint.schema.messages import message_class

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
