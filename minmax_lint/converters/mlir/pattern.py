"""A rewrite pattern as data: what it is called in TensorFlow, where it starts, which versions have it, an example."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Generic, ParamSpec, TypeVar

from minmax_lint.converters.example import Before
from minmax_lint.converters.mlir.bounds import FIRST, LAST, Bounds
from minmax_lint.converters.mlir.ir import Operation
from minmax_lint.converters.mlir.rewriter import Patterns, Rewrite, Rewriter
from minmax_lint.converters.mlir.version import Version
from minmax_lint.converters.releases import Number

P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, eq=False)
class Pattern(Bounds, Generic[P, T_co]):
    """One pattern, or one step of a pass; calling it does what the decorated function does."""

    rewrite: Callable[P, T_co] = field(kw_only=True)
    name: str = field(kw_only=True)
    roots: tuple[str, ...] = field(kw_only=True)
    """The operations at which it starts; none where it looks at a whole function."""
    tf_name: str = field(kw_only=True)
    """What TensorFlow calls it; several names where its generated patterns are one here."""
    source: str = field(kw_only=True)
    """The file of TensorFlow that has it."""
    before: Before = field(kw_only=True)
    """Builds a graph that reads `input`, on which the pattern works; returns the output."""
    after: str = field(kw_only=True)
    """The operations of the quantized function of that graph, in their order; none where quantization fails."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """What the function makes of them; for a pattern of the rewriter, whether something was rewritten."""
        return self.rewrite(*args, **kwargs)


RewritePattern = Pattern[[Rewriter, Operation], bool]
"""One that the rewriter applies at an operation."""


def pattern(
    *roots: str,
    tf_name: str,
    source: str,
    before: Before,
    after: str,
    since: Number = FIRST,
    until: Number = LAST,
    lacking: tuple[Number, ...] = (),
) -> Callable[[Callable[P, T_co]], Pattern[P, T_co]]:
    """Declare the decorated function a pattern of its own name."""

    def declared(rewrite: Callable[P, T_co]) -> Pattern[P, T_co]:
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


def by_root(patterns: Iterable[RewritePattern], version: Version) -> Patterns:
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
    patterns: tuple[RewritePattern, ...],
) -> tuple[dict[str, tuple[Rewrite, ...]], dict[str, tuple[RewritePattern, ...]]]:
    """Operation -> what its patterns do, where all versions have them all; and its patterns, where they do not."""
    found: dict[str, list[RewritePattern]] = {}
    for one in patterns:
        for root in one.roots:
            found.setdefault(root, []).append(one)
    bounded = {root: tuple(ones) for root, ones in found.items() if any(one.changes for one in ones)}
    always = found.keys() - bounded.keys()
    return {root: tuple(one.rewrite for one in found[root]) for root in always}, bounded


def _noting(one: RewritePattern, version: Version) -> Rewrite:
    """The pattern; calling it narrows the span of the version where another could do something else."""
    if not one.changes:
        return one.rewrite
    if one.holds(version.number):
        return lambda rewriter, op: one.rewrite(rewriter, op) and version.has(one)
    return lambda rewriter, op: version.has(one)


def clear_chosen() -> None:
    """Choose anew by the bounds, which a measurement of another version changes."""
    _by_root.cache_clear()
