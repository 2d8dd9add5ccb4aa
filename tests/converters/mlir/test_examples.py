"""Every pattern and rule on its own example: it fires, it matters, and the result is the real converter's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.failure import ConversionError
from minmax_lint.converters.mlir.float_model import float_model
from minmax_lint.converters.mlir.legalize.explicit_broadcasting import apply_explicit_broadcasting
from minmax_lint.converters.mlir.legalize.flex_ops import verify_tfl_runtime_constraints
from minmax_lint.converters.mlir.legalize.rules import RULES
from minmax_lint.converters.mlir.optimize.optimize_pass import PATTERNS
from minmax_lint.converters.mlir.pattern import Pattern, by_root
from minmax_lint.converters.mlir.version import Version
from minmax_lint.converters.predict import predict
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import PROFILES, Profile
from minmax_lint.converters.releases import MODELLED, Number
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference
from minmax_lint.writers.graphdef import encode
from tests.converters.mlir.steps import STEPS
from tests.converters.predicted import predicted_of_kept
from tests.corpus.scoring import detail_right
from tests.differential.batch import Asked, answers_of
from tests.interpreters import tf215, tf221

ALL: tuple[Pattern[..., object], ...] = (
    *RULES,
    apply_explicit_broadcasting,
    verify_tfl_runtime_constraints,
    *PATTERNS,
    *STEPS,
)
BY_NAME = {one.name: one for one in ALL}


@cache
def kept(pattern: Pattern[..., object]) -> Kept:
    net = Net()
    output = pattern.before(net)
    return trace(net.graph(), ["input"], [output])


def predicted(pattern: Pattern[..., object], number: Number) -> Prediction:
    """The prediction for the example."""
    example = kept(pattern)
    return predicted_of_kept(example, Profile("mlir", "mlir", number, "tf1"))


def result(pattern: Pattern[..., object], number: Number) -> tuple[Prediction, list[tuple[str, ...]]]:
    """The prediction for the example, and the operations in front of quantization."""
    example, prediction = kept(pattern), predicted(pattern, number)
    try:
        function = float_model(example, Inference(example, {}), Version(number))
    except ConversionError as error:
        return prediction, [(error.message,)]
    return prediction, [(op.name, *(value.name for value in op.operands)) for op in function]


def written(prediction: Prediction) -> str:
    """The operations as `after` has them."""
    return " ".join(op.op + ("" if op.integer else "(float)") for op in prediction.ops if op.computes)


@contextmanager
def replaced(pattern: Pattern[..., object], rewrite: Callable[..., object]) -> Iterator[None]:
    """The pattern with another body."""
    own = pattern.rewrite
    object.__setattr__(pattern, "rewrite", rewrite)
    by_root.cache_clear()
    try:
        yield
    finally:
        object.__setattr__(pattern, "rewrite", own)
        by_root.cache_clear()


def fires(pattern: Pattern[..., object], number: Number) -> bool:
    own, seen = pattern.rewrite, list[object]()

    def spy(*args: object, **kwargs: object) -> object:
        try:
            seen.append(own(*args, **kwargs))
        except ConversionError as error:
            seen.append(error)
            raise
        return seen[-1]

    with replaced(pattern, spy):
        predicted(pattern, number)
    return any(seen) or (bool(seen) and not pattern.roots)


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(ALL)


@pytest.mark.parametrize("name", BY_NAME)
def test_pattern_fires_on_its_example_in_every_version_that_has_it(name: str) -> None:
    pattern = BY_NAME[name]
    having = [number for number in MODELLED["mlir"] if pattern.holds(number)]
    silent = [number for number in having if not fires(pattern, number)]
    assert not silent, (
        f"{name} does not fire in {silent}: what stands in front of it (optimize_pass.py, canonicalize.py)?"
    )


@pytest.mark.parametrize("name", BY_NAME)
def test_without_the_pattern_its_example_becomes_something_else(name: str) -> None:
    pattern = BY_NAME[name]
    having = [number for number in MODELLED["mlir"] if pattern.holds(number)]
    with_it = {number: result(pattern, number) for number in having}
    with replaced(pattern, lambda *args, **kwargs: None):
        without = {number: result(pattern, number) for number in having}
    assert [number for number in having if with_it[number] == without[number]] == []


@pytest.mark.parametrize("name", BY_NAME)
def test_example_becomes_what_the_pattern_says(name: str) -> None:
    pattern = BY_NAME[name]
    assert written(predicted(pattern, pattern.until)) == pattern.after


@pytest.mark.parametrize(("python", "version"), [(tf215, "2.15"), (tf221, "2.21")])
def test_the_real_converter_makes_the_same_of_every_example(python: Callable[[], Path], version: str) -> None:
    predictions, asked = {}, []
    for profile in (PROFILES[f"mlir-{version}"], PROFILES[f"mlir-{version}-v2"]):
        for name, pattern in BY_NAME.items():
            example = kept(pattern)
            shapes = {"input": Inference(example, {}).shape("input")}
            predictions[profile.name, name] = predict(example, Inference(example, shapes), profile)
            asked.append(Asked(profile.name, encode(example.graph), shapes, example.outputs))
    answers = dict(zip(predictions, answers_of(python(), asked), strict=True))
    wrong = {
        one: (answers[one], found.verdict, found.float_ops)
        for one, found in predictions.items()
        if not detail_right(answers[one], found)
    }
    assert wrong == {}
