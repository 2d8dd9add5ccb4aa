"""AttrValue messages to and from the graph model's plain Python values."""

import struct
from collections.abc import Callable, Mapping
from typing import Any

from minmax_lint.graph.attr import Attr, FunctionRef, UnknownRank
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.schema.messages import message_class

_TYPED_VALUES = {
    DType.FLOAT: "float_val",
    DType.DOUBLE: "double_val",
    DType.INT32: "int_val",
    DType.INT16: "int_val",
    DType.INT8: "int_val",
    DType.UINT8: "int_val",
    DType.UINT16: "int_val",
    DType.INT64: "int64_val",
    DType.BOOL: "bool_val",
    DType.UINT32: "uint32_val",
    DType.UINT64: "uint64_val",
}


def decode_node(content: bytes | memoryview) -> tuple[Mapping[str, Attr], str]:
    """Attributes and device of a serialized NodeDef. Raises google.protobuf DecodeError."""
    message = message_class("NodeDef").FromString(bytes(content))
    return decode_attrs(message.attr), message.device


def decode_attrs(attrs: Any) -> dict[str, Attr]:
    """The attr map of a NodeDef message; values of kinds we do not know are left out."""
    decoded = {}
    for key, value in attrs.items():
        found = decode_attr(value)
        if found is not None:
            decoded[key] = found
    return decoded


def decode_attr(value: Any) -> Attr | None:
    """The value of one AttrValue message."""
    kind = value.WhichOneof("value")
    if kind is None or kind == "placeholder":
        return None
    if kind == "list":
        return _decode_list(value.list)
    decoded: Attr = _DECODERS[kind](getattr(value, kind))
    return decoded


def decode_tensor(message: Any) -> Tensor:
    """A TensorProto; elements given one by one are packed, raw content is kept as it is."""
    dtype = DType.from_number(message.dtype)
    shape = [max(dim.size, 0) for dim in message.tensor_shape.dim]
    if dtype is DType.STRING:
        return Tensor(dtype, shape, b"", tuple(message.string_val))
    if message.tensor_content:
        return Tensor(dtype, shape, message.tensor_content)
    if dtype in (DType.HALF, DType.BFLOAT16):
        return Tensor(dtype, shape, struct.pack(f"<{len(message.half_val)}H", *message.half_val))
    field = _TYPED_VALUES.get(dtype)
    if field is None:
        return Tensor(dtype, shape, None)
    values = getattr(message, field)
    return Tensor(dtype, shape, struct.pack(f"<{len(values)}{dtype.struct_code}", *values))


def decode_shape(message: Any) -> Shape | UnknownRank:
    """A TensorShapeProto; dimensions of -1 are unknown."""
    if message.unknown_rank:
        return UnknownRank()
    return tuple(dim.size if dim.size >= 0 else None for dim in message.dim)


def encode_node(node: Node) -> Any:
    """A NodeDef message for `node`."""
    message = message_class("NodeDef")(name=node.name, op=node.op, device=node.device)
    message.input.extend(edge.array for edge in node.inputs)
    message.input.extend(f"^{name}" for name in node.control_inputs)
    for key, value in node.attrs.items():
        message.attr[key].CopyFrom(encode_attr(value))
    return message


def encode_attr(value: Attr) -> Any:
    """An AttrValue message. Raises ValueError for a value that is no attribute."""
    message = message_class("AttrValue")()
    if isinstance(value, list):
        message.list.SetInParent()  # an empty list is a value, too
        _encode_list(message.list, value)
        return message
    kind, encoded = _encode_single(value)
    if hasattr(encoded, "SerializeToString"):
        getattr(message, kind).CopyFrom(encoded)
    else:
        setattr(message, kind, encoded)
    return message


LARGEST_WRITTEN_OUT = 1 << 26
"""Elements up to which a constant that repeats its last element is written in full: 256 MiB of float32."""


def encode_tensor(tensor: Tensor) -> Any:
    """A TensorProto. Raises ValueError where the value is unknown."""
    if tensor.content is None:
        raise ValueError("a constant of unknown value cannot be written")
    message = message_class("TensorProto")(dtype=int(tensor.dtype))
    for size in tensor.shape:
        message.tensor_shape.dim.add(size=size)
    if tensor.dtype is DType.STRING:
        message.string_val.extend(v for v in tensor.values() if isinstance(v, bytes))
    elif tensor.dtype.struct_code is None and tensor.dtype is not DType.BFLOAT16:
        message.tensor_content = bytes(tensor.content)  # quantized and complex types: as they were
    elif tensor.known and tensor.stored > 1 and 1 < tensor.size <= LARGEST_WRITTEN_OUT:
        # TOCO knows one element for all, or all of them, but no last one that repeats.
        content = bytes(tensor.content)
        width = len(content) // tensor.stored
        repeated = content[-width:] * (tensor.size - tensor.stored)
        message.tensor_content = (content + repeated)[: tensor.size * width]
    else:
        _encode_elements(message, tensor)
    return message


def _encode_elements(message: Any, tensor: Tensor) -> None:
    if tensor.dtype in (DType.HALF, DType.BFLOAT16):
        message.half_val.extend(struct.unpack(f"<{len(tensor.content or b'') // 2}H", tensor.content or b""))
        return
    stored = Tensor(tensor.dtype, [tensor.stored], tensor.content).values()
    getattr(message, _TYPED_VALUES[tensor.dtype]).extend(stored)


def _encode_shape(shape: Shape | UnknownRank) -> Any:
    message = message_class("TensorShapeProto")()
    if isinstance(shape, UnknownRank):
        message.unknown_rank = True
    else:
        for size in shape:
            message.dim.add(size=-1 if size is None else size)
    return message


def _encode_single(value: Any) -> tuple[str, Any]:
    if isinstance(value, bool):
        return "b", value
    if isinstance(value, DType):
        return "type", int(value)
    if isinstance(value, int):
        return "i", value
    if isinstance(value, float):
        return "f", value
    if isinstance(value, bytes):
        return "s", value
    if isinstance(value, Tensor):
        return "tensor", encode_tensor(value)
    if isinstance(value, FunctionRef):
        return "func", message_class("NameAttrList")(name=value.name)
    if isinstance(value, (UnknownRank, tuple)):
        return "shape", _encode_shape(value)
    raise ValueError(f"{value!r} is not an attribute value")


def _encode_list(message: Any, values: list[Any]) -> None:
    for value in values:
        kind, encoded = _encode_single(value)
        getattr(message, kind).append(encoded)


def _decode_list(message: Any) -> Attr:
    for kind, decode in _DECODERS.items():
        values = getattr(message, kind)
        if values:
            return [decode(value) for value in values]
    return []


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "s": bytes,
    "i": int,
    "f": float,
    "b": bool,
    "type": DType.from_number,
    "shape": decode_shape,
    "tensor": decode_tensor,
    "func": lambda message: FunctionRef(message.name),
}
