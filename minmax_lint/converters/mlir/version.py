"""The TensorFlow versions whose MLIR converter is modelled, and what of it has bounds among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from minmax_lint.converters.example import Before
from minmax_lint.converters.mlir import tables
from minmax_lint.converters.mlir.bounds import FIRST, LAST, Bounds
from minmax_lint.converters.releases import Number


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
        """Leave out the versions that are not like `number` in having `bounded`, and what lies beyond them."""
        (major, minor), holds = number, bounded.holds(number)
        for other in range(minor - 1, self.first[1] - 1, -1):
            if bounded.holds((major, other)) != holds:
                self.first = (major, other + 1)
                break
        for other in range(minor + 1, self.last[1] + 1):
            if bounded.holds((major, other)) != holds:
                self.last = (major, other - 1)
                break

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
    select_tf: bool = False
    """Whether the call allows SELECT_TF_OPS: ops of TensorFlow that the flex delegate runs."""
    custom_ops: bool = False
    """Whether the call allows custom ops."""
    saved_model: bool = False
    """Whether the converter reads a SavedModel: it computes constants of any size (2.15, 2.18 and 2.21 measured).

    Those that a function captures, variables among them, it computes up to the size of ShouldBeFolded.
    """
    span: Span = field(default_factory=Span, compare=False, repr=False)

    def has(self, bounded: Bounds) -> bool:
        """Whether this version has a pattern or a behaviour."""
        self.span.narrow(bounded, self.number)
        return bounded.holds(self.number)

    @cached_property
    def quantizable(self) -> Ops:
        """Ops that have a quantized form in this version."""
        return Ops(self, tables.QUANTIZABLE, tables.QUANTIZABLE_SINCE)

    @cached_property
    def same_scale(self) -> Ops:
        """Ops whose float operands and results share one scale, which flows both ways."""
        return Ops(self, tables.SAME_SCALE, tables.SAME_SCALE_SINCE)

    @cached_property
    def four_bits(self) -> Ops:
        """Ops that take and make types of 4 bits."""
        return Ops(self, tables.FOUR_BITS, tables.FOUR_BITS_SINCE)

    def since(self, first: tables.Since | None) -> bool:
        """Whether this version has what there is from a version on, or never."""
        return first is not None and (first == tables.ALWAYS or self.has(Bounds(first)))
