"""The TensorFlow versions whose MLIR converter is modelled, and what of it has bounds among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from minmax_lint.converters.mlir import tables
from minmax_lint.converters.profile import FIRST_MLIR, LAST_MLIR

Number = tuple[int, int]
"""(major, minor) of a TensorFlow release."""

FIRST: Number = FIRST_MLIR
LAST: Number = LAST_MLIR


@dataclass(frozen=True, eq=False)
class Bounds:
    """The versions that have something: from `since` to `until`, both included."""

    since: Number = FIRST
    until: Number = LAST

    def holds(self, number: Number) -> bool:
        """Whether that version has it."""
        return self.since <= number <= self.until


@dataclass(frozen=True, eq=False)
class Behaviour(Bounds):
    """One thing that the converters of some versions do and others do not."""

    name: str = ""
    """What it is called in TensorFlow's source, or what is seen of it where the source has no name for it."""


@dataclass(frozen=True)
class Version:
    """The MLIR converter of one TensorFlow version."""

    number: Number
    calibrated: bool = False
    """Whether ranges are calibrated."""

    @cached_property
    def for_calibration(self) -> Version:
        """The same where ranges are calibrated (measured)."""
        return replace(self, calibrated=True)

    def has(self, bounded: Bounds) -> bool:
        """Whether this version has a pattern or a behaviour."""
        return bounded.holds(self.number)

    def _ops(self, since: Mapping[str, Number]) -> frozenset[str]:
        return frozenset(op for op, first in since.items() if self.number >= first)

    @cached_property
    def quantizable(self) -> frozenset[str]:
        """Ops with a quantized form."""
        always = tables.QUANTIZABLE | (tables.CALIBRATED if self.calibrated else frozenset())
        return always | self._ops(tables.QUANTIZABLE_SINCE)

    @cached_property
    def same_scale(self) -> frozenset[str]:
        """Ops whose float operands and results share one scale, which flows both ways."""
        return tables.SAME_SCALE | self._ops(tables.SAME_SCALE_SINCE)

    @cached_property
    def four_bits(self) -> frozenset[str]:
        """Ops that take and make types of 4 bits."""
        return tables.FOUR_BITS | self._ops(tables.FOUR_BITS_SINCE)

    @cached_property
    def without_builtin(self) -> frozenset[str]:
        """TensorFlow ops that this version refuses and a later one does not."""
        return frozenset(op for op, since in tables.LEGALIZED_SINCE.items() if self.number < since)
