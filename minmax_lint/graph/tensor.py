"""Constant values: decoded on demand, in plain Python for scalars and shapes, in numpy for weights."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minmax_lint.graph.dtype import DType

if TYPE_CHECKING:
    import numpy as np

Shape = tuple[int | None, ...]
"""A static shape; None is an unknown dimension. An unknown rank is None in place of the tuple."""


def shape_text(shape: Sequence[int | None]) -> str:
    """`[?, 2]`."""
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"


Scalar = float | int | bool | bytes

_ENDS = 64

_MOST_REPEATED = 1 << 28
"""Elements up to which a constant may repeat its last stored element."""
_MOST_SPREAD = 1 << 24
"""The same for an array of numpy."""
_MOST_LISTED = 1 << 16
"""The same for a constant of which every element is looked at."""


class Tensor:
    """A constant of known shape, and (nearly always) known value.

    `content` holds raw little-endian elements and may be shorter than the shape says when the last
    element repeats, as TensorProto allows; an empty one means zeros. `content=None` is a constant whose
    value that is not given, such as a variable without its checkpoint. `known` is False where no number can be read.
    """

    __slots__ = ("_content", "_strings", "dtype", "known", "shape", "size")

    def __init__(
        self,
        dtype: DType,
        shape: Sequence[int],
        content: bytes | memoryview | None,
        strings: tuple[bytes, ...] = (),
    ) -> None:
        self.dtype = dtype
        self.shape: tuple[int, ...] = tuple(shape)
        self._content = content
        self._strings = strings
        self.size = math.prod(self.shape)
        """Number of elements."""
        extent = math.prod(one or 1 for one in self.shape)
        self.known = (
            content is not None
            and dtype.struct_code is not None
            and min(self.shape, default=0) >= 0
            and (extent <= _MOST_REPEATED or self.stored >= extent)
        )
        """Whether the elements can be read as numbers.

        False for a variable without a checkpoint, for a type without a plain form (strings, quantized and complex
        types), for a shape with a negative dimension, for a few elements that repeat until they fill more than any
        memory, and for none of a shape whose other dimensions are that large.
        """

    @classmethod
    def of(cls, dtype: DType, shape: Sequence[int], values: Sequence[Scalar]) -> Tensor:
        """A tensor from Python values; fewer values than elements repeat the last one.

        A real number beyond the type is infinite in it. Raises ValueError for a type that has no plain binary form.
        """
        if dtype is DType.STRING:
            return cls(dtype, shape, b"", tuple(v for v in values if isinstance(v, bytes)))
        code = dtype.struct_code
        if code is None:
            raise ValueError(f"cannot write elements of type {dtype.name}")
        form = f"<{len(values)}{code}"
        try:
            return cls(dtype, shape, struct.pack(form, *values))
        except OverflowError:
            return cls(dtype, shape, struct.pack(form, *(_within(f"<{code}", value) for value in values)))

    @property
    def stored(self) -> int:
        """Number of elements really stored; the last one stands for all that follow."""
        return 0 if self._content is None else len(self._content) // self.dtype.width

    @property
    def nbytes(self) -> int:
        """Number of bytes really stored."""
        return 0 if self._content is None else len(self._content)

    @property
    def content(self) -> bytes | memoryview | None:
        """The raw elements as stored (see the class)."""
        return self._content

    def values(self) -> tuple[Scalar, ...]:
        """All elements, flat. Meant for scalars and shapes; use `numpy()` for weights.

        Raises ValueError where the value is unknown or the type has no plain form.
        """
        if self.dtype is DType.STRING:
            return self._strings
        if not self.known:
            raise ValueError(f"no value is known for this {self.dtype.name} tensor")
        stored = self._unpack(self.stored)
        size = self.size
        if len(stored) >= size:
            return stored[:size]
        filler: Scalar = stored[-1] if stored else 0
        return stored + (filler,) * (size - len(stored))

    @property
    def listed(self) -> bool:
        """Whether `values` may be asked for: they are no few elements that repeat until they fill the memory."""
        return self.known and (self.size <= _MOST_LISTED or self.stored >= self.size)

    @property
    def spreads(self) -> bool:
        """Whether few elements repeat to a large array: `numpy` would fill a good part of the memory."""
        return self.stored < self.size > _MOST_SPREAD

    def leading(self) -> tuple[Scalar, ...]:
        """The elements as far as they are stored, the last of which repeats; at least one, where there is any."""
        return self._unpack(min(self.stored, self.size)) or (0,) * min(self.size, 1)

    def first(self) -> Tensor:
        """Its first element alone; itself where it has none."""
        content = None if self._content is None else self._content[: self.dtype.width]
        return Tensor(self.dtype, [1], content) if self.size else self

    def reals(self) -> tuple[float, ...]:
        """All elements of a tensor of numbers, flat, as floats. Raises ValueError as `values` does."""
        values = self.values()
        if self.stored and self.dtype in (DType.FLOAT, DType.DOUBLE):
            return values  # type: ignore[return-value] # unpacked as floats
        return tuple(map(float, values))

    def real(self) -> float:
        """The single element of a one-element tensor, as a float. Raises ValueError if it is not one."""
        return float(self.item())

    def item(self) -> float | int | bool:
        """The single element of a one-element tensor. Raises ValueError if it is not one."""
        if self.size != 1:
            raise ValueError(f"expected one element, the shape is {list(self.shape)}")
        stored = self._unpack(min(self.stored, 1))
        return stored[0] if stored else 0

    def numpy(self) -> np.ndarray[Any, Any]:
        """The value as a numpy array of `shape` (read-only). Raises ValueError as `values` does."""
        import numpy

        name = self.dtype.numpy_name
        if name is None or self._content is None or not self.known:
            raise ValueError(f"no numeric value is known for this {self.dtype.name} tensor")
        flat = numpy.frombuffer(self._content, dtype=name, count=min(self.stored, max(self.size, 0)))
        if flat.size < self.size:
            filler = flat[-1] if flat.size else numpy.zeros((), dtype=name)
            return numpy.concatenate([flat, numpy.full(self.size - flat.size, filler, flat.dtype)]).reshape(
                self.shape
            )
        return flat.reshape(self.shape)

    @property
    def start(self) -> bytes:
        """The raw first element, as far as it is stored."""
        return bytes((self._content or b"")[: self.dtype.width])

    def hint(self) -> object:
        """Equal for tensors of equal values; weights lie in a mapped file, and most differ at their ends."""
        content = self._content or b""
        return self.dtype, self.shape, len(content), bytes(content[:_ENDS]), bytes(content[-_ENDS:])

    def same_values(self, other: Tensor) -> bool:
        """Whether the elements are stored alike, byte for byte."""
        return self.content == other.content

    def _unpack(self, count: int) -> tuple[Any, ...]:
        code = self.dtype.struct_code
        if code is None or self._content is None:
            raise ValueError(f"no numeric value is known for this {self.dtype.name} tensor")
        return struct.unpack_from(f"<{count}{code}", self._content)

    def __repr__(self) -> str:
        value = "?" if not self.known else self.item() if self.size == 1 and self.dtype.struct_code else "..."
        return f"Tensor({self.dtype.name}, {list(self.shape)}, {value})"


def _within(form: str, value: Scalar) -> Scalar:
    """The number, or the infinite one of its sign where it is beyond the type."""
    try:
        struct.pack(form, value)
    except OverflowError:
        return math.copysign(math.inf, float(value))
    return value
