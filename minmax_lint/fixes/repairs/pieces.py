"""Functions as sums of ramps that 8-bit arithmetic computes: which ramps, and how far off they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from minmax_lint.fixes.bounds.elementwise import ElementFunction
from minmax_lint.graph.fakequant import Range

Array = np.ndarray[Any, Any]

LAST = 255
"""The last byte of a grid of 256 values."""
UNITS = 120
"""The weight of the steepest ramp, one step wide, in steps of the weights' grid (127 at most)."""
WIDTHS = tuple(width for width in range(UNITS, 0, -1) if UNITS % width == 0)
"""The widths of ramps in steps of the input: so UNITS / width is an integer, and the weight exact."""
RISES = 127
"""The largest weight of a ramp in the sum, in steps of that weight's grid."""
TARGET = 1.0
"""The worst error that is looked for, in steps of the output: half a step is the output's own rounding."""
TOLERANCES = (0.5, 0.4, 0.3, 0.2, 0.1, 0.0)
"""How far, in steps of the output, a ramp may be from the function."""
_BESIDE = 1e-4
"""In steps of the input: where a function changes within that, the last bit of a float decides its value."""
_DETAILS = (120, 60, 30, 15, 5, 1)
"""The widest ramp, in steps of the input. Narrow ones rise less, and so are rounded less."""


class Grid(NamedTuple):
    """The 256 values of a quantized array: (byte - zero) * step."""

    step: float
    zero: int

    @classmethod
    def of(cls, found: Range) -> Grid:
        """The grid of a range that holds zero, nudged so that zero is on it (fake_quant_ops_functor.h)."""
        step = (found.max - found.min) / LAST
        return cls(step, min(max(math.floor(0.5 - found.min / step), 0), LAST))

    @property
    def range(self) -> Range:
        """The smallest and the largest value."""
        return Range(-self.zero * self.step, (LAST - self.zero) * self.step)

    def values(self) -> Array:
        """All 256 of them, as TensorFlow computes them in float32: floor and the like jump at single ones."""
        steps = np.arange(LAST + 1, dtype="float32") * np.float32(self.step)
        return (steps - np.float32(self.zero * self.step)).astype("float64")


class Ramp(NamedTuple):
    """Nothing before input byte `start`, then a straight rise over `width` bytes, then level."""

    start: int
    width: int
    rise: float


class Pieces(NamedTuple):
    """A function as `first` plus ramps: its values over the 256 of `source`."""

    source: Grid
    target: Range
    """The range that results are clipped to."""
    first: float
    ramps: tuple[Ramp, ...]
    unit: float
    """One step of the grid of the rises."""
    error: float
    """The worst difference from the function, over the 256 input values, in steps of the output."""


@cache
def pieces_of(function: ElementFunction, source: Grid, target: Range) -> Pieces:
    """`function` over `source` with results in `target`: as few ramps as meet TARGET, else the best there is.

    `target` holds zero; results beyond it are clipped. Inputs for which the function has no value, or at
    which it jumps, do not count.
    """
    wanted = _goal(function, source, target)
    found = [_least(wanted, [width for width in WIDTHS if width <= widest]) for widest in _DETAILS]
    return min(found, key=lambda pieces: (max(pieces.error, TARGET), len(pieces.ramps)))


def _least(wanted: _Goal, widths: list[int]) -> Pieces:
    """The ramps of such widths that meet TARGET with the largest tolerance, else those with the least error."""
    found: list[Pieces] = []
    for tolerance in TOLERANCES:
        ramps = tuple(_ramps(wanted.levels, tolerance * wanted.result.step, widths))
        found.append(_round(wanted, ramps))
        if found[-1].error <= TARGET:
            return found[-1]
    return min(found, key=lambda pieces: pieces.error)


class _Goal(NamedTuple):
    source: Grid
    target: Range
    result: Grid
    """That of `target`."""
    levels: Array
    """What the function is for each byte, clipped; where it has no value, that of the nearest byte that has."""
    counts: Array
    """Which bytes it has a value for, and does not jump at."""


def _goal(function: ElementFunction, source: Grid, target: Range) -> _Goal:
    result = Grid.of(target)
    levels = function(source.values())
    places = np.flatnonzero(~np.isnan(levels))
    if not places.size:
        return _Goal(source, target, result, np.zeros(LAST + 1), np.zeros(LAST + 1, dtype=bool))
    levels = np.clip(levels, *result.range)
    nearest = places[np.abs(places[None, :] - np.arange(LAST + 1)[:, None]).argmin(axis=1)]
    beside = [function(source.values() + side * _BESIDE * source.step) for side in (-1, 1)]
    below, above = (np.clip(values, *result.range) for values in beside)
    smooth = ~(np.abs(above - below) > result.step / 2)
    return _Goal(source, target, result, levels[nearest], ~np.isnan(levels) & smooth)


def _ramps(levels: Array, tolerance: float, widths: list[int]) -> Iterator[Ramp]:
    """Ramps from the left to the right, each as wide as the tolerance allows, with level pieces between."""
    at, level = 0, levels[0]
    while at < LAST:
        width = next(width for width in widths if _straight(levels, at, width, level, tolerance))
        near = np.abs(levels[at + 1 :] - level) <= tolerance
        flat = int(near.argmin()) if not near.all() else near.size
        if flat >= width:
            at += flat
            continue
        yield Ramp(at, width, float(levels[at + width] - level))
        at, level = at + width, levels[at + width]


def _straight(levels: Array, at: int, width: int, level: float, tolerance: float) -> bool:
    """Whether a ramp from `level` stays within the tolerance; the narrowest has nothing in between."""
    if at + width > LAST:
        return False
    line = np.linspace(level, levels[at + width], width + 1)
    return width == 1 or bool(np.abs(levels[at : at + width] - line[:-1]).max() <= tolerance)


def _round(wanted: _Goal, ramps: tuple[Ramp, ...]) -> Pieces:
    """The ramps with rises on a grid, so that sums of them, not each alone, are nearest to the function."""
    ramps = ramps or (Ramp(0, 1, 0.0),)
    unit = max(abs(ramp.rise) for ramp in ramps) / (RISES - 1) or 1.0
    sums = np.rint(np.cumsum([ramp.rise for ramp in ramps]) / unit)
    rises = np.diff(sums, prepend=0.0) * unit
    exact = tuple(ramp._replace(rise=float(rise)) for ramp, rise in zip(ramps, rises, strict=True))
    first = float(wanted.levels[0])
    error = _error(wanted, first, exact)
    return Pieces(wanted.source, wanted.target, first, exact, unit, error)


def _error(wanted: _Goal, first: float, ramps: tuple[Ramp, ...]) -> float:
    """The worst over all bytes that count; where the height of a ramp is halfway, either way of rounding."""
    result, (low, high) = wanted.result, wanted.result.range
    worst = 0.0
    for half in (0.5 - 1e-6, 0.5 + 1e-6):
        total = np.full(LAST + 1, first)
        for ramp in ramps:
            height = np.clip((np.arange(LAST + 1) - ramp.start) / ramp.width, 0.0, 1.0)
            total += ramp.rise * np.floor(height * LAST + half) / LAST
        bytes_ = np.rint(np.clip(total, low, high) / result.step)
        off = np.abs(bytes_ * result.step - wanted.levels)[wanted.counts]
        worst = max(worst, float(off.max(initial=0.0)) / result.step)
    return worst
