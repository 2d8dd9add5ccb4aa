"""The models of post-training quantization against what TensorFlow 2.15 and 2.21 made of every graph of
fixtures/corpus_post_training."""

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from minmax_lint.api import lint
from tests.corpus.scoring import Score

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus_post_training"
MIN_CASES = {"int8": 300, "16x8-fallback": 300, "16x8": 30, "dynamic": 30, "float16": 30}
"""How the converter is called -> how many graphs it was called with, at least."""
PROFILES = tuple(f"mlir-{version}-{call}" for version in ("2.15", "2.21") for call in MIN_CASES)
_DIVISION = {"random-00222": "FLOOR_DIV divides a sample by 0, and calibration ends there"}
_INFINITE = {"random-00000": "a sample gives infinity, which has no scale: the process ends"}
_NO_NUMBERS = {"random-00151": "the calibration finds no range for the result of FULLY_CONNECTED"}
EXCEPTIONS: dict[str, dict[str, str]] = {
    **{f"mlir-{version}-int8": _DIVISION | _INFINITE for version in ("2.15", "2.21")},
    **{f"mlir-{version}-16x8-fallback": _DIVISION | _NO_NUMBERS for version in ("2.15", "2.21")},
}
"""Profile -> case -> why the model differs from the converter there: the samples decide, which no model sees."""


@cache
def _cases() -> list[dict[str, Any]]:
    with (CORPUS / "cases.jsonl").open() as lines:
        return [json.loads(line) for line in lines]


@cache
def _scores() -> dict[str, Score]:
    scores: dict[str, Score] = defaultdict(Score)
    for case in _cases():
        path, expected = CORPUS / case["graph"], case["expected"]
        report = lint(path, inputs=case["inputs"], outputs=case["outputs"], converters=list(expected))
        for profile, answer in expected.items():
            scores[profile].add(case["id"], answer, report.predictions[profile])
    return scores


def test_the_corpus_is_complete() -> None:
    cases = _cases()
    assert len({case["id"] for case in cases}) == len(cases)
    assert {case["graph"] for case in cases} == {f"graphs/{p.name}" for p in CORPUS.glob("graphs/*.pb")}
    assert _scores().keys() == set(PROFILES)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_verdict_kind_array_and_float_op_is_the_converters_own(profile: str) -> None:
    score = _scores()[profile]
    assert score.cases >= MIN_CASES[profile.split("-", 2)[2]]
    assert set(score.wrong) == set(EXCEPTIONS.get(profile, {}))
