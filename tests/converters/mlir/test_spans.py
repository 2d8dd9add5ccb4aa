"""The versions that a prediction says it holds for do the same."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.bounds import FIRST, LAST, Bounds
from minmax_lint.converters.mlir.optimize.optimize_pass import PATTERNS
from minmax_lint.converters.mlir.pattern import Pattern
from minmax_lint.converters.mlir.version import Version
from minmax_lint.converters.predict import predict_alone
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import PROFILES
from minmax_lint.converters.releases import MODELLED
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference
from minmax_lint.rules.framework.model_subject import make_subject
from minmax_lint.workflows.opened import open_model

FIXTURES = Path(__file__).parents[3] / "fixtures"
GRAPHS = (
    *sorted((FIXTURES / "control_flow").glob("*.pb")),
    *sorted((FIXTURES / "disagreements").glob("*reshape*/graph.pb")),
    FIXTURES / "founding" / "eval-guarded-frozen.pb",
)
Predictions = Mapping[tuple[int, int], Prediction]


def predictions(kept: Kept, inference: Inference, call: str) -> Predictions:
    names = {number: f"mlir-{number[0]}.{number[1]}{call}" for number in MODELLED["mlir"]}
    return {number: predict_alone(kept, inference, PROFILES[name]) for number, name in names.items()}


def wrong(found: Predictions) -> list[str]:
    """Versions in the span of another that do not do what it does; NaN in a range is like NaN."""
    same = {number: repr(replace(one, profile="", versions=(FIRST, LAST))) for number, one in found.items()}
    return [
        f"{other} is not like {number}"
        for number, one in found.items()
        for other in found
        if one.versions[0] <= other <= one.versions[1] and same[other] != same[number]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("call", ["", "-v2", "-int8"])
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda one: one.name)
def test_the_example_of_a_pattern(pattern: Pattern, call: str) -> None:
    net = Net()
    output = pattern.before(net)
    kept = trace(net.graph(), ["input"], [output])
    assert wrong(predictions(kept, Inference(kept, {}), call)) == []


@pytest.mark.parametrize("call", ["", "-v2", "-int8", "-16x8-fallback"])
@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.parent.name + "-" + path.stem)
def test_every_version_in_the_span_of_an_answer_answers_the_same(path: Path, call: str) -> None:
    opened = open_model(path)
    subject = make_subject(opened.model, opened.ends.inputs, opened.ends.outputs, ())
    assert wrong(predictions(subject.kept, subject.inference, call)) == []


def test_every_version_is_in_its_own_span() -> None:
    net = Net()
    output = PATTERNS[0].before(net)
    kept = trace(net.graph(), ["input"], [output])
    found = predictions(kept, Inference(kept, {}), "")
    assert all(one.versions[0] <= number <= one.versions[1] for number, one in found.items())


@pytest.mark.parametrize(
    ("bounded", "span"),
    [
        (Bounds(since=(2, 15)), ((2, 15), LAST)),
        (Bounds(until=(2, 18)), (FIRST, (2, 18))),
        (Bounds(since=(2, 18)), (FIRST, (2, 17))),
        (Bounds(until=(2, 14)), ((2, 15), LAST)),
        (Bounds(), (FIRST, LAST)),
    ],
)
def test_a_question_narrows_the_span_to_the_versions_with_the_same_answer(
    bounded: Bounds, span: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    version = Version((2, 16))
    version.has(bounded)
    assert (version.span.first, version.span.last) == span


def test_a_question_about_an_op_narrows_the_span_of_the_version() -> None:
    version = Version((2, 21))
    assert "CONV_2D" in version.quantizable
    assert (version.span.first, version.span.last) == (FIRST, LAST)
    assert "SQRT" in version.quantizable
    assert (version.span.first, version.span.last) == ((2, 21), LAST)
