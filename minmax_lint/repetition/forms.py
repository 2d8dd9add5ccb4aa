"""What is said of one block, with its names and numbers left open: to be said of its twins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import repeat
from typing import Any, NamedTuple

from minmax_lint.repetition.followed import FollowedNumber
from minmax_lint.repetition.questions import Open


class Phrase(NamedTuple):
    """A text with names left open: a number stands for a name of the block."""

    parts: tuple[str | int, ...]


class Record(NamedTuple):
    """A dataclass or tuple with fields that have names left open."""

    type: type[Any]
    values: tuple[Any, ...]


class Names:
    """The names that a block's things may mention, each with its number.

    `opened` leaves a number open that follows from the block's constants.
    """

    def __init__(self, numbers: Mapping[str, int], opened: Callable[[FollowedNumber], Open]) -> None:
        self._numbers = numbers
        self._opened = opened
        longest_first = sorted(numbers, key=len, reverse=True)
        self._pattern = re.compile(
            r"(?<![\w./\\>-])(" + "|".join(map(re.escape, longest_first)) + r")(?![\w/\\>-]|\.\w)"
        )

    def form(self, thing: Any) -> Any:
        """The thing with the block's names left open; the thing itself where it mentions none."""
        if isinstance(thing, str):
            return self._phrase(thing)
        if isinstance(thing, FollowedNumber):
            return self._opened(thing)
        if is_dataclass(thing) and not isinstance(thing, type):
            values = tuple(self.form(getattr(thing, field.name)) for field in fields(thing))
            return Record(type(thing), values) if _varies(values) else thing
        if isinstance(thing, tuple):
            values = tuple(map(self.form, thing))
            return Record(type(thing), values) if _varies(values) else thing
        return thing

    def mentioned(self, thing: Any) -> set[int]:
        """The numbers of the names that a thing mentions."""
        return open_numbers(self.form(thing))

    def _phrase(self, text: str) -> str | Phrase:
        number = self._numbers.get(text)
        if number is not None:
            return Phrase((number,))
        pieces = self._pattern.split(text)
        if len(pieces) == 1:
            return text
        return Phrase(tuple(self._numbers[one] if at % 2 else one for at, one in enumerate(pieces) if one))


def filled(form: Any, columns: Mapping[int | Open, Sequence[Any]]) -> Iterable[Any]:
    """The form with names and numbers put in, once for each row: columns[n] has the names of number n.

    A form that leaves nothing open comes without end.
    """
    if isinstance(form, Open):
        return columns[form]
    if isinstance(form, Phrase):
        return _phrases(form.parts, columns)
    if not isinstance(form, Record):
        return repeat(form)
    values = [filled(value, columns) for value in form.values]
    if issubclass(form.type, tuple):
        return zip(*values, strict=False) if form.type is tuple else map(form.type, *values)
    return _objects(form.type, values)


def _phrases(parts: tuple[str | int, ...], columns: Mapping[int | Open, Sequence[Any]]) -> Iterable[str]:
    pieces = [columns[one] if isinstance(one, int) else repeat(one) for one in parts]
    return pieces[0] if len(pieces) == 1 else map("".join, zip(*pieces, strict=False))


def _objects(made_type: type[Any], values: Sequence[Iterable[Any]]) -> Iterator[Any]:
    """Dataclasses, made as `copy` does without their `__init__`: a million are made of a large graph."""
    keys, new = [field.name for field in fields(made_type)], object.__new__
    for row in zip(*values, strict=False):
        made = new(made_type)
        made.__dict__.update(zip(keys, row, strict=True))
        yield made


def open_numbers(form: Any) -> set[int]:
    """The numbers of the names that a form leaves open."""
    if isinstance(form, Phrase):
        return {part for part in form.parts if isinstance(part, int)}
    if isinstance(form, Record):
        return {number for value in form.values for number in open_numbers(value)}
    return set()


def open_values(form: Any) -> set[Open]:
    """The numbers that follow from constants and that a form leaves open."""
    if isinstance(form, Open):
        return {form}
    if isinstance(form, Record):
        return {number for value in form.values for number in open_values(value)}
    return set()


def _varies(values: tuple[Any, ...]) -> bool:
    return any(isinstance(value, (Phrase, Record, Open)) for value in values)
