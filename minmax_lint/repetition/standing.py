"""Who stands for the blocks that are left out: twins whose own readers are left out as well."""

from __future__ import annotations

from collections.abc import Mapping

import numpy

from minmax_lint.repetition.classes import Classes
from minmax_lint.repetition.cut import Cut

COPIES = 3
"""Twins that stay: equal constants in two blocks are merged by MLIR, and all must come out alike."""

_WORTH = 0.5
"""Share of the blocks that may stay."""

_ROUNDS = 100
"""How often blocks are added until every twin that stays is read; simple chains need two or three."""


def staying_blocks(cut: Cut, found: Classes) -> tuple[frozenset[int], Mapping[int, int]] | None:
    """The blocks that stay, and left-out block -> the twin that those who read it read instead.

    A twin stands for one block only, and nobody else reads it: two that do the same with one array would be
    merged. Where no twin is free, those that nobody reads get a reader, until one of them is, or the block itself
    stays. None where hardly any block can be left out.
    """
    sources, readers = _neighbours(cut)
    twins, ranks = found.twins, found.ranks.tolist()
    staying = {block for listed in twins.values() for block in listed[:COPIES]}
    for _ in range(_ROUNDS):
        if len(staying) > _WORTH * len(cut.blocks):
            break
        read = {source for block in staying for source in sources.get(block, ())}
        free: dict[int, list[int]] = {}
        for block in sorted(staying - read, key=ranks.__getitem__):
            if block in readers:
                free.setdefault(found.of_block[block], []).append(block)
        standing: dict[int, int] = {}
        for block in sorted(read - staying, key=ranks.__getitem__):
            offered = free.get(found.of_block[block], [])
            if offered and ranks[offered[0]] < ranks[block]:
                standing[block] = offered.pop(0)
        missing = read - staying - standing.keys()
        unread = [block for blocks in free.values() for block in blocks]
        if not missing and not unread:
            return frozenset(staying), standing
        staying |= {reader for block in unread for reader in readers[block]} if unread else missing
    return None


def _neighbours(cut: Cut) -> tuple[Mapping[int, list[int]], Mapping[int, list[int]]]:
    """Block -> the blocks it reads; block -> the blocks that read it."""
    crossing, of_node = cut.crossing, cut.blocks.of_node
    pairs = numpy.stack([of_node[nodes[crossing]] for nodes in (cut.wires.sources, cut.wires.readers)])
    sources: dict[int, list[int]] = {}
    readers: dict[int, list[int]] = {}
    for source, reader in set(zip(*pairs.tolist(), strict=True)):
        sources.setdefault(reader, []).append(source)
        readers.setdefault(source, []).append(reader)
    return sources, readers
