"""Whether the blocks that are left out would have answered as those that stand for them did."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from minmax_lint.repetition.condensed import Condensed
from minmax_lint.repetition.questions import FAILED, Open, Questions
from minmax_lint.repetition.told import NotTold

Answers = Mapping[Open, object]


def answering_otherwise(
    smaller: Condensed, questions: Questions, deviating: Collection[int]
) -> Mapping[int, object]:
    """Block that must not be told of its twins -> what tells it from them.

    `deviating`: blocks of which something else was said than of most of their twins. Raises NotTold where
    nothing can be said of the twins of a class.
    """
    _check_unequal(smaller, questions)
    found: dict[int, object] = {}
    for twins in smaller.classes.twins.values():
        left_out = [block for block in twins if block not in smaller.staying]
        if left_out:
            speaking = [block for block in twins if block in smaller.staying and block not in deviating]
            if not speaking or not questions.exposed.isdisjoint(speaking):
                raise NotTold
            found |= _otherwise(questions, [questions.answers.get(block, {}) for block in speaking], left_out)
    for block in smaller.staying:
        moved = [source for source in smaller.blocks.sources[block] if source in smaller.moved]
        answers = questions.answers.get(block, {})
        if moved and any(True for _ in _otherwise(questions, [answers], [block])):
            found |= {origin: origin for origin in (int(smaller.blocks.of_node[source]) for source in moved)}
    return found


def _check_unequal(smaller: Condensed, questions: Questions) -> None:
    """That no two blocks have in common what was found unequal of some. Raises NotTold."""
    values: list[object] = []
    for number, question in questions.unequal:
        values += questions.worked_out([question], smaller.classes.twins[number])[question]
    if FAILED in values or len(set(values)) < len(values):
        raise NotTold


def _otherwise(
    questions: Questions, answers: list[Answers], twins: list[int]
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Those of the twins that answer as none of the blocks did, with what they answer."""
    # Who was asked less was asked after an abort, say: that is no reason to ask the twins less.
    asked_most = [one for one in answers if not any(one.keys() < other.keys() for other in answers)]
    wanted = sorted({question for one in asked_most for question in one})
    columns = questions.worked_out(wanted, twins)
    expected = {tuple(one.items()) for one in asked_most}
    for at, twin in enumerate(twins):
        if not any(all(columns[question][at] == answer for question, answer in one) for one in expected):
            yield twin, tuple(columns[question][at] for question in wanted)
