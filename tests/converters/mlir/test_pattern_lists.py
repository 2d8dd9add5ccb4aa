"""Our list of patterns against TensorFlow's own, which `pattern_lists.toml` holds with versions and reasons."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from minmax_lint.converters import mlir
from minmax_lint.converters.mlir.legalize.rules import RULES
from minmax_lint.converters.mlir.optimize.optimize_pass import PATTERNS
from minmax_lint.converters.mlir.pattern import Pattern
from minmax_lint.converters.mlir.version import FIRST, LAST, Bounds
from minmax_lint.converters.releases import MODELLED, Number
from tests.converters.mlir.pattern_names import library, pattern_names, type_names
from tests.converters.mlir.steps import STEPS
from tests.interpreters import tf215, tf221

LISTS = "tests/converters/mlir/pattern_lists.toml"
PASSES = tomllib.loads(Path(__file__).with_name("pattern_lists.toml").read_text("utf-8"))
FATES = ("elsewhere", "cannot_matter", "missing")
WITHOUT_TYPE = ("::fold", "()")
"""Folds of an operation are functions, which have no name among the patterns, nor have other functions."""


def bounds(written: str) -> Bounds:
    """`2.13-2.18`, `2.13-`, `-2.18`, `2.21-2.21` or `all`."""
    first, _, last = written.partition("-") if written != "all" else ("", "", "")
    return Bounds(_number(first) if first else FIRST, _number(last) if last else LAST)


def _number(written: str) -> Number:
    major, minor = written.split(".")
    return int(major), int(minor)


def versions_of() -> dict[str, Bounds]:
    return {
        name: bounds(written)
        for one in PASSES.values()
        for written, names in one["versions"].items()
        for name in names
    }


VERSIONS = versions_of()
OF_TENSORFLOW = {name for names in PASSES["tensorflow"]["versions"].values() for name in names}
"""The patterns of TensorFlow's own dialect."""


def names_of(pattern: Pattern[..., object]) -> list[str]:
    return [name for name in pattern.tf_name.split(", ") if not name.endswith(WITHOUT_TYPE)]


def test_every_pattern_of_tensorflow_has_one_fate() -> None:
    declared = {name for pattern in PATTERNS for name in names_of(pattern)}
    declared |= {name for rule in RULES for name in names_of(rule) if name in OF_TENSORFLOW}
    fates = {name: int(name in declared) for name in VERSIONS}
    for one in PASSES.values():
        for fate in FATES:
            for names in one.get(fate, {}).values():
                for name in names:
                    fates[name] = fates.get(name, 0) + 1
    assert {name: count for name, count in fates.items() if count != 1} == {}, (
        f"each name has one place. 0: no pattern in a list of optimize_pass.py has it as tf_name, and {LISTS} "
        "has it under no `elsewhere`, `cannot_matter` or `missing`; 2: it is in two of these places"
    )


def test_every_file_that_models_a_pattern_is_there() -> None:
    room = Path(mlir.__file__).parent
    files = {file for one in PASSES.values() for file in one.get("elsewhere", {})}
    assert [file for file in sorted(files) if not (room / file).is_file()] == []


def test_every_name_of_ours_is_tensorflows() -> None:
    unknown = {name for pattern in PATTERNS for name in names_of(pattern)} - set(VERSIONS)
    assert unknown == set(), f"a tf_name is spelled as in TensorFlow, and stands under `versions` in {LISTS}"


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda one: one.name)
def test_every_version_that_a_pattern_claims_has_one_of_its_names(pattern: Pattern[..., object]) -> None:
    names = [name for name in names_of(pattern) if name in VERSIONS]
    claimed = [number for number in MODELLED["mlir"] if pattern.holds(number)]
    without = [number for number in claimed if not any(VERSIONS[name].holds(number) for name in names)]
    assert not names or without == [], f"since or until, or the span under `versions` in {LISTS}, is wrong"


@pytest.mark.slow
@pytest.mark.parametrize(("python", "number"), [(tf215, (2, 15)), (tf221, (2, 21))])
def test_the_lists_hold_what_the_library_holds(python: Callable[[], Path], number: Number) -> None:
    held = {name for name in pattern_names(library(python())) if not name.startswith("Legalize")}
    listed = {name for name, bounded in VERSIONS.items() if bounded.holds(number)}
    assert held ^ listed == set(), (
        ".venv/bin/python -m tests.converters.mlir.pattern_names PYTHON lists what a library holds"
    )


@pytest.mark.slow
def test_every_rule_and_step_is_called_as_something_in_the_library() -> None:
    held = type_names(library(tf215())) | type_names(library(tf221())) | VERSIONS.keys()
    named = {name.rpartition("::")[2] for one in (*RULES, *STEPS) for name in names_of(one)}
    assert named - held == set()
