"""Every transformation of TOCO on its own example: it fires, it matters, and the result is the real converter's."""

from collections.abc import Callable

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.converters.predict import predict
from minmax_lint.converters.profile import PROFILES
from minmax_lint.converters.toco import pipeline, schedule
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Operator
from minmax_lint.converters.toco.tables import Version, version_of
from minmax_lint.converters.toco.transformations.graph_transformation import Transformation
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference
from minmax_lint.writers.graphdef import encode
from tests.converters.predicted import predicted_of_kept
from tests.converters.toco.examples import EXAMPLES, UNOBSERVED
from tests.corpus.scoring import detail_right
from tests.differential.batch import Asked, answers_of
from tests.interpreters import tf215

PROFILE = PROFILES["toco-2.15"]
Wrapped = Callable[[Transformation], Transformation]
Table = Callable[[Version], dict[str, tuple[Transformation, ...]]]


def kept(name: str) -> Kept:
    net = Net()
    output = EXAMPLES[name](net)
    return trace(net.graph(), ["input"], [output])


@pytest.fixture
def result(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Wrapped], object]:
    """The prediction for an example and the operators in front of quantization, with its transformation wrapped."""
    tables, prepare = [schedule._by_type, schedule._hardcoding], pipeline.prepare

    def run(name: str, wrapped: Wrapped) -> object:
        seen: list[object] = []

        def rewired(table: Table) -> Table:
            return lambda version: {
                type: tuple(wrapped(one) if one.__name__ == name else one for one in found)
                for type, found in table(version).items()
            }

        def prepared(model: Model, version: Version) -> None:
            prepare(model, version)
            seen.extend(
                (op.type, op.inputs, op.outputs, op.activation, op.attrs.get("perm"))
                for op in model.operators()
            )

        for table in tables:
            monkeypatch.setattr(schedule, table.__name__, rewired(table))
        monkeypatch.setattr(pipeline, "prepare", prepared)
        example = kept(name)
        return predicted_of_kept(example, PROFILE), seen

    return run


def test_every_transformation_has_an_example_or_a_reason() -> None:
    tables = [schedule._by_type(version_of((2, 15))), schedule._hardcoding(version_of((2, 15)))]
    names = {one.__name__ for table in tables for found in table.values() for one in found}
    assert names == EXAMPLES.keys() | UNOBSERVED.keys()
    assert not EXAMPLES.keys() & UNOBSERVED.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_transformation_fires_and_without_it_its_example_becomes_something_else(
    name: str, result: Callable[[str, Wrapped], object]
) -> None:
    fired: list[bool] = []

    def spied(transformation: Transformation) -> Transformation:
        def spy(model: Model, op: Operator) -> bool:
            fired.append(transformation(model, op))
            return fired[-1]

        return spy

    with_it = result(name, spied)
    without = result(name, lambda transformation: lambda model, op: False)
    assert any(fired)
    assert with_it != without


def test_real_toco_makes_the_same_of_every_example() -> None:
    predicted, asked = {}, []
    for name in EXAMPLES:
        example = kept(name)
        inference = Inference(example, {})
        predicted[name] = predict(example, inference, PROFILE)
        shapes = {"input": inference.shape("input")}
        asked.append(Asked(PROFILE.name, encode(example.graph), shapes, example.outputs))
    answers = dict(zip(EXAMPLES, answers_of(tf215(), asked), strict=True))
    wrong = {
        name: (answers[name], found.verdict, found.kind, found.array, found.float_ops)
        for name, found in predicted.items()
        if not detail_right(answers[name], found)
    }
    assert wrong == {}
