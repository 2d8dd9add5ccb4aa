"""Sayings about a whole graph, made when somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple, TypeVar, overload

from minmax_lint.converters.prediction import Repeated

T = TypeVar("T")

Ranked = tuple[int, int, Any]
"""A saying, and what it is sorted by: the place of its node in the file, and its number among the sayings there."""


class NotTold(Exception):
    """What is said of a block does not hold for its twins, or says something about several of them at once."""


class Part(NamedTuple):
    """What is said alike of some blocks."""

    blocks: list[int]
    forms: list[Any]
    say: Callable[[list[int], list[Any]], Iterable[Ranked]]
    """Puts the names of the blocks into the forms."""


class Told(Repeated[T]):
    """Sayings about no block, and about blocks: in the order of the nodes they are about."""

    def __init__(self, apart: list[Ranked], parts: list[Part]) -> None:
        self._apart = apart
        self._parts = parts

    def counted(self) -> Iterable[tuple[T, int]]:
        """One of each, in order of the first, and how many there are."""
        found = [(ranked, 1) for ranked in self._apart]
        for blocks, forms, say in self._parts:
            found += ((ranked, len(blocks)) for ranked in say(blocks[:1], forms))
        return ((saying, times) for (_, _, saying), times in sorted(found, key=lambda entry: entry[0][:2]))

    @cached_property
    def _all(self) -> list[T]:
        found = list(self._apart)
        for blocks, forms, say in self._parts:
            found += say(blocks, forms)
        found.sort()  # no two have the same place and number
        return [saying for _, _, saying in found]

    def __len__(self) -> int:
        return len(self._apart) + sum(len(blocks) * len(forms) for blocks, forms, _ in self._parts)

    def __iter__(self) -> Iterator[T]:
        return iter(self._all)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        return self._all[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Told, tuple, list)) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[tuple[T, ...]], tuple[list[T]]]:
        """Another process gets what is said, not the graph it is said of."""
        return tuple, (self._all,)
