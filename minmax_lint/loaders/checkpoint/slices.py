"""Parts of partitioned variables: how a checkpoint keys them, how a graph names them, how they fit together.

Source: tensorflow/core/util/saved_tensor_slice_util.cc (EncodeTensorNameSlice), core/lib/strings/
ordered_code.cc, core/framework/tensor_slice.cc.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from minmax_lint.graph.tensor import Tensor

if TYPE_CHECKING:
    import numpy as np

FULL = -1
"""The length of an extent that is the whole dimension."""


class Extent(NamedTuple):
    """The part of one dimension that a slice holds."""

    start: int
    length: int


def slice_key(name: str, extents: Sequence[Extent]) -> bytes:
    """The key under which a checkpoint holds one slice of the variable `name`."""
    escaped = name.encode().replace(b"\0", b"\0\xff").replace(b"\xff", b"\xff\0")
    numbers = b"".join(_signed_bytes(number) for extent in extents for number in extent)
    return b"\0" + escaped + b"\0\1" + _unsigned_bytes(len(extents)) + numbers


def parse_spec(spec: str) -> tuple[Extent, ...] | None:
    """What RestoreV2's `10 2 0,4:0,2` takes of a tensor; None for all of it, or where it cannot be read."""
    last = spec.rsplit(" ", maxsplit=1)[-1]
    if not last:
        return None
    extents: list[Extent] = []
    for text in last.split(":"):
        start, _, length = text.partition(",")
        if text == "-":
            extents.append(Extent(0, FULL))
        elif start.isdigit() and length.isdigit():
            extents.append(Extent(int(start), int(length)))
        else:
            return None
    return tuple(extents)


def take(tensor: Tensor, extents: Sequence[Extent]) -> Tensor | None:
    """The part of a tensor; None where it has no such part."""
    index = _index(tensor.shape, extents)
    if index is None or not tensor.known:
        return None
    part = tensor.numpy()[index]
    return Tensor(tensor.dtype, part.shape, part.tobytes())


def placed(whole: np.ndarray[Any, Any], extents: Sequence[Extent], part: bytes | memoryview) -> bool:
    """Put the raw elements of a slice where they belong in the whole; False where they do not fit."""
    import numpy

    index = _index(whole.shape, extents)
    if index is None or whole[index].nbytes != len(part):
        return False
    whole[index] = numpy.frombuffer(part, whole.dtype).reshape(whole[index].shape)
    return True


def _index(shape: Sequence[int], extents: Sequence[Extent]) -> tuple[slice, ...] | None:
    """What numpy takes of an array of that shape; None where it has no such part."""
    if len(extents) != len(shape):
        return None
    for (start, length), size in zip(extents, shape, strict=True):
        if length != FULL and not start >= 0 <= length <= size - start:
            return None
    return tuple(slice(None) if length == FULL else slice(start, start + length) for start, length in extents)


def _unsigned_bytes(number: int) -> bytes:
    content = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([len(content)]) + content


def _signed_bytes(number: int) -> bytes:
    """As many leading ones as there are bytes, then the number's own bits; negative ones inverted."""
    length = 1
    while not -(1 << (7 * length - 1)) <= number < 1 << (7 * length - 1):
        length += 1
    header = ((1 << length) - 1) << (7 * length)
    return ((number & ((1 << (8 * length)) - 1)) ^ header).to_bytes(length, "big")
