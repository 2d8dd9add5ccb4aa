"""Element types of arrays, by the numbers of TensorFlow's types.proto, and how they round numbers."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from enum import IntEnum


class DType(IntEnum):
    """TensorFlow's DataType; reference types (ref of X is X + 100) are mapped to their base type."""

    INVALID = 0
    FLOAT = 1
    DOUBLE = 2
    INT32 = 3
    UINT8 = 4
    INT16 = 5
    INT8 = 6
    STRING = 7
    COMPLEX64 = 8
    INT64 = 9
    BOOL = 10
    QINT8 = 11
    QUINT8 = 12
    QINT32 = 13
    BFLOAT16 = 14
    QINT16 = 15
    QUINT16 = 16
    UINT16 = 17
    COMPLEX128 = 18
    HALF = 19
    RESOURCE = 20
    VARIANT = 21
    UINT32 = 22
    UINT64 = 23

    __hash__ = int.__hash__  # Enum's own is written in Python, and tables are looked up very often

    @classmethod
    def from_number(cls, number: int) -> DType:
        """The type for a proto enum number; unknown ones become INVALID."""
        base = number - 100 if number > 100 else number
        return cls(base) if base in cls._value2member_map_ else cls.INVALID

    @property
    def struct_code(self) -> str | None:
        """The `struct`/`array` code of one element in raw little-endian content; None if not plain."""
        return _STRUCT_CODES.get(self)

    @property
    def width(self) -> int:
        """Bytes of one element in raw content; 1 where it has no plain form."""
        return _WIDTHS.get(self, 1)

    @property
    def numpy_name(self) -> str | None:
        """The numpy type of one element in raw content; None if not plain. Numpy has the codes of `struct`."""
        code = self.struct_code
        return None if code is None else f"<{code}"


_STRUCT_CODES = {
    DType.FLOAT: "f",
    DType.DOUBLE: "d",
    DType.INT32: "i",
    DType.UINT8: "B",
    DType.INT16: "h",
    DType.INT8: "b",
    DType.INT64: "q",
    DType.BOOL: "?",
    DType.UINT16: "H",
    DType.UINT32: "I",
    DType.UINT64: "Q",
    DType.HALF: "e",
}
_WIDTHS = {dtype: struct.calcsize(code) for dtype, code in _STRUCT_CODES.items()}


def float32s(values: Sequence[float]) -> tuple[float, ...]:
    """The nearest numbers that fit in 32 bits. Raises OverflowError for one beyond them."""
    form = f"<{len(values)}f"
    return struct.unpack(form, struct.pack(form, *values))


def float32(value: float) -> float:
    """The nearest number that fits in 32 bits; infinite where it is beyond them."""
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded
