"""Scales: what a range becomes in the converter, and which ranges it cannot take.

Source: tensorflow/compiler/mlir/lite/quantization (fakeQuantAttrsToType, getNudgedScaleAndZeroPoint in
MLIR's FakeQuantSupport.cc); measured in research/mlir_quantization.md, section 2.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from minmax_lint.graph.dtype import float32
from minmax_lint.graph.fakequant import Range
from minmax_lint.graph.tensor import Tensor

_FEW = 1024
"""Elements of constants whose rounded values are worked out: no pattern asks for those of weights."""


class Scale(NamedTuple):
    """A quantized type: real value = scale * (byte - zero_point). Two are the same scale if all is equal."""

    scale: float
    zero_point: int
    bits: int = 8
    narrow: bool = False
    channels: Sequence[tuple[float, int]] = ()
    """(scale, zero point) of each channel of a per-channel FakeQuant; scale and zero point are then the first."""

    @property
    def range(self) -> tuple[float, float]:
        """The real values of the first and the last byte."""
        low, high = int(self.narrow), 2**self.bits - 1
        return self.scale * (low - self.zero_point), self.scale * (high - self.zero_point)


class CalibratedScale(Scale):
    """One that samples decide: its numbers stand for themselves, and say only that it is another than the others."""

    __slots__ = ()


class Channels(Sequence[tuple[float, int]]):
    """Scale and zero point of each channel of a per-channel FakeQuant; those of UNKNOWN where a bound is no number.

    They are worked out when they are compared, which those of most filters never are.
    """

    def __init__(self, lows: Sequence[float], highs: Sequence[float], num_bits: int, narrow: bool) -> None:
        self._lows, self._highs = lows, highs
        self._bytes = int(narrow), 2 ** storage_bits(num_bits) - 1

    @cached_property
    def _grids(self) -> tuple[tuple[float, int], ...]:
        unknown = UNKNOWN.scale, UNKNOWN.zero_point
        ranges = zip(self._lows, self._highs, strict=True)
        return tuple(unknown if any(map(math.isnan, each)) else _grid(each, *self._bytes) for each in ranges)

    def __len__(self) -> int:
        return len(self._lows)

    def __getitem__(self, place: Any) -> Any:
        return self._grids[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._grids == tuple(other)

    def __hash__(self) -> int:
        return hash(self._grids)


UNKNOWN = Scale(math.nan, -1)
"""The scale of a variable whose value is not given: sound, and equal to no other."""

BIAS = Scale(0.0, 0, 32)
"""Any scale of an int32 bias: it follows from those of input and weights."""


def storage_bits(num_bits: int) -> int:
    """The width the converter stores: only the class counts, 5 to 8 bits are 8 (measured)."""
    return 4 if num_bits <= 4 else 8 if num_bits <= 8 else 16


def scale_of(range_: Range, num_bits: int, narrow: bool) -> Scale:
    """The scale of a per-tensor FakeQuant; UNKNOWN where the range's value is not given, or no number."""
    if range_.has_nan:
        return UNKNOWN
    bits = storage_bits(num_bits)
    return Scale(*_grid(range_, int(narrow), 2**bits - 1), bits, narrow)


def _grid(range_: tuple[float, float], low: int, high: int) -> tuple[float, int]:
    """The scale and the zero point with which the bytes `low` to `high` cover a range."""
    real_low, real_high = range_
    # The range is shifted, not widened, until it holds zero (FakeQuantSupport.cc).
    if real_low > 0:
        real_low, real_high = 0.0, real_high - real_low if real_high > real_low else real_high
    elif real_high < 0:
        real_low, real_high = (real_low - real_high if real_high > real_low else real_low), 0.0
    step = (real_high - real_low) / (high - low)
    if step <= 0:
        return 1e-6 / (high - low), (low + high) // 2
    from_low = low - real_low / step
    from_high = high - real_high / step
    nearer_low = abs(low) + abs(real_low / step) < abs(high) + abs(real_high / step)
    zero_point = from_low if nearer_low else from_high
    return step, min(max(round(zero_point), low), high)


def unite_ranges(scales: Sequence[Scale]) -> Scale:
    """The scale of the union of the ranges (CalculateNewQuantizedType)."""
    if len(scales) == 1:
        return scales[0]
    first = scales[0]
    step, zero_point = _grid_of_all(int(first.narrow), 2**first.bits - 1, *(scale.range for scale in scales))
    return first._replace(scale=step, zero_point=zero_point)


def _grid_of_all(lowest: int, highest: int, *ranges: tuple[float, float]) -> tuple[float, int]:
    low, high = min(low for low, _ in ranges), max(0.0, *(high for _, high in ranges))
    step = (high - low) / (highest - lowest)
    return step, int(lowest - low / step) if step else 0


def on_grid(tensor: Tensor | None, scale: Scale) -> Tensor | None:
    """The values nearest to those of `tensor` that bytes of that scale stand for; None for many, or by channel.

    None as well for the scale that samples decide.
    """
    if isinstance(scale, CalibratedScale):
        return None
    if tensor is None or not tensor.known or tensor.stored > _FEW or scale.channels or not scale.scale > 0:
        return None
    low, high = scale.range
    clamped = (min(max(low, float(value)), high) for value in tensor.leading())
    bytes_of = (math.floor(value / scale.scale + 0.5) for value in clamped)
    return Tensor.of(tensor.dtype, tensor.shape, [float32(byte * scale.scale) for byte in bytes_of])
