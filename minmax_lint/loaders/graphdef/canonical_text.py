"""Text graphs as TensorFlow prints them, one field a line: ten times faster than the general parser.

Anything else that text format allows (comments, `<>`, lists, several fields on a line) is left to the
general parser, and so are mistakes, for its messages name the line.
"""

import re
import struct
from collections.abc import Callable
from typing import Any

from google.protobuf import text_encoding

from minmax_lint.loaders.wire import delimiter, encode_varint
from minmax_lint.schema.messages import message_class

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_REMEMBERED = 60
"""Lines up to so many characters repeat (`type: DT_FLOAT`) and are encoded once."""


class _Fields:
    """The fields of one message by name; made on first use, because messages contain each other."""

    def __init__(self, descriptor: Any) -> None:
        self.lines: dict[str, bytes] = {}
        self.scalars: dict[str, Callable[[str], bytes]] = {}
        self.messages: dict[str, tuple[int, Any]] = {}
        for field in descriptor.fields:
            if field.type == field.TYPE_MESSAGE:
                self.messages[field.name] = field.number, field.message_type
            elif field.type in _ENCODERS:
                self.scalars[field.name] = _scalar(field)


def serialize(text: str, message: str) -> bytes | None:
    """The serialized `message` that `text` prints; None where the general parser has to read it."""
    tables: dict[str, _Fields] = {}

    def table(descriptor: Any) -> _Fields:
        if descriptor.full_name not in tables:
            tables[descriptor.full_name] = _Fields(descriptor)
        return tables[descriptor.full_name]

    fields, out = table(message_class(message).DESCRIPTOR), bytearray()
    around: list[tuple[_Fields, bytearray, int]] = []
    for line in map(str.strip, text.split("\n")):
        known = fields.lines.get(line)
        if known is not None:
            out += known
        elif line.endswith(" {"):
            found = fields.messages.get(line[:-2])
            if found is None:
                return None
            around.append((fields, out, found[0]))
            fields, out = table(found[1]), bytearray()
        elif line == "}":
            if not around:
                return None
            payload = out
            fields, out, number = around.pop()
            out += delimiter(number, len(payload))
            out += payload
        elif line:
            encoded = _line(fields, line)
            if encoded is None:
                return None
            out += encoded
            if len(line) <= _REMEMBERED:
                fields.lines[line] = encoded
    return None if around else bytes(out)


def _line(fields: _Fields, line: str) -> bytes | None:
    name, _, value = line.partition(": ")
    encode = fields.scalars.get(name)
    try:
        return None if encode is None else encode(value)
    except (ValueError, KeyError, struct.error, OverflowError):
        return None


def _scalar(field: Any) -> Callable[[str], bytes]:
    """The encoder of a field: the text of a value to the whole field. It raises for what is no such value."""
    wire_type, encode = _ENCODERS[field.type]
    tag = encode_varint(field.number << 3 | wire_type)
    if field.type == field.TYPE_ENUM:
        numbers = {value.name: _integer(str(value.number)) for value in field.enum_type.values}
        return lambda text: tag + numbers[text]
    return lambda text: tag + encode(text)


def _text(value: str) -> bytes:
    if not _STRING.fullmatch(value):
        raise ValueError
    inner = value[1:-1]
    content: bytes = text_encoding.CUnescape(inner) if "\\" in inner else inner.encode("utf-8")
    return encode_varint(len(content)) + content


def _integer(value: str) -> bytes:
    number = int(value)
    if not -(1 << 63) <= number < 1 << 64:
        raise ValueError
    return encode_varint(number & (1 << 64) - 1)


def _truth(value: str) -> bytes:
    return {"true": b"\x01", "false": b"\x00"}[value]


_ENCODERS: dict[int, tuple[int, Callable[[str], bytes]]] = {
    1: (1, lambda value: struct.pack("<d", float(value))),
    2: (5, lambda value: struct.pack("<f", float(value))),
    3: (0, _integer),
    4: (0, _integer),
    5: (0, _integer),
    8: (0, _truth),
    9: (2, _text),
    12: (2, _text),
    13: (0, _integer),
    14: (0, _integer),
}
"""FieldDescriptor type -> wire type and encoder: double, float, int64, uint64, int32, bool, string, bytes,
uint32, enum."""
