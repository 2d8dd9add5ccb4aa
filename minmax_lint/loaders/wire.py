"""The encoding of protocol buffers, walked without a schema: where fields lie, not what they mean."""

import mmap
from collections.abc import Iterator
from typing import NamedTuple

from minmax_lint.errors import UnreadableModel

Buffer = bytes | mmap.mmap | memoryview

LENGTH_DELIMITED = 2

_TRUNCATED = "the file is truncated or damaged; save or copy it again"
_DAMAGED = "the file is damaged or no TensorFlow graph; save or copy it again"


class Field(NamedTuple):
    """One top-level field of a message: number, wire type, start of its tag, and the span of its payload."""

    number: int
    wire_type: int
    tag: int
    start: int
    end: int


def fields(buffer: Buffer, start: int, end: int) -> Iterator[Field]:
    """The fields of the message in buffer[start:end]. Raises UnreadableModel where it is no message."""
    at = start
    while at < end:
        tag_at = at
        key, at = varint(buffer, at, end)
        number, wire_type = key >> 3, key & 7
        if number == 0:
            raise UnreadableModel(_DAMAGED)
        if wire_type == 0:
            _, stop = varint(buffer, at, end)
        elif wire_type == LENGTH_DELIMITED:
            size, at = varint(buffer, at, end)
            stop = at + size
        elif wire_type in (1, 5):
            stop = at + (8 if wire_type == 1 else 4)
        else:
            raise UnreadableModel(_DAMAGED)
        if stop > end:
            raise UnreadableModel(_TRUNCATED)
        yield Field(number, wire_type, tag_at, at, stop)
        at = stop


def varint(buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    """The base-128 number at `at`, and where it ends. Raises UnreadableModel where it does not end."""
    value = shift = 0
    while at < end:
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            break
    raise UnreadableModel(_TRUNCATED)


def encode_varint(value: int) -> bytes:
    """A number as base 128."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def delimiter(number: int, payload_size: int) -> bytes:
    """The tag and length that stand before a length-delimited field."""
    return encode_varint(number << 3 | LENGTH_DELIMITED) + encode_varint(payload_size)
