"""The inputs of all nodes of a graph, without a tuple for each: a million of them take 120 MB."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice, pairwise
from typing import overload


class Inputs(Sequence[tuple[str, ...]]):
    """Node -> its inputs as NodeDef spells them: those of node i are texts[first[i]:first[i + 1]]."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.first = array("q", [0])

    def append(self, texts: tuple[str, ...]) -> None:
        """Add the inputs of the next node."""
        self.texts += texts
        self.first.append(len(self.texts))

    def extend(self, texts: Iterable[str], counts: Iterable[int]) -> None:
        """Add the inputs of the next nodes, and how many each of them has."""
        self.first.extend(islice(accumulate(counts, initial=len(self.texts)), 1, None))
        self.texts += texts

    def __len__(self) -> int:
        return len(self.first) - 1

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return (tuple(self.texts[start:stop]) for start, stop in pairwise(self.first))

    @overload
    def __getitem__(self, place: int) -> tuple[str, ...]: ...
    @overload
    def __getitem__(self, place: slice) -> list[tuple[str, ...]]: ...
    def __getitem__(self, place: int | slice) -> tuple[str, ...] | list[tuple[str, ...]]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        at = range(len(self))[place]
        return tuple(self.texts[self.first[at] : self.first[at + 1]])
