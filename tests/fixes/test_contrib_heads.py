"""Every head of the corpus whose FakeQuant hangs behind the output: found, fixed by default, converted to integers.

These are what `tf.contrib.quantize` makes of models that end in an activation: the case this tool started from.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import minmax_lint
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.report.report import Report
from minmax_lint.writers.graphdef import encode
from tests.differential.batch import Asked, answers_of
from tests.fixes.test_corpus import CONVERTERS, CORPUS, PROFILES


class Head(NamedTuple):
    """A head as contrib.quantize left it, neither guarded nor a training graph."""

    case: dict[str, Any]
    report: Report

    @property
    def named(self) -> frozenset[str]:
        """The outputs that MM101 says are errors."""
        found = [f.array for f in self.report.findings if f.code == "MM101" and f.severity == "error"]
        return frozenset(array for array in found if array is not None)

    @property
    def blamed(self) -> str | None:
        """The array that real TOCO names, where it is an output and a FakeQuant outside reads it."""
        array = self.case["expected"]["toco-2.15"].get("array")
        if array not in self.report.outputs:
            return None
        readers = {self.report.trace.graph.op(use.node) for use in self.report.trace.outside(array)}
        return array if any(op.startswith("FakeQuant") for op in readers) else None


@cache
def heads(corpus: Path = CORPUS) -> tuple[Head, ...]:
    """All of them, linted."""
    cases = map(json.loads, (corpus / "cases.jsonl").read_text().splitlines())
    return tuple(
        Head(case, minmax_lint.lint(corpus / case["graph"], case["inputs"], case["outputs"], PROFILES))
        for case in cases
        if case["family"] == "heads" and not case["id"].endswith(("-guard", "-train"))
    )


@cache
def patches() -> tuple[tuple[Head, Patch], ...]:
    """What `minmax-lint fix` makes of those with the defect: nothing unsafe, nothing calibrated."""
    return tuple(
        (
            head,
            minmax_lint.fix(
                CORPUS / head.case["graph"], head.case["inputs"], head.case["outputs"], converters=PROFILES
            ),
        )
        for head in heads()
        if head.named
    )


def test_each_is_found_and_no_other() -> None:
    blamed = {head.case["id"]: {head.blamed} for head in heads() if head.blamed is not None}
    crashed = [
        head for head in heads() if "signal 11" in head.case["expected"]["toco-2.15"].get("message", "")
    ]
    named = {head.case["id"]: head.named for head in heads() if head.named and head not in crashed}
    assert len(named) > 30
    assert named == blamed


def test_each_is_gone_once_fixed_and_the_outputs_keep_their_names() -> None:
    for head, patch in patches():
        assert patch.safe
        assert tuple(patch.outputs) == tuple(head.report.outputs)
        assert not [finding for finding in patch.after.findings if finding.code == "MM101"]


@pytest.mark.parametrize("profile", PROFILES)
def test_each_converts_once_fixed_unless_another_array_lacks_its_range(profile: str) -> None:
    chosen = patches() if profile == "toco-2.15" else patches()[PROFILES.index(profile) - 1 :: 2]
    asked = [
        Asked(profile, encode(patch.graph), head.case["inputs"], patch.outputs) for head, patch in chosen
    ]
    answers = answers_of(CONVERTERS[profile](), asked)
    verdicts = {head.case["id"]: answer["verdict"] for (head, _), answer in zip(chosen, answers, strict=True)}
    expected = {
        head.case["id"]: "float" if _has_gap(patch, profile) else "quantized" for head, patch in chosen
    }
    assert verdicts == expected
    assert list(verdicts.values()).count("quantized") > 15


def _has_gap(patch: Patch, profile: str) -> bool:
    """Whether a range is missing inside, which only the user's data can show."""
    return any(
        finding.code == "MM110" and finding.severity == "error" and profile in finding.profiles
        for finding in patch.after.findings
    )
