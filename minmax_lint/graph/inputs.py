"""The inputs of all nodes of a graph, without a tuple for each."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import overload

from minmax_lint.graph.texts import PATIENCE, Texts


class Inputs(Sequence[tuple[str, ...]]):
    """Node -> its inputs as NodeDef spells them: those of node i are texts[first[i]:first[i + 1]]."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.first = array("q", [0])
        self._asked = 0
        self._held: list[tuple[str, ...]] | None = None

    def append(self, texts: tuple[str, ...]) -> None:
        """Add the inputs of the next node."""
        for text in texts:
            self.texts.append(text)
        self.first.append(len(self.texts))

    def extend(self, ends: bytes) -> None:
        """Say of the next nodes where in `texts` the inputs of each end, as 64-bit integers."""
        self.first.frombytes(ends)

    def __len__(self) -> int:
        return len(self.first) - 1

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self._all())

    def _all(self) -> list[tuple[str, ...]]:
        """All inputs, held from then on: who wants them all once does so again."""
        if self._held is None:
            texts = iter(self.texts)
            self._held = [tuple(islice(texts, stop - start)) for start, stop in pairwise(self.first)]
        return self._held

    @overload
    def __getitem__(self, place: int) -> tuple[str, ...]: ...
    @overload
    def __getitem__(self, place: slice) -> list[tuple[str, ...]]: ...
    def __getitem__(self, place: int | slice) -> tuple[str, ...] | list[tuple[str, ...]]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        if self._held is None:
            self._asked += 1
            if self._asked <= len(self) * PATIENCE:
                at = range(len(self))[place]
                return tuple(self.texts[self.first[at] : self.first[at + 1]])
        return self._all()[place]
