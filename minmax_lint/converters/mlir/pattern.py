"""A rewrite pattern as data: what it is called in TensorFlow, where it starts, which versions have it, an example."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

from minmax_lint.converters.example import Before
from minmax_lint.converters.mlir.bounds import FIRST, LAST, Bounds
from minmax_lint.converters.mlir.ir import Operation
from minmax_lint.converters.mlir.rewriter import Patterns, Rewrite, Rewriter
from minmax_lint.converters.mlir.version import Version
from minmax_lint.converters.releases import Number


@dataclass(frozen=True, eq=False)
class Pattern(Bounds):
    """One pattern; calling it rewrites the function at one operation, or returns False."""

    rewrite: Rewrite = field(kw_only=True)
    name: str = field(kw_only=True)
    roots: tuple[str, ...] = field(kw_only=True)
    """The operations at which it starts."""
    tf_name: str = field(kw_only=True)
    """What TensorFlow calls it; several names where its generated patterns are one here."""
    source: str = field(kw_only=True)
    """The file of TensorFlow that has it."""
    before: Before = field(kw_only=True)
    """Builds a graph that reads `input`, on which the pattern works; returns the output."""
    after: str = field(kw_only=True)
    """The operations of the optimized function of that graph, in their order; none where quantization then fails."""

    def __call__(self, rewriter: Rewriter, op: Operation) -> bool:
        """Whether the function was rewritten at `op`."""
        return self.rewrite(rewriter, op)


def pattern(
    *roots: str,
    tf_name: str,
    source: str,
    before: Before,
    after: str,
    since: Number = FIRST,
    until: Number = LAST,
    lacking: tuple[Number, ...] = (),
) -> Callable[[Rewrite], Pattern]:
    """Declare the decorated function a pattern of its own name."""

    def declared(rewrite: Rewrite) -> Pattern:
        return Pattern(
            since,
            until,
            lacking=lacking,
            rewrite=rewrite,
            name=getattr(rewrite, "__name__", ""),
            roots=roots,
            tf_name=tf_name,
            source=source,
            before=before,
            after=after,
        )

    return declared


def by_root(patterns: Iterable[Pattern], version: Version) -> Patterns:
    """Operation -> the patterns of that version that start at it, in the order of the list.

    The span of the version is narrowed where one with bounds rewrites something, and where one that other versions
    have could start.
    """
    unbounded, bounded = _by_root(tuple(patterns))
    return {
        **unbounded,
        **{root: tuple(_noting(one, version) for one in found) for root, found in bounded.items()},
    }


@cache
def _by_root(
    patterns: tuple[Pattern, ...],
) -> tuple[dict[str, tuple[Rewrite, ...]], dict[str, tuple[Pattern, ...]]]:
    """Operation -> what its patterns do, where all versions have them all; and its patterns, where they do not."""
    found: dict[str, list[Pattern]] = {}
    for one in patterns:
        for root in one.roots:
            found.setdefault(root, []).append(one)
    bounded = {root: tuple(ones) for root, ones in found.items() if any(one.changes for one in ones)}
    always = found.keys() - bounded.keys()
    return {root: tuple(one.rewrite for one in found[root]) for root in always}, bounded


def _noting(one: Pattern, version: Version) -> Rewrite:
    """The pattern; calling it narrows the span of the version where another could do something else."""
    if not one.changes:
        return one.rewrite
    if one.holds(version.number):
        return lambda rewriter, op: one.rewrite(rewriter, op) and version.has(one)
    return lambda rewriter, op: version.has(one)


def clear_chosen() -> None:
    """Choose anew by the bounds, which a measurement of another version changes."""
    _by_root.cache_clear()
