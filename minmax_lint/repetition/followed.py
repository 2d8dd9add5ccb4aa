"""Numbers and tensors that note what is asked of them.

They are no floats, so that nothing written in C can look past them: it has to ask for the float, which is noted.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from minmax_lint.graph.tensor import Scalar, Tensor
from minmax_lint.graph.values import Followed
from minmax_lint.repetition.journal import Journal, Term


def followed(journal: Journal, term: Term, value: Any) -> Any:
    """A value as one that is followed; None stays None, and so does a truth value, which is noted."""
    if isinstance(value, bool):
        journal.answers[term] = value
        return value
    if isinstance(value, Tensor):
        return FollowedTensor(journal, term, value)
    if isinstance(value, tuple):
        items = (followed(journal, journal.item(term, place), item) for place, item in enumerate(value))
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return None if value is None else FollowedNumber(journal, term, value)


def plain(argument: Any) -> Any:
    """An argument as it would be if nobody followed it."""
    if isinstance(argument, _Noted):
        return argument.plain
    if isinstance(argument, tuple):
        return rebuilt(argument, plain)
    return argument


def term_of(argument: Any) -> Any:
    """An argument as the operand of a term."""
    if isinstance(argument, _Noted):
        return argument.term
    return rebuilt(argument, term_of) if isinstance(argument, tuple) else argument


def rebuilt(items: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    """A tuple of the same type with every item changed; itself where none changes."""
    changed = [change(item) for item in items]
    if all(map(operator.is_, items, changed)):
        return items
    return type(items)(*changed) if hasattr(items, "_fields") else tuple(changed)


class _Noted(Followed):
    """What is passed to functions of values, with where that is noted."""

    __slots__ = ()

    journal: Journal
    term: Term
    plain: Any
    """The value itself."""

    def passed_to(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], options: Mapping[str, object]
    ) -> Any:
        """See `Followed`."""
        return self.journal.passed(function, arguments, options)


class FollowedTensor(Tensor, _Noted):
    """A constant that is followed, or what was computed from such."""

    __slots__ = ("journal", "plain", "term")

    plain: Tensor

    def __init__(self, journal: Journal, term: Term, tensor: Tensor) -> None:
        super().__init__(tensor.dtype, tensor.shape, tensor.content)
        self.known = tensor.known
        self.journal = journal
        self.term = term
        self.plain = tensor

    @property
    def content(self) -> bytes | memoryview | None:
        """The raw elements, which are then exposed."""
        self.journal.expose(self.term)
        return self.plain.content

    def values(self) -> tuple[Scalar, ...]:
        """All elements, which are then exposed."""
        self.journal.expose(self.term)
        return self.plain.values()

    def numpy(self) -> Any:
        """The value, which is then exposed."""
        self.journal.expose(self.term)
        return self.plain.numpy()

    def reals(self) -> tuple[float, ...]:
        """All elements, each of which is followed."""
        numbers: tuple[float, ...] = self.journal.passed(Tensor.reals, (self,), {})
        return numbers

    def real(self) -> float:
        """The single element, which is followed."""
        number: float = self.journal.passed(Tensor.real, (self,), {})
        return number

    def item(self) -> float | int | bool:
        """The single element, which is followed."""
        return self.real()

    def hint(self) -> object:
        """No other constant has the same values, as long as nothing is computed from them."""
        if self.term.function is not None:
            self.journal.expose(self.term)
            return self.plain.hint()
        return self.term

    def same_values(self, other: Tensor) -> bool:
        """Whether the other is this one, as hints are equal."""
        return self.hint() == other.hint() and (self.term.function is None or self.content == other.content)

    def __repr__(self) -> str:
        self.journal.expose(self.term)
        return repr(self.plain)


class FollowedNumber(_Noted):
    """A number that is followed: what is compared is noted, what is computed is followed in turn."""

    __slots__ = ("journal", "plain", "term")

    plain: float

    def __init__(self, journal: Journal, term: Term, value: float) -> None:
        self.journal = journal
        self.term = term
        self.plain = value

    def _exposed(self) -> float:
        self.journal.expose(self.term)
        return self.plain

    def __float__(self) -> float:
        return float(self._exposed())

    def __int__(self) -> int:
        return int(self._exposed())

    def __index__(self) -> int:
        return operator.index(self._exposed())  # type: ignore[arg-type] # raises TypeError as a float does

    def __hash__(self) -> int:
        return hash(self._exposed())

    def __repr__(self) -> str:
        return repr(self._exposed())

    def __format__(self, spec: str) -> str:
        return format(self._exposed(), spec)


def _follow(name: str, function: Callable[..., Any]) -> None:
    def method(self: FollowedNumber, *others: Any) -> Any:
        return self.journal.passed(function, (self, *others), {})

    setattr(FollowedNumber, name, method)


def _follow_reversed(name: str, function: Callable[..., Any]) -> None:
    def method(self: FollowedNumber, other: Any) -> Any:
        return self.journal.passed(function, (other, self), {})

    setattr(FollowedNumber, name, method)


for _name in ("lt", "le", "eq", "ne", "gt", "ge"):
    _follow(f"__{_name}__", getattr(operator, _name))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift"):
    _follow(f"__{_name}__", getattr(operator, _name))
    _follow_reversed(f"__r{_name}__", getattr(operator, _name))
for _name in ("neg", "pos", "abs"):
    _follow(f"__{_name}__", getattr(operator, _name))
for _name in ("trunc", "floor", "ceil"):
    _follow(f"__{_name}__", getattr(math, _name))
_follow("__round__", round)
_follow("__bool__", operator.truth)
