"""What is wrong with a FakeQuant's range itself."""

from __future__ import annotations

import math

from minmax_lint.graph.fakequant import UNKNOWN_RANGE, FakeQuant

USUAL_BITS = 8
"""The width that every converter's default kernels have."""


def is_degenerate(found: FakeQuant) -> bool:
    """Whether a range holds no grid of values: NaN, infinite, empty or turned round."""
    return any(not (math.isfinite(low) and math.isfinite(high) and low < high) for low, high in known(found))


def misses_zero(found: FakeQuant) -> bool:
    """Whether 0 lies outside a range that is sound otherwise."""
    return not is_degenerate(found) and any(low > 0 or high < 0 for low, high in known(found))


def known(found: FakeQuant) -> tuple[tuple[float, float], ...]:
    """The ranges whose values are given; a constant NaN is given, a variable without checkpoint is not."""
    return tuple((each.min, each.max) for each in found.ranges if each is not UNKNOWN_RANGE)
