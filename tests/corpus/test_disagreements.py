"""Graphs on which a model once disagreed with its converter: `python -m tests.differential` shrinks and keeps them."""

import json
from pathlib import Path

import pytest

import minmax_lint
from tests.corpus.scoring import detail_right

CASES = sorted((Path(__file__).parents[2] / "fixtures" / "disagreements").glob("*/case.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_the_model_follows_its_converter_now(path: Path) -> None:
    case = json.loads(path.read_text())
    expected = case["expected"]
    report = minmax_lint.lint(
        path.with_name(case["graph"]),
        inputs=case["inputs"],
        outputs=case["outputs"],
        converters=list(expected),
    )
    found = report.predictions
    assert {name: detail_right(real, found[name]) for name, real in expected.items()} == dict.fromkeys(
        expected, True
    )
