"""The TensorFlow versions whose MLIR converter is modelled, and what of it has bounds among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from minmax_lint.converters.example import Before
from minmax_lint.converters.mlir import tables
from minmax_lint.converters.releases import FIRST_MLIR, LAST_MLIR, Number

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
    before: Before = field(kw_only=True)
    """Builds a graph that reads `input`, which becomes something else where the version has it; returns the output."""


class Span:
    """The versions that do what one version does, as far as it was asked: `first` to `last`, both included."""

    def __init__(self, first: Number = FIRST, last: Number = LAST) -> None:
        self.first = first
        self.last = last

    def narrow(self, bounded: Bounds, number: Number) -> None:
        """Leave out the versions in which `bounded` holds and in `number` does not, or the other way round."""
        (major, since), (_, until) = bounded.since, bounded.until
        if bounded.holds(number):
            self.first, self.last = max(self.first, bounded.since), min(self.last, bounded.until)
        elif number < bounded.since:
            self.last = min(self.last, (major, since - 1))
        else:
            self.first = max(self.first, (major, until + 1))

    def intersect(self, other: Span) -> None:
        """Leave out the versions that are not in `other`."""
        self.first, self.last = max(self.first, other.first), min(self.last, other.last)


@dataclass(frozen=True)
class Ops:
    """Ops that some versions know something about: a question about one of them narrows the span of the version."""

    version: Version
    always: frozenset[str]
    bounds: Mapping[str, Bounds]

    def __contains__(self, op: str) -> bool:
        if op in self.always:
            return True
        bounded = self.bounds.get(op)
        return bounded is not None and self.version.has(bounded)


@dataclass(frozen=True)
class Version:
    """The MLIR converter of one TensorFlow version.

    `span` holds the versions that answer every question so far as this one does: what is predicted with it holds
    for all of them. So nothing that depends on the version may read `number`, and a question comes last in its
    condition: it is asked only where it decides something.
    """

    number: Number
    calibrated: bool = False
    """Whether ranges are calibrated."""
    span: Span = field(default_factory=Span, compare=False, repr=False)

    @cached_property
    def for_calibration(self) -> Version:
        """The same where ranges are calibrated (measured)."""
        return replace(self, calibrated=True)

    def has(self, bounded: Bounds) -> bool:
        """Whether this version has a pattern or a behaviour."""
        self.span.narrow(bounded, self.number)
        return bounded.holds(self.number)

    @cached_property
    def quantizable(self) -> Ops:
        """Ops with a quantized form."""
        always = tables.QUANTIZABLE | (tables.CALIBRATED if self.calibrated else frozenset())
        return Ops(self, always, _since(tables.QUANTIZABLE_SINCE))

    @cached_property
    def same_scale(self) -> Ops:
        """Ops whose float operands and results share one scale, which flows both ways."""
        return Ops(self, tables.SAME_SCALE, _since(tables.SAME_SCALE_SINCE))

    @cached_property
    def four_bits(self) -> Ops:
        """Ops that take and make types of 4 bits."""
        return Ops(self, tables.FOUR_BITS, _since(tables.FOUR_BITS_SINCE))

    @cached_property
    def without_builtin(self) -> Ops:
        """TensorFlow ops that this version refuses and a later one does not."""
        until = {op: Bounds(until=(since[0], since[1] - 1)) for op, since in tables.LEGALIZED_SINCE.items()}
        return Ops(self, frozenset(), until)


def _since(first: Mapping[str, Number]) -> Mapping[str, Bounds]:
    return {op: Bounds(since=number) for op, number in first.items()}
