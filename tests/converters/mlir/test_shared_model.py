"""What several calls of one version share is worked out once, and changes no answer."""

from collections.abc import Callable

import pytest

from minmax_lint.converters.mlir import function
from minmax_lint.converters.predict import predict
from minmax_lint.converters.profile import PROFILES
from minmax_lint.graph.build import Builder
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from tests.converters import mechanisms

CALLS = ("v2", "int8", "16x8", "16x8-fallback", "dynamic", "float16")
GRAPHS = [
    mechanisms.trained_output,
    mechanisms.raw_reader,
    mechanisms.fixed_range,
    mechanisms.range_through_reshapes,
]


def inference(graph: Callable[[Builder], str]) -> Inference:
    b = Builder()
    output = graph(b)
    return Inference(trace(b.graph(), ["input"], [output]), {})


@pytest.mark.parametrize("version", ["2.12", "2.15", "2.21"])
@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.__name__)
def test_each_call_answers_as_if_it_were_alone(graph: Callable[[Builder], str], version: str) -> None:
    together = inference(graph)
    together.memo = {}
    for call in CALLS:
        alone = inference(graph)
        profile = PROFILES[f"mlir-{version}-{call}"]
        assert predict(together.kept, together, profile) == predict(alone.kept, alone, profile)


def test_the_float_model_is_made_once_a_version_and_a_width_of_activations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    monkeypatch.setattr(
        function, "float_model", lambda *given, real=function.float_model: made.append(1) or real(*given)
    )
    found = inference(mechanisms.trained_output)
    found.memo = {}
    for version in ("2.15", "2.21"):
        for call in CALLS:
            predict(found.kept, found, PROFILES[f"mlir-{version}-{call}"])
    assert len(made) == 4
