"""What the models of converters asked of a graph's constants while they predicted it, and what they learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from minmax_lint.graph.tensor import Tensor


class Term:
    """A value as it was made: by `function` of `operands`, among which terms are; or a constant of the graph."""

    __slots__ = ("function", "operands", "options", "rank")

    def __init__(
        self,
        rank: int,
        function: Callable[..., Any] | None,
        operands: tuple[Any, ...],
        options: tuple[tuple[str, object], ...] = (),
    ) -> None:
        self.rank = rank
        """Higher than that of all terms it is made of."""
        self.function = function
        """None for a constant; its only operand is then the node's place in the file."""
        self.operands = operands
        self.options = options


class Kind(NamedTuple):
    """What a value is but for its numbers."""

    type: type[Any]
    details: object = None


def kind_of(value: object) -> Kind:
    """Type, shape and stored size of a tensor, length of a tuple."""
    if isinstance(value, Tensor):
        return Kind(Tensor, (value.dtype, value.shape, value.known, value.nbytes))
    return Kind(type(value), len(value) if isinstance(value, tuple) else None)


class Journal:
    """Terms in the order of their making; answers, which decided something; and values that got out of sight."""

    def __init__(self) -> None:
        self.terms: list[Term] = []
        self.answers: dict[Term, object] = {}
        """Term -> what it came to: a truth value, or a kind."""
        self.exposed: set[Term] = set()
        """Terms whose numbers somebody has seen who does not follow them."""
        self.asked = 0
        """How often anybody asked anything."""
        self._known: dict[object, Term] = {}

    def leaf(self, node: int) -> Term:
        """The term of a constant, by its place in the file."""
        return self._term(None, (node,), ())

    def passed(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], options: Mapping[str, object]
    ) -> Any:
        """What a function makes of followed values: a truth value, or a value to be followed."""
        from minmax_lint.repetition.followed import followed, plain, term_of

        self.asked += 1
        value = function(*map(plain, arguments), **options)
        term = self._term(function, tuple(map(term_of, arguments)), tuple(sorted(options.items())))
        if not isinstance(value, (int, float)):
            self.answers[self._term(kind_of, (term,), ())] = kind_of(value)
        return followed(self, term, value)

    def item(self, term: Term, place: int) -> Term:
        """The term of one element of a tuple."""
        return self._term(_item, (term, place), ())

    def expose(self, term: Term) -> None:
        """Note that the value itself is looked at."""
        self.asked += 1
        self.exposed.add(term)

    def __iter__(self) -> Iterator[Term]:
        return iter(self.terms)

    def _term(
        self,
        function: Callable[..., Any] | None,
        operands: tuple[Any, ...],
        options: tuple[tuple[str, object], ...],
    ) -> Term:
        key = function, tuple(map(spelled, operands)), options
        term = self._known.get(key)
        if term is None:
            term = self._known[key] = Term(len(self.terms), function, operands, options)
            self.terms.append(term)
        return term


def spelled(operand: Any) -> object:
    """An operand as something that equals what says the same."""
    if isinstance(operand, tuple):
        return type(operand), tuple(map(spelled, operand))
    if isinstance(operand, Mapping):
        return tuple(sorted((key, repr(value)) for key, value in operand.items()))
    if isinstance(operand, Tensor):
        return operand.hint(), bytes(operand.content or b"")
    # 1, 1.0 and True are equal, and 0.0 and -0.0.
    return (type(operand), repr(operand)) if isinstance(operand, (int, float)) else operand


def _item(value: tuple[Any, ...], place: int) -> Any:
    return value[place]
