"""Predictions and findings about the smaller graph, said of the whole graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from minmax_lint.converters.prediction import Prediction, float_message
from minmax_lint.repetition.condensed import Condensed
from minmax_lint.repetition.telling import NotTold, Telling
from minmax_lint.repetition.told import Told
from minmax_lint.rules.finding import Finding
from minmax_lint.rules.rule import GatheringRule, Rule, rules
from minmax_lint.rules.subject import Subject


def of_whole(
    smaller: Condensed, subject: Subject
) -> tuple[Mapping[str, Prediction], Sequence[Finding]] | None:
    """What the subject of the smaller graph says of the whole one: predictions and findings.

    None where that cannot be told from the smaller graph alone.
    """
    telling = Telling(smaller)
    try:
        predictions = {name: _prediction(telling, one) for name, one in subject.predictions.items()}
        findings = [
            finding
            for rule in rules()
            if subject.about in rule.about
            for finding in _findings(telling, rule, subject)
        ]
    except NotTold:
        return None
    return predictions, findings


def _findings(telling: Telling, rule: Rule, subject: Subject) -> Iterable[Finding]:
    if isinstance(rule, GatheringRule):
        gathered = telling.told(rule.gathered(subject), lambda found: found.node)
        return rule.told(subject, gathered)
    return telling.told(list(rule.check(subject)), lambda finding: finding.place)


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
