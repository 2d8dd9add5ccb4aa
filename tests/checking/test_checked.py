"""`checked(converter)` in users' scripts (scripts.py), run by the TensorFlows that convert."""

import fcntl
import hashlib
import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import tflite

from minmax_lint.converters.profile import profile
from minmax_lint.graph.build import Builder
from minmax_lint.loaders.model import Model
from minmax_lint.workflows.checking import CheckFailed
from minmax_lint.workflows.checking.expected import Expected
from minmax_lint.workflows.opened import open_model
from tests.interpreters import tf215, tf218, tf221

SCRIPTS = Path(__file__).with_name("scripts.py")
PACKAGES = Path(tflite.__file__).parents[1]
"""Where the packages are that minmax_lint needs."""
INTERPRETERS = [pytest.param(tf215, id="tf2.15"), pytest.param(tf221, id="tf2.21")]
BROKEN = (
    "frozen", "session", "session-closed", "tf1-saved-model", "keras-file", "functions", "keras", "saved-model",
)  # fmt: skip


@cache
def outcomes(python: Path, folder: Path) -> dict[str, Any]:
    """What came of every script: run once, whichever of pytest's processes comes first."""
    answer = folder / f"checked-{hashlib.sha256(str(python).encode()).hexdigest()[:8]}.json"
    with answer.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            answer.write_text(output_of(python))
    found: dict[str, Any] = json.loads(answer.read_text())
    return found


def output_of(python: Path, *names: str) -> str:
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    environment["PATH"] = f"{python.parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        [python, SCRIPTS, PACKAGES, *names],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()[-1]


@pytest.fixture
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run of the tests, of all its processes."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(params=INTERPRETERS)
def ran(request: pytest.FixtureRequest, shared: Path) -> dict[str, Any]:
    return outcomes(request.param(), shared)


@pytest.mark.parametrize("script", BROKEN)
def test_a_graph_that_stays_float_is_refused_with_the_causes(ran: dict[str, Any], script: str) -> None:
    found = ran[script]
    assert found["raised"] == "CheckFailed"
    assert "will not make an all-integer model of this graph (float)" in found["message"]
    assert "MM10" in found["message"]
    assert "the converted model is not all integer; ops stay float: FULLY_CONNECTED" in found["message"]


def test_the_message_has_one_cause_a_line_and_no_name_makes_a_line() -> None:
    error = CheckFailed("not of this graph\n  MM110 array 'x' has no range", None)
    assert str(error).splitlines() == ["not of this graph", "  MM110 array 'x' has no range"]
    b = Builder()
    b.fake_quant("in", b.placeholder("input", [1, 4]), 0, 6)
    b.add("Relu6", "a\n  MM999 forged", "in")
    model = Model(None, "graphdef", b.graph())
    opened = open_model(model, outputs=["a\n  MM999 forged"], converters=["mlir"])
    causes = Expected(opened.lint(), profile("mlir"), fix=False, unsafe=False, advice="").causes
    assert "\\n  MM999" in causes
    assert not any(line.strip().startswith("MM999") for line in causes.splitlines())


@pytest.mark.parametrize("script", ["frozen-fix", "session-fix", "tf1-saved-model-fix", "toco-fix"])
def test_with_fix_the_same_converter_makes_an_integer_model(ran: dict[str, Any], script: str) -> None:
    found = ran[script]
    assert found["fixed"]
    assert found["floats"] == []
    assert found["outputs"] == ["uint8"]


@pytest.mark.parametrize(
    "script", ["functions-sound", "keras-sound", "saved-model-sound", "keras-file-sound"]
)
def test_a_sound_converter_converts_as_without_the_check(ran: dict[str, Any], script: str) -> None:
    assert not ran[script]["fixed"]
    assert ran[script]["floats"] == []


def test_the_fakequant_behind_the_output_is_seen_where_the_whole_graph_is_at_hand(
    ran: dict[str, Any],
) -> None:
    assert "MM101" in ran["session"]["message"]
    assert "fix=True" in ran["session"]["message"]
    assert "MM102" in ran["session-closed"]["message"]
    assert "source=" in ran["session-closed"]["message"]


@pytest.mark.parametrize("script", ["functions", "keras", "saved-model"])
def test_an_inserted_range_makes_it_integer_and_the_signature_survives(
    ran: dict[str, Any], script: str
) -> None:
    repaired = ran[f"{script}-unsafe"]
    assert repaired["fixed"]
    assert repaired["floats"] == []
    assert repaired["signatures"] == ran[f"{script}-sound"]["signatures"]


def test_a_fix_that_cannot_help_says_what_would(ran: dict[str, Any]) -> None:
    assert "unsafe=True" in ran["functions-fix"]["message"]


def test_float_can_be_allowed_and_is_then_a_warning_with_the_ops(ran: dict[str, Any]) -> None:
    assert ran["frozen-float"]["floats"] == [["FULLY_CONNECTED", "output"]]
    assert ran["frozen-float"]["warned"] == [
        "the converted model is not all integer; ops stay float: FULLY_CONNECTED output"
    ]


def test_a_converter_with_a_representative_dataset_finds_ranges_itself(ran: dict[str, Any]) -> None:
    assert ran["post-training"]["floats"] == []


def test_samples_of_another_scale_are_a_warning_though_the_model_is_all_integer(ran: dict[str, Any]) -> None:
    (warned,) = ran["pixels"]["warned"]
    assert warned.startswith("MM624 ")
    assert "like raw pixels" in warned


@pytest.mark.parametrize(
    "script", ["frozen-fix", "session-fix", "tf1-saved-model-fix", "keras-unsafe", "saved-model-unsafe"]
)
def test_the_values_of_the_model_are_compared_with_those_of_the_users_graph(
    ran: dict[str, Any], script: str
) -> None:
    assert ran[script]["unverified"] == ""
    assert 0 < ran[script]["worst"] <= 2.01
    assert ran[script]["source"] is None


@pytest.mark.parametrize("script", ["pair-lists", "pair-mappings"])
def test_a_representative_dataset_is_what_values_are_compared_on(ran: dict[str, Any], script: str) -> None:
    assert ran[script]["source"] == "the representative dataset"
    assert ran[script]["worst"] <= 2.01


def test_outputs_are_matched_by_signature_whatever_their_order(ran: dict[str, Any]) -> None:
    assert ran["pair"]["worst"] <= 1.01


def test_values_beyond_the_threshold_are_refused(ran: dict[str, Any]) -> None:
    found = ran["pair-tight"]
    assert found["raised"] == "CheckFailed"
    assert "too far off" in found["message"]
    assert "(threshold 0.5)" in found["message"]
    assert "on average; the argmax is the same in" in found["message"]


def test_a_model_that_the_interpreter_does_not_run_is_refused(ran: dict[str, Any]) -> None:
    found = ran["int16"]
    assert found["raised"] == "CheckFailed"
    assert found["message"].startswith("TFLite's interpreter does not run the model: SquaredDifference only")
    assert ran["int16-unverified"]["floats"] == []


def test_values_that_are_far_off_are_a_warning_and_with_a_threshold_an_error(ran: dict[str, Any]) -> None:
    (warned,) = ran["far-off"]["warned"]
    assert "values are too far off" in warned
    assert "(threshold 32, an eighth of its range)" in warned
    assert re.search(
        "the error begins at FULLY_CONNECTED '(first|MatMul)'", warned
    )  # 2.15 calls it by its op
    assert ran["far-off-threshold"]["raised"] == "CheckFailed"
    assert "(threshold 33)" in ran["far-off-threshold"]["message"]
    assert ran["far-off-accepted"]["warned"] == []


@pytest.mark.parametrize(
    "script",
    ["functions-sound", "keras-sound", "saved-model-sound", "keras-file-sound", "pair", "post-training"],
)
def test_nothing_is_said_of_a_sound_model(ran: dict[str, Any], script: str) -> None:
    assert ran[script]["warned"] == []


def test_values_are_not_compared_on_request(ran: dict[str, Any]) -> None:
    assert ran["unverified"]["worst"] is None
    assert ran["unverified"]["unverified"] == ""


@pytest.mark.parametrize("script", ["unset", "unset-float", "settings"])
def test_a_converter_set_to_make_a_float_model_is_the_users_error(ran: dict[str, Any], script: str) -> None:
    assert ran[script]["raised"] == "UserError"
    assert "set optimizations = [tf.lite.Optimize.DEFAULT]" in ran[script]["message"]


@pytest.mark.parametrize("script", ["weights-alone", "float16", "stats-of-tf1", "unset-allowed"])
def test_a_call_for_integer_weights_alone_gets_its_float_model(ran: dict[str, Any], script: str) -> None:
    found = ran[script]
    warned = {one.partition(" ")[0] for one in found["warned"]}
    assert [op for op, _ in found["floats"]] == ["FULLY_CONNECTED"]
    assert (
        warned
        == {
            "weights-alone": {"MM602"},
            "float16": set(),
            "stats-of-tf1": {"MM602", "MM607"},
            "unset-allowed": set(),
        }[script]
    )


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("unsigned", "SignatureDef signature_key is None and model has 0 Signatures"),
        ("tuples", "IndexError: tuple index out of range"),
        ("numbers", "AttributeError: 'list' object has no attribute 'shape'"),
        ("one-signature", "MM623 TFLiteSavedModelConverterV2: the samples are for one signature alone"),
    ],
)
def test_samples_of_a_form_that_the_converter_does_not_take_are_refused(
    ran: dict[str, Any], script: str, message: str
) -> None:
    assert ran[script]["raised"] == "CheckFailed"
    assert message in ran[script]["message"]


def test_several_signatures_are_checked_together(ran: dict[str, Any]) -> None:
    assert ran["signatures"]["floats"] == []
    assert ran["signatures"]["signatures"] == ["decode", "encode"]


def test_what_is_no_converter_is_the_users_error(ran: dict[str, Any]) -> None:
    assert ran["no-converter"]["raised"] == "UserError"


def test_tocos_abort_is_foreseen_instead_of_suffered(shared: Path) -> None:
    found = outcomes(tf215(), shared)["toco"]
    assert "TOCO (TF 2.15) will not make an all-integer model of this graph (abort)" in found["message"]


def test_each_tensorflow_is_judged_by_its_own_profile_and_asked_for_toco_is_told() -> None:
    found = json.loads(output_of(tf218(), "frozen", "frozen-fix", "toco"))
    assert found["frozen"]["message"].startswith("MLIR (TF 2.18) will not make an all-integer model")
    assert found["frozen-fix"]["floats"] == []
    assert found["toco"]["message"].startswith("MLIR (TF 2.18) will not make an all-integer model")
    assert "MM611" in found["toco"]["message"]
    assert "TensorFlow 2.18 no longer has TOCO" in found["toco"]["message"]


def test_a_converter_may_convert_again(ran: dict[str, Any]) -> None:
    first, second = ran["twice"]
    assert first == second
    assert first["floats"] == []


def test_the_layers_of_a_tfmot_model_that_stay_float_are_named_and_can_be_healed(shared: Path) -> None:
    found = outcomes(tf221(), shared)["qat"]
    assert found["predicted"] == [
        ["FULLY_CONNECTED", "model/second/Relu"],
        ["FULLY_CONNECTED", "model/quant_middle/Relu"],
    ]
    assert found["findings"] == [["MM110", "model/second/Relu"]]
    assert [op for op, _ in found["unfixed"]["floats"]] == ["FULLY_CONNECTED", "FULLY_CONNECTED"]
    assert found["fixed"]["fixed"]
    assert found["fixed"]["floats"] == []
