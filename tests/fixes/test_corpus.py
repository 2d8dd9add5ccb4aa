"""The corpus, fixed: what a fix claims to heal is converted by the real converters, to integers throughout.

Calibration is simulated: every array that needs a range and has none gets one.
"""

import json
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import minmax_lint
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.writers.graphdef import encode
from tests.differential.batch import Asked, answers_of
from tests.interpreters import tf215, tf221

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"
PROFILES = ("toco-2.15", "mlir-2.15", "mlir-2.21")
CONVERTERS: dict[str, Callable[[], Path]] = {"toco-2.15": tf215, "mlir-2.15": tf215, "mlir-2.21": tf221}
REAL = 5
"""Every so manieth broken graph goes to the real converters, once fixed: a few seconds each."""
SHARE = 0.95
"""Of TOCO's `minmax` aborts, with unsafe fixes and ranges, while two MLIR converters must not fare worse."""
BEYOND_REPAIR = {
    "MM103": "an output is an input, or collapses into one",
    "MM401": "an op behind the missing range has no quantized form, and nothing else computes the same or nearly so",
    "MM402": "an op behind the missing range is a custom op",
    "MM904": "no output depends on an input",
}
"""Rules that say why no range helps."""


class Fixed(NamedTuple):
    """A case that a converter does not make an integer model of, and what a fix makes of it."""

    case: dict[str, Any]
    patch: Patch | None
    refused: str


@cache
def fixed(every: int = 1) -> tuple[Fixed, ...]:
    """Every so manieth of the broken cases."""
    broken = filter(_is_broken, map(json.loads, (CORPUS / "cases.jsonl").read_text().splitlines()))
    return tuple(_fixed(case) for case in islice(broken, 0, None, every))


def _is_broken(case: dict[str, Any]) -> bool:
    answers = [case["expected"][profile] for profile in PROFILES if profile in case["expected"]]
    stable = not any(answer.get("unstable") for answer in answers)
    return stable and any(answer["verdict"] != "quantized" for answer in answers)


def _fixed(case: dict[str, Any]) -> Fixed:
    try:
        patch = minmax_lint.fix(
            CORPUS / case["graph"],
            case["inputs"],
            case["outputs"],
            converters=PROFILES,
            unsafe=True,
            default_range=(-6.0, 6.0),
        )
    except minmax_lint.UserError as error:
        return Fixed(case, None, str(error))
    return Fixed(case, patch, "")


def converts(one: Fixed, profile: str) -> bool:
    """Whether there is a fixed graph that the profile's converter quantizes, by prediction."""
    if one.patch is None or one.patch.empty:
        return False
    return one.patch.after.predictions[profile].verdict == "quantized"


def missed_ranges() -> list[Fixed]:
    """The cases that TOCO aborts for a missing range."""
    return [one for one in fixed() if one.case["expected"]["toco-2.15"].get("kind") == "minmax"]


def test_of_what_toco_misses_a_range_for_95_percent_are_healed_and_rules_say_why_the_others_are_not() -> None:
    aborts = missed_ranges()
    left = [one for one in aborts if not converts(one, "toco-2.15")]
    reasons = {one.case["id"]: _rules_left(one) for one in left}
    assert len(aborts) > 150
    assert len(left) <= (1 - SHARE) * len(aborts), reasons
    assert not {name: codes for name, codes in reasons.items() if not codes & BEYOND_REPAIR.keys()}


def _rules_left(one: Fixed) -> frozenset[str]:
    found = one.patch.after.findings if one.patch is not None else ()
    return frozenset(finding.code for finding in found if finding.severity == "error")


def test_every_repair_is_needed_somewhere() -> None:
    used = Counter(name for one in fixed() if one.patch is not None for name in one.patch.strategy.split("+"))
    assert used.keys() >= {
        "approximate", "fold", "insert", "merge", "replace", "retarget", "rewire", "strip", "unify", "widen",
    }  # fmt: skip


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_healed_converts(profile: str) -> None:
    python = CONVERTERS[profile]()
    healed = [one for one in fixed(REAL) if converts(one, profile)]
    patches = [(one.case, one.patch) for one in healed if one.patch is not None]
    assert len(patches) == len(healed) > 30
    asked = [Asked(profile, encode(patch.graph), case["inputs"], patch.outputs) for case, patch in patches]
    wrong = [
        (case["id"], patch.strategy, answer)
        for (case, patch), answer in zip(patches, answers_of(python, asked), strict=True)
        if answer["verdict"] != "quantized"
    ]
    assert not wrong
