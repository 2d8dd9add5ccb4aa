"""Real conversions of the founding graphs in child processes, and what the produced models hold."""

import sys
from pathlib import Path

import pytest

from minmax_lint.backends.conversion import Stage, TimeLimitReached, Watch, convert_graph, read_model
from minmax_lint.errors import UnreadableModel, UserError
from tests.interpreters import tf115, tf215, tf221

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
BROKEN = FOUNDING / "eval-frozen.pb"
GUARDED = FOUNDING / "eval-guarded-frozen.pb"
INPUTS = {"input": [1, 2]}


def test_toco_aborts_in_its_child_and_names_the_array() -> None:
    result = convert_graph(BROKEN, INPUTS, ["output"], engine="toco", python=tf215())
    assert not result.ok
    assert result.failure is not None
    assert (result.failure.kind, result.failure.array) == ("minmax", "output")
    assert "does not have MinMax information" in result.failure.message
    assert "quantize.cc" not in result.failure.message
    assert result.tensorflow == "2.15.1"


def test_toco_converts_the_guarded_graph_to_integers_without_the_guard() -> None:
    result = convert_graph(GUARDED, INPUTS, ["output_guarded"], engine="toco", python=tf215())
    assert result.model is not None
    model = read_model(result.model)
    assert [op.name for op in model.ops] == ["FULLY_CONNECTED"]
    assert model.verdict("tf1") == "quantized"
    assert model.inputs[0].dtype == "uint8"
    assert (model.inputs[0].scale, model.inputs[0].zero_point) == (pytest.approx(1 / 64), 128)


def test_toco_of_tensorflow_1_15_runs_in_python_3_7() -> None:
    result = convert_graph(BROKEN, INPUTS, ["output"], engine="toco", python=tf115())
    assert result.tensorflow == "1.15.5"
    assert result.failure is not None
    assert (result.failure.kind, result.failure.array) == ("minmax", "output")


@pytest.mark.parametrize("interpreter", [tf215, tf221])
def test_mlir_leaves_the_unguarded_output_in_float(interpreter) -> None:
    stages: list[Stage] = []
    result = convert_graph(
        BROKEN.read_bytes(), INPUTS, ["output"], python=interpreter(), watch=Watch(stage=stages.append)
    )
    assert result.model is not None
    model = read_model(result.model)
    assert model.verdict("tf1") == "float"
    assert model.float_ops == (("FULLY_CONNECTED", "output"),)
    assert model.output_types == ("float32",)
    assert stages == ["start", "tensorflow", "import", "convert", "write"]


def test_the_stats_given_for_an_input_are_its_scale() -> None:
    result = convert_graph(GUARDED, INPUTS, ["output_guarded"], stats={"input": (0.0, 255.0)}, python=tf221())
    assert result.model is not None
    model = read_model(result.model)
    assert [op.name for op in model.ops] == ["FULLY_CONNECTED", "MINIMUM"]
    assert model.inputs[0].scale == pytest.approx(1 / 255)


def test_the_tf2_flow_has_a_float_boundary() -> None:
    result = convert_graph(BROKEN, INPUTS, ["output"], flow="tf2", python=tf221())
    assert result.model is not None
    model = read_model(result.model)
    assert model.inputs[0].dtype == "float32"
    assert model.verdict("tf2") == "float"


def test_toco_asked_of_a_tensorflow_without_it_is_the_users_error() -> None:
    with pytest.raises(UserError, match=r"no longer has TOCO; name an interpreter with TensorFlow 2\.17"):
        convert_graph(BROKEN, INPUTS, ["output"], engine="toco", python=tf221())


def test_an_interpreter_that_does_not_exist_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot start the interpreter"):
        convert_graph(BROKEN, INPUTS, ["output"], python=tmp_path / "python")


def test_an_interpreter_without_tensorflow_is_the_users_error(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -I "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(UserError, match="has no usable TensorFlow"):
        convert_graph(BROKEN, INPUTS, ["output"], python=bare)


def test_the_time_limit_stops_the_converter() -> None:
    with pytest.raises(TimeLimitReached, match=r"within 0\.1 s .* raise the time limit"):
        convert_graph(BROKEN, INPUTS, ["output"], python=tf221(), time_limit=0.1)


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"\0\0\0\0TFL3", b"\x1c\0\0\0TFL3\xff\xff\xff\xff" * 3])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableModel):
        read_model(content)


def test_a_missing_model_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModel, match="cannot read"):
        read_model(tmp_path / "missing.tflite")
