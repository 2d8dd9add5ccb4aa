"""Parts of partitioned variables: how a checkpoint keys them, how a graph names them, how they fit together.

Source: tensorflow/core/util/saved_tensor_slice_util.cc (EncodeTensorNameSlice), core/lib/strings/
ordered_code.cc, core/framework/tensor_slice.cc.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from minmax_lint.graph.tensor import Tensor

FULL = -1
"""The length of an extent that is the whole dimension."""


class Extent(NamedTuple):
    """The part of one dimension that a slice holds."""

    start: int
    length: int

    def within(self, size: int) -> range:
        """The indices of it in a dimension of `size`."""
        return range(size) if self.length == FULL else range(self.start, self.start + self.length)


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
    content = tensor.content
    if content is None or len(extents) != len(tensor.shape) or not _inside(tensor.shape, extents):
        return None
    width = len(content) // max(tensor.size, 1)
    shape = [len(extent.within(size)) for extent, size in zip(extents, tensor.shape, strict=True)]
    pieces = [content[at * width : (at + length) * width] for at, length in _runs(tensor.shape, extents)]
    return Tensor(tensor.dtype, shape, b"".join(pieces))


def placed(
    whole: bytearray, shape: Sequence[int], extents: Sequence[Extent], part: bytes | memoryview
) -> bool:
    """Put the raw elements of a slice where they belong in those of the whole; False where they do not fit."""
    if len(extents) != len(shape) or not _inside(shape, extents):
        return False
    width = len(whole) // max(math.prod(shape), 1)
    sizes = [len(extent.within(size)) for extent, size in zip(extents, shape, strict=True)]
    if math.prod(sizes) * width != len(part):
        return False
    read = 0
    for at, length in _runs(shape, extents):
        whole[at * width : (at + length) * width] = part[read : read + length * width]
        read += length * width
    return True


def _inside(shape: Sequence[int], extents: Sequence[Extent]) -> bool:
    return all(
        extent.length == FULL or (extent.start >= 0 <= extent.length <= size - extent.start)
        for extent, size in zip(extents, shape, strict=True)
    )


def _runs(shape: Sequence[int], extents: Sequence[Extent]) -> Iterator[tuple[int, int]]:
    """Start and length of each run of neighbouring elements of a slice, in row-major order."""
    cut = len(shape)
    while cut > 0 and len(extents[cut - 1].within(shape[cut - 1])) == shape[cut - 1]:
        cut -= 1
    inner = math.prod(shape[cut:])
    if cut == 0:
        yield 0, inner
        return
    last = extents[cut - 1].within(shape[cut - 1])
    starts = [0]
    for size, extent in zip(shape[: cut - 1], extents, strict=False):
        starts = [start * size + index for start in starts for index in extent.within(size)]
    for start in starts:
        yield (start * shape[cut - 1] + last.start) * inner, len(last) * inner


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
