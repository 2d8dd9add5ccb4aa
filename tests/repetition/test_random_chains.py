"""What is told from the smaller graph is what the whole graph would have said."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any

import pytest

from minmax_lint import linting
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import profiles
from minmax_lint.loaders.model import Model
from minmax_lint.predicting import subject_by_repetition
from minmax_lint.report import Report
from tests.repetition.random_chains import CHANNELS, random_chain

PROFILES = ("toco", "mlir-2.15", "mlir", "mlir-v2")


@cache
def both_reports(seed: int, vary: str = "", from_bytes: bool = True) -> tuple[Report, Report | None]:
    """The report on a random chain, and the one told from a smaller graph."""
    graph, outputs = random_chain(seed, vary=vary, from_bytes=from_bytes)
    model, inputs, chosen = Model(None, "graphdef", graph), {"input": None}, profiles(PROFILES)
    whole = linting.lint_model(model, inputs, outputs, chosen, path="x")
    told = subject_by_repetition(model, inputs, outputs, chosen, ())
    return whole, told and _report(model, {"input": None}, outputs, told)


def _report(model: Model, inputs: Any, outputs: tuple[str, ...], told: tuple[Any, Any]) -> Report:
    return linting.report_on(told[0], model, inputs, outputs, path="x", findings=linting.findings_on(*told))


def differences(whole: Report, told: Report) -> list[str]:
    """What the reports say differently; the order of ops is left open, and which of equal constants stays."""
    found = [] if whole.findings == told.findings else ["findings"]
    for name, prediction in whole.predictions.items():
        other = told.predictions[name]
        found += [f"{name} {key}" for key, value in _said(prediction).items() if _said(other)[key] != value]
    return found


def _said(prediction: Prediction) -> dict[str, Any]:
    said = {field.name: getattr(prediction, field.name) for field in fields(prediction)}
    shares = ("computing", "macs", "integer_share", "integer_mac_share")
    return said | {
        "ops": sorted(str(op) for op in prediction.ops if op.computes),
        "obstacles": sorted(map(str, prediction.obstacles)),
        "float_ops": sorted(prediction.float_ops),
        "ranges": {k: str(v) for k, v in (prediction.ranges or {}).items() if "weights" not in k},
        **{key: getattr(prediction, key) for key in shares},
    }


@pytest.mark.parametrize("vary", ["", "weights", "ranges", "weights ranges"])
@pytest.mark.parametrize("seed", range(10))
def test_smaller_graph_says_what_the_whole_one_says(seed: int, vary: str) -> None:
    whole, told = both_reports(seed, vary)
    assert told is None or differences(whole, told) == []


@pytest.mark.parametrize("vary", ["", "weights ranges"])
@pytest.mark.parametrize("seed", range(3))
def test_it_does_not_matter_who_tells_that_nodes_are_alike(seed: int, vary: str) -> None:
    read, decoded = both_reports(seed, vary)[1], both_reports(seed, vary, from_bytes=False)[1]
    assert (read is None) == (decoded is None)
    assert read is None or decoded is None or differences(read, decoded) == []


@pytest.mark.parametrize(("vary", "least"), [("", 3), ("weights", 3), ("ranges", 2)])
def test_many_chains_of_sound_blocks_are_told_from_a_smaller_graph(vary: str, least: int) -> None:
    told = [both_reports(seed, vary)[1] is not None for seed in range(10)]
    assert sum(told) >= least


def test_names_that_are_not_there_and_damaged_nodes_are_left_to_the_whole_graph() -> None:
    graph, outputs = random_chain(1)
    model, chosen = Model(None, "graphdef", graph), profiles(PROFILES)
    assert subject_by_repetition(model, {"inptu": None}, outputs, chosen, ()) is None
    assert subject_by_repetition(model, {"input": None}, ("otuput",), chosen, ()) is None


def test_inputs_can_be_spelled_with_their_port() -> None:
    graph, outputs = random_chain(1)
    model, chosen = Model(None, "graphdef", graph), profiles(PROFILES)
    told = subject_by_repetition(model, {"input:0": (1, 4, 4, CHANNELS)}, outputs, chosen, ())
    assert told is not None
    assert _report(model, {"input:0": None}, outputs, told).findings == both_reports(1)[0].findings
