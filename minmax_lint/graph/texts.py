"""A column of texts that stay in the file they were read from: a string is made when somebody asks for one.

A million names take 24 MB instead of 110, and nobody waits until they are made. Who asks for many gets them all.
"""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from minmax_lint.graph.places import Places

FACTOR = 0x9E3779B97F4A7C15
"""2^64 by the golden ratio: multiplied with it, near numbers come far apart."""
WORD = 8
"""Bytes that are hashed at once."""
_MASK = (1 << 64) - 1
_AT_ONCE = 4096
_NEAR = 1 << 22
"""Bytes of the file that are decoded at once, at most."""
PATIENCE = 1 / 20
"""Share of the texts that are asked for one by one before it pays to hold a string for each."""


class Texts(Sequence[str]):
    """Texts by place. Those from the buffer are ASCII; all others are held apart."""

    def __init__(self, buffer: bytes | mmap.mmap | memoryview) -> None:
        self.buffer = buffer
        self.starts = array("q")
        self.ends = array("q")
        """Where each text lies in the buffer; nowhere, from 0 to 0, if it is held apart."""
        self.hashes = array("Q")
        self.apart: dict[int, str] = {}
        self._asked = 0
        self._held: list[str] | None = None

    def append(self, text: str) -> None:
        """Add a text, to be held apart."""
        self.apart[len(self)] = text
        self.starts.append(0)
        self.ends.append(0)
        self.hashes.append(hash_of(text))

    def extend(self, starts: bytes, ends: bytes, hashes: bytes) -> None:
        """Add texts that lie in the buffer; the numbers as 64-bit integers."""
        self.starts.frombytes(starts)
        self.ends.frombytes(ends)
        self.hashes.frombytes(hashes)

    @cached_property
    def places(self) -> Places | None:
        """Where to find each text; None where two are the same."""
        from minmax_lint.graph.places import places

        return places(self)

    def find(self, text: str) -> int | None:
        """The place of a text, of which no two may be the same; None where it is not there."""
        if self._all() is not None or self.places is None:
            return self._positions.get(text)
        return self.places.find(text)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return dict(zip(self, range(len(self)), strict=True))

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[str]:
        for first in range(0, len(self), _AT_ONCE):
            yield from self[first : first + _AT_ONCE]

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return self._several(range(len(self))[place])
        held = self._all()
        return self._one(range(len(self))[place]) if held is None else held[place]

    def mention(self, part: str) -> bool:
        """Whether one of the texts has that part, which is ASCII."""
        if any(part in text for text in self.apart.values()):
            return True
        for first in range(0, len(self), _AT_ONCE):
            wanted = range(len(self))[first : first + _AT_ONCE]
            near = self._near(wanted)
            if (near is None or part.encode() in near[1]) and any(
                part in text for text in self._several(wanted)
            ):
                return True
        return False

    def _all(self) -> list[str] | None:
        """All texts, once single ones have been asked for often enough."""
        if self._held is None:
            self._asked += 1
            if self._asked > len(self) * PATIENCE:
                self._held = list(self)
        return self._held

    def _one(self, at: int) -> str:
        held = self.apart.get(at)
        return bytes(self.buffer[self.starts[at] : self.ends[at]]).decode("ascii") if held is None else held

    def _several(self, wanted: range) -> list[str]:
        near = self._near(wanted)
        if near is None or (self.apart and not self.apart.keys().isdisjoint(wanted)):
            return [self._one(at) for at in wanted]
        start, content = near
        text = content.decode("latin-1")
        spans = zip(
            self.starts[wanted.start : wanted.stop], self.ends[wanted.start : wanted.stop], strict=True
        )
        return [text[low - start : high - start] for low, high in spans]

    def _near(self, wanted: range) -> tuple[int, bytes] | None:
        """The piece of the buffer that holds those texts, and where it starts; None where it is large."""
        if wanted.step != 1 or not wanted:
            return None
        low, high = (column[wanted.start : wanted.stop] for column in (self.starts, self.ends))
        start, end = min(low), max(high)
        return (start, bytes(self.buffer[start:end])) if end - start <= _NEAR else None


def hash_of(text: str) -> int:
    """A number of 64 bits, equal for equal texts, and for hardly any others."""
    content = text.encode(errors="surrogatepass")  # a name on the command line may be anything
    found = len(content)
    for at in range(0, len(content), WORD):
        found = (found ^ int.from_bytes(content[at : at + WORD], "little")) * FACTOR & _MASK
        found ^= found >> 32
    return found
