"""The separating graphs: what one TensorFlow does and another does not, by the real converters and by the models."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from minmax_lint.converters.mlir.behaviours import (
    DIVIDES_EIGHT_BITS,
    LEAVES_REPEATED_BIASES_FLOAT,
    QUANTIZE_MEAN_RESULT,
)
from minmax_lint.converters.mlir.version import FIRST, LAST
from minmax_lint.converters.predict import predict
from minmax_lint.converters.profile import PROFILES
from minmax_lint.converters.releases import Number
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from tests.interpreters import tensorflow
from tests.versions.measure import answers
from tests.versions.separating import Separating, separating

CHANGING = {one.name: one for one in separating() if one.changes}


def outcome(graph: Separating, version: Number, flow: str) -> object:
    found, output = graph.built()
    kept = trace(found, ["input"], [output])
    profile = replace(PROFILES["mlir-2.21-v2" if flow else "mlir-2.21"], version=version)
    said = predict(kept, Inference(kept, {}), profile)
    return (
        said.verdict,
        said.kind,
        said.message if said.kind else "",
        Counter((op.op, op.integer) for op in said.ops),
    )


def edges(graph: Separating) -> list[tuple[Number, Number]]:
    """The neighbouring versions between which a pattern or behaviour comes or goes."""
    bounds = graph.bounds
    found = []
    if bounds is not None and bounds.since > FIRST:
        found.append(((2, bounds.since[1] - 1), bounds.since))
    if bounds is not None and bounds.until < LAST:
        found.append((bounds.until, (2, bounds.until[1] + 1)))
    return found


@pytest.mark.parametrize(
    "behaviour",
    [QUANTIZE_MEAN_RESULT, LEAVES_REPEATED_BIASES_FLOAT, DIVIDES_EIGHT_BITS],
    ids=lambda one: one.name,
)
def test_the_example_of_a_behaviour_changes_where_the_behaviour_does(behaviour: object) -> None:
    (graph,) = [one for one in CHANGING.values() if one.bounds is behaviour]
    for before, behind in edges(graph):
        assert outcome(graph, before, "") != outcome(graph, behind, "")


@pytest.mark.parametrize("version", ["2.15", "2.18", "2.21"])
def test_the_real_converter_does_with_every_separating_graph_what_its_profiles_say(version: str) -> None:
    found = answers(tensorflow(version), version, CHANGING.values(), ("", "v2"))
    wrong = {
        (one.graph.name, one.profile.name): (one.real, one.predicted()) for one in found if not one.agrees
    }
    assert wrong == {}
