"""Scale and zero point of a range, in TOCO's own arithmetic.

Source: quantization_util.cc (ChooseQuantizationParams, GetSafeScaledParams); research/toco_minmax.md,
section 8, where the exact thresholds were verified on 74 real verdicts.
"""

import math
from typing import NamedTuple

from minmax_lint.converters.toco.operator import UNKNOWN, MinMax


class Parameters(NamedTuple):
    """real value = scale * (byte - zero_point)."""

    scale: float
    zero_point: int

    @property
    def lowest(self) -> float:
        """The real value of byte 0."""
        return (0 - self.zero_point) * self.scale

    @property
    def highest(self) -> float:
        """The real value of byte 255."""
        return (255 - self.zero_point) * self.scale


_TOLERANCE = 1e-5


def parameters(minmax: MinMax, low: int = 0, high: int = 255) -> Parameters:
    """ChooseQuantizationParams for a range that holds 0."""
    if minmax.min == minmax.max:
        return Parameters(0.0, 0)
    scale = (minmax.max - minmax.min) / (high - low)
    from_low, from_high = low - minmax.min / scale, high - minmax.max / scale
    low_error = abs(low) + abs(minmax.min / scale)
    high_error = abs(high) + abs(minmax.max / scale)
    zero_point = from_low if low_error < high_error else from_high
    if math.isnan(zero_point):
        return Parameters(scale, low)
    nudged = low if zero_point < low else high if zero_point > high else int(zero_point + 0.5)
    return Parameters(scale, nudged)


def array_parameters(minmax: MinMax, narrow: bool) -> Parameters | None:
    """The parameters of an activation with this range; None where the range is not known.

    The range is first nudged on the grid with (narrow_range) bytes 1..255, and kept where that changes
    little; the scale of all 256 bytes then follows from it.
    """
    if minmax is UNKNOWN:
        return None
    grid = parameters(minmax, int(narrow))
    low, high = (int(narrow) - grid.zero_point) * grid.scale, (255 - grid.zero_point) * grid.scale
    tolerance = _TOLERANCE * (high - low)
    if abs(low - minmax.min) > tolerance or abs(high - minmax.max) > tolerance:
        minmax = MinMax(low, high)
    return parameters(minmax)
