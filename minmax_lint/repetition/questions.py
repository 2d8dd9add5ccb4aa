"""Questions that were asked of a block's constants, with the constants left open: to be asked of its twins.

What a converter makes of a block depends on its constants only through what it asked of them. A twin of which
every question has the same answer comes out the same.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple, TypeVar

from minmax_lint.graph.tensor import Tensor
from minmax_lint.repetition.condensed import Condensed
from minmax_lint.repetition.followed import FollowedNumber, rebuilt
from minmax_lint.repetition.journal import Journal, Term, spelled
from minmax_lint.repetition.told import NotTold

T = TypeVar("T")

OWN = -1
"""In the place of a border that a block reads: the block itself."""

_AT_ONCE = 1 << 20
"""Bytes of constants looked at together: as numbers of Python they take ten times as much."""

_FAILURES = (ArithmeticError, ValueError, TypeError, LookupError, AttributeError)


class Open(NamedTuple):
    """A term with its constants left open, by its number."""

    number: int


class Constant(NamedTuple):
    """A constant left open: the border behind which it lies, as the block counts those it reads, and its place."""

    border: int
    place: int


class Failed:
    """What cannot be worked out for a twin."""


FAILED = Failed()


class Questions:
    """The terms of a journal, block by block."""

    def __init__(self, smaller: Condensed) -> None:
        """Takes in what the journal holds. Raises NotTold."""
        self._smaller = smaller
        self._known: dict[object, Open] = {}
        self._made: list[tuple[Callable[..., Any] | None, tuple[Any, ...], dict[str, object]]] = []
        self._open: dict[tuple[int, Term], Open] = {}
        self._blocks: dict[Term, frozenset[int]] = {}
        self._owners: dict[frozenset[int], tuple[int, ...]] = {}
        self._readers: dict[int, set[int]] = {}
        for block in smaller.staying:
            for border in self._borders(block):
                self._readers.setdefault(border, set()).add(block)
        self.answers: dict[int, dict[Open, object]] = {}
        """Block -> what was asked of it, or of it and of what it reads, and answered."""
        self.exposed: set[int] = set()
        """Blocks whose values were looked at."""
        self.unequal: set[tuple[int, Open]] = set()
        """Class of blocks, and what none of them may have in common with another block that is named here."""
        self._note(smaller.journal)

    def _note(self, journal: Journal) -> None:
        for term in journal.terms:
            blocks = self._blocks[term] = self._blocks_of(term)
            for owner in self._owning(blocks):
                self._open[owner, term] = self._opened(owner, term)
        for term in journal.exposed:
            self.exposed.update(self._owned(term))
        for term, answer in journal.answers.items():
            owners = self._owning(self._blocks[term])
            for owner in owners:
                self.answers.setdefault(owner, {})[self._open[owner, term]] = answer
            if not owners:
                self._note_strangers(term, answer)

    def number(self, block: int, number: FollowedNumber) -> Open:
        """A number that is said of a block. Raises NotTold."""
        found = self._open.get((block, number.term))
        if found is None:
            raise NotTold
        return found

    def worked_out(self, wanted: Iterable[Open], twins: Sequence[int]) -> Mapping[Open, Sequence[Any]]:
        """What some terms come to for each of some blocks that look alike."""
        terms = list(wanted)
        found: dict[Open, list[Any]] = {term: [] for term in terms}
        step = max(1, _AT_ONCE // max(1, self._bytes(terms, twins[0]))) if twins else 1
        for at in range(0, len(twins), step):
            columns = self._worked_out(terms, twins[at : at + step])
            for term, column in found.items():
                column += columns[term]
        return found

    def _bytes(self, wanted: list[Open], twin: int) -> int:
        """Bytes of the constants of a block that some terms are about."""
        constants: set[Constant] = set()
        pending, seen = list(wanted), set(wanted)
        while pending:
            function, operands, _ = self._made[pending.pop().number]
            if function is None:
                constants.add(operands[0])
            below = set(_within(operands, Open)) - seen
            seen |= below
            pending += below
        tensors = (self._constant(constant, twin) for constant in constants)
        return sum(tensor.nbytes for tensor in tensors if isinstance(tensor, Tensor))

    def _worked_out(self, wanted: list[Open], twins: Sequence[int]) -> Mapping[Open, Sequence[Any]]:
        found: dict[Open, Sequence[Any]] = {}
        pending = list(wanted)
        while pending:
            term = pending[-1]
            function, operands, options = self._made[term.number]
            missing = [one for one in _within(operands, Open) if one not in found]
            if term in found or missing:
                pending.pop() if term in found else pending.extend(missing)
                continue
            if function is None:
                found[term] = [self._constant(operands[0], twin) for twin in twins]
            else:
                columns = [_column(operand, found, len(twins)) for operand in operands]
                found[term] = _each(function, columns, options)
        return found

    def _note_strangers(self, term: Term, answer: object) -> None:
        """Blocks that do not read each other may be found unequal: then no two of their twins may be equal."""
        if (term.function, answer) not in ((operator.eq, False), (operator.ne, True)):
            raise NotTold
        for operand in term.operands:
            blocks = self._blocks[operand] if isinstance(operand, Term) else frozenset()
            if len(blocks) != 1:
                raise NotTold
            (block,) = blocks
            self.unequal.add((self._smaller.classes.of_block[block], self._open[block, operand]))

    def _blocks_of(self, term: Term) -> frozenset[int]:
        if term.function is None:
            return frozenset({int(self._smaller.blocks.of_node[term.operands[0]])})
        return frozenset().union(*(self._blocks[one] for one in _within(term.operands, Term)))

    def _owning(self, blocks: frozenset[int]) -> tuple[int, ...]:
        """The blocks that are these, or read these."""
        if blocks not in self._owners:
            near = [{block, *self._readers.get(block, ())} for block in blocks]
            self._owners[blocks] = tuple(sorted(set.intersection(*near)))
        return self._owners[blocks]

    def _owned(self, term: Term) -> tuple[int, ...]:
        owners = self._owning(self._blocks[term])
        if not owners:
            raise NotTold
        return owners

    def _borders(self, block: int) -> list[int]:
        """The blocks of the borders that a block reads in the smaller graph."""
        smaller = self._smaller
        sources = smaller.blocks.sources[block]
        return [int(smaller.blocks.of_node[smaller.moved.get(source, source)]) for source in sources]

    def _opened(self, owner: int, term: Term) -> Open:
        def opened(operand: Any) -> Any:
            if isinstance(operand, Term):
                return self._open[owner, operand]
            return rebuilt(operand, opened) if isinstance(operand, tuple) else operand

        if term.function is None:
            node = term.operands[0]
            block, place = (
                int(column[node]) for column in (self._smaller.blocks.of_node, self._smaller.blocks.place)
            )
            border = OWN if block == owner else self._borders(owner).index(block)
            operands: tuple[Any, ...] = (Constant(border, place),)
        else:
            operands = tuple(map(opened, term.operands))
        key = term.function, tuple(map(spelled, operands)), term.options
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Open(len(self._made))
            self._made.append((term.function, operands, dict(term.options)))
        return found

    def _constant(self, wanted: Constant, twin: int) -> Tensor | Failed:
        blocks, whole = self._smaller.blocks, self._smaller.whole
        if wanted.border != OWN:
            twin = int(blocks.of_node[blocks.sources[twin][wanted.border]])
        node = whole[whole.columns.names[int(blocks.nodes[blocks.starts[twin] + wanted.place])]]
        tensor = node.tensor()
        return FAILED if tensor is None else tensor


def _within(operand: Any, wanted: type[T]) -> Iterable[T]:
    """What there is of that type in an operand, or in its tuples."""
    if isinstance(operand, wanted):
        yield operand
    elif isinstance(operand, tuple):
        for one in operand:
            yield from _within(one, wanted)


def _column(operand: Any, found: Mapping[Open, Sequence[Any]], count: int) -> Iterable[Any]:
    if isinstance(operand, Open):
        return found[operand]
    if isinstance(operand, tuple) and next(iter(_within(operand, Open)), None) is not None:
        rows = zip(*(_column(one, found, count) for one in operand), strict=False)
        return (type(operand)(*row) for row in rows) if hasattr(operand, "_fields") else rows
    return repeat(operand, count)


def _each(
    function: Callable[..., Any], columns: list[Iterable[Any]], options: dict[str, object]
) -> list[Any]:
    return [_called(function, row, options) for row in zip(*columns, strict=True)]


def _called(function: Callable[..., Any], row: tuple[Any, ...], options: dict[str, object]) -> Any:
    if any(one is FAILED or (isinstance(one, tuple) and FAILED in one) for one in row):
        return FAILED
    try:
        return function(*row, **options)
    except _FAILURES:
        return FAILED
