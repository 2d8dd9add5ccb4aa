"""Where texts are found among others, a million at once, without a string for any of them."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy

from minmax_lint.graph.texts import FACTOR, WORD, Texts, hash_of

Numbers = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
Flags = numpy.ndarray[Any, numpy.dtype[numpy.bool_]]
Hashes = numpy.ndarray[Any, numpy.dtype[numpy.uint64]]

_BITS = 64
_EVERY_BIT = (1 << _BITS) - 1
_FOREIGN = 0x8080808080808080
"""Bits that no word of ASCII has."""
_BEHIND = 8 * WORD
"""Bytes read at once, which must follow a piece of a content; most names have no more."""
_LEVELS = 20
"""Tables tried until every text has a slot of its own; a million need about ten."""
_AT_ONCE = 1 << 12
"""Texts compared at once, so that what is looked at stays near the processor."""


class Level(NamedTuple):
    """A table of the texts that found no free slot on the levels before."""

    shift: int
    bits: int
    table: numpy.ndarray[Any, numpy.dtype[numpy.int32]]
    """Slot -> place of the one text that has it, -1 for none."""

    def candidate(self, one: int) -> int:
        """The place of the one that has the slot of this hash; -1 for none."""
        return int(self.table[((one >> self.shift) * FACTOR & _EVERY_BIT) >> (_BITS - self.bits)])

    def candidates(self, hashes: Hashes) -> Numbers:
        """The places of those that have the slots of these hashes."""
        return self.table[_slots(hashes, self.shift, self.bits)].astype(numpy.int64)


class Places:
    """The places of texts of which no two have the same hash."""

    def __init__(self, texts: Texts, hashes: Hashes, levels: list[Level]) -> None:
        self._texts = texts
        self._hashes = hashes
        self._levels = levels

    def find(self, text: str) -> int | None:
        """The place of one text; None where it is not there."""
        wanted = hash_of(text)
        for level in self._levels:
            place = level.candidate(wanted)
            if place >= 0 and self._texts.hashes[place] == wanted:
                return place if self._texts[place] == text else None
        return None

    def of(self, others: Texts) -> Numbers:
        """The place of each of the others; -1 where it is not there."""
        found = self._with_hashes(_hashes(others))
        for at in range(0, len(found), _AT_ONCE):
            part = found[at : at + _AT_ONCE]
            there = numpy.flatnonzero(part >= 0)
            same = _same(self._texts, part[there], others, there + at)
            part[there[~same]] = -1
        return found

    def _with_hashes(self, hashes: Hashes) -> Numbers:
        found = numpy.full(len(hashes), -1, numpy.int64)
        left = numpy.arange(len(hashes))
        for level in self._levels:
            candidates = level.candidates(hashes[left])
            fits = (candidates >= 0) & (self._hashes[candidates] == hashes[left])
            found[left[fits]] = candidates[fits]
            left = left[~fits]
        return found


def places(texts: Texts) -> Places | None:
    """Where to find the texts; None where two have the same hash, as equal ones do."""
    hashes = _hashes(texts)
    levels: list[Level] = []
    left = numpy.arange(len(texts))
    while len(left):
        if len(levels) == _LEVELS:
            return None
        bits = (2 * len(left)).bit_length()
        level = Level(3 * len(levels), bits, numpy.full(1 << bits, -1, numpy.int32))
        level.table[_slots(hashes[left], level.shift, bits)] = left
        winners = level.candidates(hashes[left])
        lost = winners != left
        if bool((hashes[winners[lost]] == hashes[left[lost]]).any()):
            return None
        levels.append(level)
        left = left[lost]
    return Places(texts, hashes, levels)


def hashes_of(content: bytes, starts: Numbers, ends: Numbers) -> Hashes | None:
    """`hash_of` the pieces of a content; None where one of them is not ASCII."""
    order = _longest_first(ends - starts)
    sizes = (ends - starts)[order]
    found = sizes.astype(numpy.uint64)
    for words in _words(content + bytes(_BEHIND), starts[order], sizes):
        if bool((words & numpy.uint64(_FOREIGN)).any()):
            return None
        mixed = found[: len(words)]
        mixed ^= words
        mixed *= numpy.uint64(FACTOR)
        mixed ^= mixed >> numpy.uint64(_BITS // 2)
    result = numpy.empty_like(found)
    result[order] = found
    return result


def _same(texts: Texts, places: Numbers, others: Texts, other_places: Numbers) -> Flags:
    """For each pair of places whether the texts there are equal."""
    starts, ends = (numpy.frombuffer(column, numpy.int64)[places] for column in (texts.starts, texts.ends))
    other_starts, other_ends = (
        numpy.frombuffer(column, numpy.int64)[other_places] for column in (others.starts, others.ends)
    )
    same: Flags = ends - starts == other_ends - other_starts
    last = len(texts.buffer) - _BEHIND
    alone = (ends > last) | (other_ends > last) | (ends == 0) | (other_ends == 0)
    pairs = numpy.flatnonzero(same & ~alone)
    pairs = pairs[_longest_first((ends - starts)[pairs])]
    sizes = (ends - starts)[pairs]
    equal = numpy.ones(len(pairs), bool)
    words = _words(texts.buffer, starts[pairs], sizes), _words(others.buffer, other_starts[pairs], sizes)
    for one, other in zip(*words, strict=True):
        equal[: len(one)] &= one == other
    same[pairs] = equal
    for at in numpy.flatnonzero(alone).tolist():
        same[at] = texts[int(places[at])] == others[int(other_places[at])]
    return same


def _longest_first(sizes: Numbers) -> Numbers:
    return numpy.argsort(-sizes.astype(numpy.int16), kind="stable")  # of such numbers numpy sorts by radix


def _words(content: bytes | mmap.mmap | memoryview, starts: Numbers, sizes: Numbers) -> Iterator[Hashes]:
    """The first eight bytes of all pieces as numbers, then the next, of those that have some left.

    The longest piece comes first, and behind each there are at least `_BEHIND` bytes.
    """
    if not len(sizes):
        return
    blocks = numpy.ndarray(len(content) - _BEHIND + 1, f"V{_BEHIND}", content, strides=(1,))
    shorter, one = -sizes, numpy.uint64(1)
    for start in range(0, int(sizes[0]), _BEHIND):
        some = int(numpy.searchsorted(shorter, -start))
        block = blocks[starts[:some] + start].view("<u8").reshape(some, -1).T
        for offset, words in enumerate(block):
            done = start + offset * WORD
            some, whole = numpy.searchsorted(shorter, (-done, 1 - done - WORD)).tolist()
            if not some:
                return
            left = (sizes[whole:some] - done).astype(numpy.uint64)
            words[whole:some] &= (one << (numpy.uint64(8) * left)) - one
            yield words[:some]


def _slots(hashes: Hashes, shift: int, bits: int) -> Numbers:
    mixed = (hashes >> numpy.uint64(shift)) * numpy.uint64(FACTOR)
    return (mixed >> numpy.uint64(_BITS - bits)).astype(numpy.int64)


def _hashes(texts: Texts) -> Hashes:
    return numpy.frombuffer(texts.hashes, numpy.uint64)
