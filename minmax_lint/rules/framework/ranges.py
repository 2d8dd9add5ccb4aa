"""What is wrong with a FakeQuant's range itself."""

from minmax_lint.graph.fakequant import FakeQuant, Range

HALF = 1e-3
"""How near to the middle between two bytes counts as in the middle."""

USUAL_BITS = 8
"""The width that every converter's default kernels have."""


def widen(found: FakeQuant) -> Range:
    """The smallest range that holds all of the FakeQuant's ranges and 0."""
    bounds = [bound for pair in found.known_ranges for bound in pair]
    return Range(min(0.0, *bounds), max(0.0, *bounds))


INITIAL = (-6.0, 6.0)
"""The range with which the rewriters start: contrib's `init_min`/`init_max`, Keras, FakeQuantWithMinMaxArgs."""


def step_of(low: float, high: float, *, narrow: bool) -> float:
    """The distance of two neighbouring values on the grid of a range, at 8 bits."""
    return (high - low) / (254 if narrow else 255)


def half_step_off(found: FakeQuant) -> bool:
    """Whether the zero point lies halfway between two bytes, so that rounding it is a matter of taste."""
    if not found.constant or found.degenerate or found.misses_zero:
        return False
    narrow = found.narrow_range
    return any(
        abs(-low / step_of(low, high, narrow=narrow) % 1 - 0.5) < HALF
        for low, high in zip(found.lows, found.highs, strict=True)
        if not (narrow and low == -high)  # the zero of [-a, a] is the byte in the middle
    )
