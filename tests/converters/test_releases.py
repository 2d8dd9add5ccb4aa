"""What each TensorFlow release converts with, and what is reported of one that was not measured."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from minmax_lint.converters import releases
from minmax_lint.converters.interpolation import interpolate, neighbours
from minmax_lint.converters.mlir.tables import QUANTIZABLE_SINCE
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import ALIASES, PROFILES, SELECTABLE, Profile, names_pattern, profile
from minmax_lint.converters.releases import FIRST_MLIR, LAST_MLIR, MEASURED, MODELLED, dotted, spans, toco
from minmax_lint.errors import UnknownName, UserError
from minmax_lint.graph.build import Builder
from minmax_lint.workflows.choice import modelled_profile
from tests.converters.predicted import predicted_of


@pytest.mark.parametrize(
    ("release", "does"),
    [
        ((1, 15), "runs"),
        ((2, 16), "runs"),
        ((2, 17), "runs"),
        ((2, 18), "dies"),
        ((2, 19), "ignored"),
        ((2, 30), "ignored"),
    ],
)
def test_what_a_release_does_when_it_is_asked_for_toco(release: tuple[int, int], does: str) -> None:
    assert toco(release) == does


def test_every_measured_release_is_modelled() -> None:
    for (engine, call), known in MEASURED.items():
        assert set(known) <= set(MODELLED[engine]), call


@pytest.mark.parametrize("last", ["LAST_MLIR", "LAST_TOCO"])
def test_a_release_that_becomes_modelled_is_not_measured_before_it_is_entered(last: str) -> None:
    source = Path(releases.__file__).read_text()
    raised = re.sub(
        rf"^(.*\b{last}\b.*= .*\(\d+, )(\d+)\)$", r"\g<1>50)", source, count=1, flags=re.MULTILINE
    )
    assert raised != source
    module: dict[str, Any] = {"__name__": "raised"}
    exec(compile(raised, "releases.py", "exec"), module)
    engine = last.removeprefix("LAST_").lower()
    assert (2, 50) in module["MODELLED"][engine]
    assert module["MEASURED"] == MEASURED, f"MEASURED derives from {last}: enter what was compared by hand"


def test_each_profile_is_measured_or_has_measured_neighbours() -> None:
    for name, one in PROFILES.items():
        found = neighbours(one)
        assert found, name
        assert all(neighbour.measured for neighbour in found), name
        assert one.measured == (found == (one,)), name


@pytest.mark.parametrize(
    ("engine", "release", "line"),
    [
        (
            "mlir",
            (2, 8),
            "the MLIR converter of TensorFlow 2.8 is not modelled: that of "
            f"{dotted(FIRST_MLIR)} to {dotted(LAST_MLIR)} is; convert with",
        ),
        ("mlir", (2, 30), "the MLIR converter of TensorFlow 2.30 is not modelled"),
        ("toco", (2, 18), "TensorFlow 2.18 no longer has TOCO: the program that runs it ends at its start"),
        (
            "toco",
            (2, 19),
            "TensorFlow 2.19 no longer has TOCO: experimental_new_converter=False is ignored, and MLIR",
        ),
        ("toco", (1, 12), "the TOCO converter of TensorFlow 1.12 is not modelled: that of 1.13 to 2.17 is"),
    ],
)
def test_a_release_without_profile_is_one_line_that_says_what_to_do(
    engine: str, release: tuple[int, int], line: str
) -> None:
    with pytest.raises(UnknownName) as named:
        profile(f"{engine}-{dotted(release)}")
    with pytest.raises(UserError) as found:
        modelled_profile("toco" if engine == "toco" else "mlir", "", release)
    for raised in (str(named.value), str(found.value)):
        assert raised.startswith(line)
        assert "--converter" in raised
        assert "\n" not in raised


@pytest.mark.parametrize("release", MODELLED["mlir"], ids=dotted)
def test_a_call_is_judged_by_the_profile_of_its_own_tensorflow(release: tuple[int, int]) -> None:
    assert modelled_profile("mlir", "v2", release).name == f"mlir-{dotted(release)}-v2"


def test_a_device_behind_a_release_without_profile_says_so_in_the_same_line() -> None:
    with pytest.raises(UnknownName, match=r"the MLIR converter of TensorFlow 2\.8 is not modelled"):
        profile("edgetpu@2.8")


def test_the_schema_takes_every_name_and_no_other() -> None:
    pattern = re.compile(names_pattern())
    assert [name for name in (*SELECTABLE, *ALIASES) if not pattern.fullmatch(name)] == []
    assert [
        n
        for n in ("mlir-2.8", "toco-2.18", "mlir-2.21-v3", "edgetpu@2.8", "edgetpu-v2")
        if pattern.fullmatch(n)
    ] == []


def test_spans_of_releases_read_as_people_write_them() -> None:
    assert spans([(1, 13), (1, 14), (1, 15), (2, 0), (2, 3)]) == "1.13 to 2.0, 2.3"


def _quotient() -> Builder:
    """A quotient, which is integer since TF 2.20."""
    b = Builder()
    x = b.fake_quant("x", b.placeholder("input", [1, 4]), 0.5, 1)
    b.fake_quant("out", b.add("RealDiv", "y", x, b.fake_quant("x2", b.add("Relu", "r", x), 0.5, 1)), -1, 1)
    return b


def test_where_the_measured_neighbours_differ_the_verdict_is_undetermined_and_names_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(cast("dict[object, object]", MEASURED), ("mlir", "int8"), ((2, 15), (2, 21)))
    assert QUANTIZABLE_SINCE["DIV"].since == (2, 20)

    def by_version(one: Profile) -> Prediction:
        return predicted_of(_quotient(), "out", one)

    between = replace(PROFILES["mlir-2.18"], name="mlir-2.18-int8", flow="tf2", ranges="calibrated")
    older, newer = PROFILES["mlir-2.15"], PROFILES["mlir-2.21"]
    answers = {"mlir-2.15-int8": by_version(older), "mlir-2.21-int8": by_version(newer)}
    assert [one.verdict for one in answers.values()] == ["float", "quantized"]
    found = interpolate(between, lambda one: replace(answers[one.name], profile=one.name))
    assert found.verdict == "undetermined"
    assert found.message == (
        "TensorFlow 2.18 was not measured, and its measured neighbours differ here: "
        "mlir-2.15-int8 says float (DIV), mlir-2.21-int8 says quantized."
    )


def test_where_they_agree_that_is_the_answer() -> None:
    b = Builder()
    b.fake_quant("out", b.add("Relu", "r", b.fake_quant("x", b.placeholder("input", [1, 4]), -1, 1)), 0, 1)
    found = predicted_of(b, "out", "toco-2.8")
    assert (found.profile, found.verdict) == ("toco-2.8", "quantized")
