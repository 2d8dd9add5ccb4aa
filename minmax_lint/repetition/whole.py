"""Predictions and findings about the smaller graph, said of the whole graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from minmax_lint.converters.prediction import Prediction, float_message
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import Kept
from minmax_lint.repetition.answering import answering_otherwise
from minmax_lint.repetition.condensed import Condensed, condensed
from minmax_lint.repetition.cut import cut
from minmax_lint.repetition.journal import Journal
from minmax_lint.repetition.questions import Questions
from minmax_lint.repetition.telling import Telling
from minmax_lint.repetition.told import NotTold, Told
from minmax_lint.rules.finding import Finding
from minmax_lint.rules.rule import GatheringRule, Rule, rules
from minmax_lint.rules.subject import Subject

_ROUNDS = 8
"""How often blocks that answer otherwise than their twins are kept apart; ranges of all sorts need three."""


class OfWhole(NamedTuple):
    """What is said of the whole graph."""

    predictions: Mapping[str, Prediction]
    findings: Mapping[str, Sequence[Finding]]
    """Code of a rule -> its findings; without the rules that have to see the whole graph."""


def of_whole(
    graph: Graph,
    kept: Kept,
    input_shapes: Mapping[str, Shape | None],
    subject_of: Callable[[Graph], Subject],
) -> tuple[Subject, OfWhole] | None:
    """The subject that `subject_of` makes of a smaller graph, and what it says of the whole one.

    None where the graph hardly repeats itself, or it cannot be told from a smaller one.
    """
    pieces = cut(graph, kept)
    if pieces is None:
        return None
    apart: dict[int, object] = {}
    for _ in range(_ROUNDS):
        smaller = condensed(pieces, input_shapes, apart)
        if smaller is None:
            break
        subject = subject_of(smaller.graph)
        try:
            told = _told(smaller, subject)
        except NotTold:
            break
        if isinstance(told, OfWhole):
            return subject, told
        apart |= {block: (apart.get(block), word) for block, word in told.items()}
    return None


def _told(smaller: Condensed, subject: Subject) -> OfWhole | Mapping[int, object]:
    """What holds for the whole graph; or blocks that answer otherwise than their twins. Raises NotTold."""
    questions = Questions(smaller)
    telling = Telling(smaller, questions)
    predictions = {name: _prediction(telling, one) for name, one in subject.predictions.items()}
    otherwise = answering_otherwise(smaller, questions, telling.deviating)
    if otherwise:
        return otherwise
    findings: dict[str, Sequence[Finding]] = {}
    for rule in rules():
        if subject.about in rule.about:
            told = _findings(rule, telling, subject, smaller.journal)
            if told is not None:
                findings[rule.code] = told
    return OfWhole(predictions, findings)


def _findings(rule: Rule, telling: Telling, subject: Subject, journal: Journal) -> Sequence[Finding] | None:
    """None where twins differ, or where the rule looked at constants, which may differ."""
    asked = journal.asked
    unseen = replace(subject)  # what another rule has worked out of constants would not be asked for again
    try:
        if isinstance(rule, GatheringRule):
            gathered = telling.told(rule.gathered(unseen), lambda found: found.node)
            found: Sequence[Finding] = list(rule.told(unseen, gathered)) if journal.asked == asked else []
        else:
            found = telling.told(list(rule.check(unseen)), lambda finding: finding.place)
    except NotTold:
        return None
    return found if journal.asked == asked else None


def _prediction(telling: Telling, found: Prediction) -> Prediction:
    if found.verdict == "undetermined":
        raise NotTold
    obstacles = tuple(telling.told(found.obstacles, lambda one: one.array or one.node))
    float_ops = telling.told(found.float_ops, lambda pair: pair[1])
    ranges = None
    if found.ranges is not None:
        ranges = _Ranges(telling.told(list(found.ranges.items()), lambda pair: pair[0]))
    return replace(
        found,
        obstacles=obstacles,
        float_ops=float_ops,
        ops=telling.told(found.ops, lambda op: op.output),
        cpu_ops=tuple(telling.told(found.cpu_ops, lambda placement: placement.output)),
        ranges=ranges,
        message=float_message(obstacles, len(float_ops)) if found.verdict == "float" else found.message,
    )


class _Ranges(Mapping[str, tuple[float, float]]):
    """The ranges of the whole graph's arrays, told when somebody asks."""

    def __init__(self, told: Told[tuple[str, tuple[float, float]]]) -> None:
        self._told = told

    @cached_property
    def _found(self) -> dict[str, tuple[float, float]]:
        return dict(self._told)

    def __getitem__(self, array: str) -> tuple[float, float]:
        return self._found[array]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._told)
