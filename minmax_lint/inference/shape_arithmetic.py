"""Arithmetic on static shapes, as TensorFlow's common_shape_fns.cc does it. Unknown sizes are None."""

import math
from collections.abc import Sequence
from itertools import zip_longest

from minmax_lint.graph.tensor import Shape

Size = int | None
MOST_DIMENSIONS = 254
"""TensorFlow has no array of more (TensorShape::MaxDimensions)."""


def broadcast(left: Shape | None, right: Shape | None) -> Shape | None:
    """The shape of an elementwise binary op. Raises ValueError where the shapes do not fit."""
    if left is None or right is None:
        return None
    sizes = [_broadcast_size(a, b) for a, b in zip_longest(reversed(left), reversed(right), fillvalue=1)]
    return tuple(reversed(sizes))


def _broadcast_size(a: Size, b: Size) -> Size:
    if a == 1:
        return b
    if b in (1, a):
        return a
    if a is None or b is None:
        return a if b is None else b
    raise ValueError(f"{a} does not broadcast with {b}")


def windowed(
    size: Size, window: Size, stride: int, dilation: int, padding: str, pads: tuple[int, int]
) -> Size:
    """Output size of one spatial dimension of a convolution or pooling."""
    if size is None or window is None:
        return None
    effective = (window - 1) * dilation + 1
    if padding == "SAME":
        return -(-size // stride)
    if padding == "EXPLICIT":
        size += sum(pads)
    return max(0, (size - effective) // stride + 1)


def elements(shape: Sequence[Size]) -> Size:
    """Number of elements; None where a size is unknown."""
    known = [size for size in shape if size is not None]
    return math.prod(known) if len(known) == len(shape) else None


def reshape(source: Shape | None, wanted: Sequence[Size]) -> Shape:
    """`wanted` with its one -1 computed from `source`; an unknown entry stays unknown."""
    open_places = [i for i, size in enumerate(wanted) if size is None or size < 0]
    if len(open_places) != 1 or source is None:
        return tuple(None if size is None or size < 0 else size for size in wanted)
    total = elements(source)
    rest = math.prod(size for size in wanted if size is not None and size >= 0)
    filled: list[Size] = list(wanted)
    filled[open_places[0]] = total // rest if total is not None and rest else None
    return tuple(filled)


def reduce(shape: Shape, axes: Sequence[int], keep: bool) -> Shape:
    """Shape after reducing over `axes` (negative ones count from the end)."""
    gone = {axis % len(shape) for axis in axes} if shape else set()
    return tuple(1 if i in gone else size for i, size in enumerate(shape) if keep or i not in gone)


def squeeze(shape: Shape, axes: Sequence[int]) -> Shape:
    """Shape without the dimensions `axes`, or without all of size 1 where none is named."""
    gone = {axis % len(shape) for axis in axes} if axes else {i for i, size in enumerate(shape) if size == 1}
    return tuple(size for i, size in enumerate(shape) if i not in gone)


def strided(
    shape: Shape, begin: Sequence[Size], end: Sequence[Size], strides: Sequence[Size], masks: dict[str, int]
) -> Shape:
    """Shape of a StridedSlice; `masks` has begin, end, ellipsis, new_axis and shrink_axis as bit sets."""
    result: list[Size] = []
    at = 0
    after_ellipsis = sum(not masks["new_axis"] >> i & 1 for i in range(len(begin)))
    for i in range(len(begin)):
        bit = 1 << i
        if masks["ellipsis"] & bit:
            taken = len(shape) - (after_ellipsis - 1)
            result += shape[at : at + taken]
            at += taken
        elif masks["new_axis"] & bit:
            result.append(1)
        else:
            if not masks["shrink_axis"] & bit:
                low = None if masks["begin"] & bit else begin[i]
                high = None if masks["end"] & bit else end[i]
                unknown = (low is None and not masks["begin"] & bit) or (
                    high is None and not masks["end"] & bit
                )
                result.append(None if unknown else _slice_size(shape[at], low, high, strides[i]))
            at += 1
    return tuple(result) + shape[at:]


def _slice_size(size: Size, low: Size, high: Size, stride: Size) -> Size:
    if size is None or not stride:
        return None
    return len(range(*slice(low, high, stride).indices(size)))
