"""The converter models against what six real converters did with every graph of fixtures/corpus."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from minmax_lint.api import lint
from tests.corpus.scoring import Score
from tests.profiles import RECORDED

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"
SCORED = tuple(RECORDED)
MIN_CASES = 300
EXCEPTIONS: dict[str, dict[str, str]] = {}
"""Profile -> case -> why the model differs from the converter there. None today."""


@cache
def _cases() -> list[dict[str, Any]]:
    with (CORPUS / "cases.jsonl").open() as lines:
        return [json.loads(line) for line in lines]


@cache
def _score(profile: str) -> Score:
    score = Score()
    for case in _cases():
        expected = case["expected"][profile]
        if expected.get("unstable"):
            continue
        path = CORPUS / case["graph"]
        report = lint(path, inputs=case["inputs"], outputs=case["outputs"], converters=[profile])
        score.add(case["id"], expected, report.predictions[profile])
    return score


def test_the_corpus_is_large_and_complete() -> None:
    cases = _cases()
    assert len(cases) >= MIN_CASES
    assert len({case["id"] for case in cases}) == len(cases)
    assert all(case["expected"].keys() == RECORDED.keys() for case in cases)
    assert {case["graph"] for case in cases} == {f"graphs/{p.name}" for p in CORPUS.glob("graphs/*.pb")}


@pytest.mark.parametrize("profile", SCORED)
def test_every_verdict_kind_array_and_float_op_is_the_converters_own(profile: str) -> None:
    score = _score(profile)
    assert set(score.wrong) == set(EXCEPTIONS.get(profile, {}))
    assert score.right == score.cases - len(EXCEPTIONS.get(profile, {}))


@pytest.mark.parametrize("profile", SCORED)
def test_what_converts_to_an_integer_model_raises_no_alarm(profile: str) -> None:
    assert not _score(profile).false_alarms


@pytest.mark.parametrize("profile", RECORDED)
def test_every_model_answers_on_every_graph(profile: str) -> None:
    assert _score(profile).cases >= MIN_CASES
