"""`compare`: every way of converting a model, the best first."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import minmax_lint
from minmax_lint.cli import main
from minmax_lint.converters import predict as predicting
from minmax_lint.converters.prediction import OpOutcome, Prediction
from minmax_lint.converters.profile import PROFILES
from minmax_lint.graph.build import Builder
from minmax_lint.report.comparison import answer
from minmax_lint.report.comparison_words import detail, each_once, has_model
from minmax_lint.workflows import compare
from minmax_lint.writers.graphdef import encode
from tests.cli.founding import BROKEN, CHECKPOINT, FOUNDING, GUARDED, SAVED_MODEL
from tests.interpreters import tf221

Captured = pytest.CaptureFixture[str]
KERAS = str(FOUNDING.parent / "keras" / "qat-saved_model")
FLOAT_LOOP = str(FOUNDING.parent / "recurrent" / "lstm.pb")


def names(source: str) -> list[str]:
    return [way.name for way in minmax_lint.compare(source).ways]


def test_the_best_way_stands_first_and_one_that_aborts_last() -> None:
    ways = minmax_lint.compare(BROKEN).ways
    assert [way.prediction.verdict for way in ways] == ["quantized"] * 3 + ["float"] * 2 + ["abort"] * 2
    assert ways[0].name == "mlir-int8"
    assert ways[-1].name == "toco"


def test_where_a_way_aborts_the_same_with_ops_of_tensorflow_is_shown_if_it_does_something_else(
    tmp_path: Path,
) -> None:
    b = Builder()
    quantized = b.fake_quant("x", b.placeholder("input", [4, 4]), 0, 6)
    b.fake_quant("output", b.add("Erf", "y", quantized), -1, 1)
    (tmp_path / "graph.pb").write_bytes(encode(b.graph()))
    ways = minmax_lint.compare(tmp_path / "graph.pb", outputs=["output"]).ways
    found = {(way.name, way.tensorflow): way for way in ways if way.profile.select_tf}
    assert set(found) == {
        ("mlir", "2.12 to 2.22"),
        ("mlir-v2", "2.12 to 2.22"),
        ("mlir-int8", "2.12 to 2.18"),
        ("mlir-int8", "2.19 to 2.22"),
        ("mlir-16x8-fallback", "2.12 to 2.18"),
        ("mlir-16x8-fallback", "2.19 to 2.22"),
    }
    assert all(detail(way).startswith("with SELECT_TF_OPS; ") for way in found.values())
    assert all("tf.lite.OpsSet.SELECT_TF_OPS]\nmodel = " in way.code for way in found.values())
    assert not any(way.profile.select_tf for way in minmax_lint.compare(GUARDED).ways)


def test_a_way_says_what_the_check_of_each_of_its_converters_says() -> None:
    ways = minmax_lint.compare(BROKEN).ways
    named = [name for way in ways for name in way.converters]
    report = minmax_lint.lint(BROKEN, converters=named)
    for way in ways:
        for name in way.converters:
            found = report.predictions[name]
            assert (found.verdict, found.float_ops) == (way.prediction.verdict, way.prediction.float_ops)


def test_versions_that_the_table_shows_alike_are_one_way() -> None:
    """Layer normalization has an operator more before 2.18: the table shows 97 % of both."""
    ops = [OpOutcome("ADD", f"add{i}", (), integer=i > 0) for i in range(32)]
    found = Prediction("mlir-2.21-int8", "float", float_ops=(("ADD", "add0"),), ops=ops, runs=True)
    assert answer(found) == answer(replace(found, ops=ops[:31]))
    assert answer(found) != answer(replace(found, ops=ops[:9]))
    assert answer(found) != answer(replace(found, runs=False))


def test_every_profile_that_fits_the_model_belongs_to_one_way() -> None:
    found = [name for way in minmax_lint.compare(BROKEN).ways for name in way.converters]
    calls = {PROFILES[name].call for name in found}
    assert sorted(found) == sorted(name for name, one in PROFILES.items() if one.call in calls)
    assert calls == {"", "v2", "int8", "16x8", "16x8-fallback"}


@pytest.mark.parametrize(
    ("source", "absent"),
    [
        (BROKEN, {"mlir-dynamic", "mlir-float16"}),  # with FakeQuants these calls are the TF2 flow
        (FLOAT_LOOP, {"mlir-v2"}),
        (KERAS, {"toco", "mlir", "mlir-dynamic", "mlir-float16"}),
    ],
)
def test_calls_that_do_not_fit_the_model_are_no_ways(source: str, absent: set[str]) -> None:
    known = {"toco", "mlir", "mlir-v2", "mlir-int8", "mlir-16x8", "mlir-16x8-fallback"} | absent
    assert set(names(source)) <= known - absent | {"mlir-dynamic", "mlir-float16"} - absent
    assert not absent & set(names(source))


def test_the_ends_have_the_types_that_the_flow_gives_them() -> None:
    types = {way.name: way.types for way in minmax_lint.compare(BROKEN).ways}
    assert types["mlir"] == ("uint8", "float32")
    assert types["mlir-int8"] == ("float32", "float32")
    assert types["toco"] == ("", "")
    assert {way.name: way.types for way in minmax_lint.compare(GUARDED).ways}["mlir"] == ("uint8", "uint8")


def test_versions_that_do_the_same_are_predicted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(kept: Any, inference: Any, profile: Any) -> Any:
        asked.append(profile.name)
        return predicting.predict(kept, inference, profile)

    monkeypatch.setattr(compare, "predict", counted)
    ways = minmax_lint.compare(BROKEN).ways
    assert len(asked) < sum(len(way.versions) for way in ways)
    assert len(set(asked)) == len(asked)


def test_the_edge_tpu_takes_models_of_eight_bits_alone() -> None:
    share = {way.name: way.edge_tpu_share for way in minmax_lint.compare(GUARDED).ways}
    assert share["mlir-int8"] == 1
    assert share["mlir-16x8"] is share["toco"] is None


def test_the_operators_that_fakequants_leave_end_a_strict_16x8() -> None:
    """Measured with TF 2.21: the old quantizer knows no QUANTIZE and no DEQUANTIZE, fallback leaves them."""
    ways = {way.name: way.prediction for way in minmax_lint.compare(GUARDED).ways}
    assert ways["mlir-16x8-fallback"].verdict == "quantized"
    assert ways["mlir-16x8"].verdict == "abort"
    assert "Quantization to 16x8-bit not yet supported for op: 'DEQUANTIZE'." in ways["mlir-16x8"].message


def test_json_holds_every_way(capsys: Captured) -> None:
    assert main(["compare", BROKEN, "--output-format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    assert [way["way"] for way in document["ways"]] == names(BROKEN)
    best = document["ways"][0]
    assert best["needs_dataset"]
    assert best["integer_share"] == 1
    assert best["converters"][-1].endswith("-int8")


def test_the_table_goes_to_a_file_in_markdown_and_to_the_terminal(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "ways.md"
    assert main(["compare", BROKEN, "--output-format", "full", "--output-format", f"markdown={file}"]) == 0
    printed, written = capsys.readouterr().out, file.read_text()
    for name in names(BROKEN):
        assert f" {name} " in printed
        assert f"| `{name}` |" in written
    assert printed.count("import tensorflow") == 1
    assert written.count("import tensorflow") == 5  # not for the way that aborts


def test_the_code_of_every_way_that_makes_a_model_is_printed_on_request(capsys: Captured) -> None:
    assert main(["compare", BROKEN, "-v"]) == 0
    assert capsys.readouterr().out.count("import tensorflow") == 5


def test_a_finished_model_has_no_ways(capsys: Captured) -> None:
    assert main(["compare", str(FOUNDING.parent / "tflite" / "gap.tflite")]) == 2
    assert "finished TFLite model" in capsys.readouterr().err


def test_an_output_that_is_not_there_is_bad_usage(capsys: Captured) -> None:
    assert main(["compare", BROKEN, "-o", "outptu"]) == 2
    assert "did you mean output" in capsys.readouterr().err


def test_a_sentence_that_the_converter_repeats_is_printed_once() -> None:
    assert each_once("No 'A'.\nNo 'B'.\nNo 'A'.") == "No 'A'. No 'B'."


@pytest.mark.parametrize("source", [BROKEN, CHECKPOINT, SAVED_MODEL, FLOAT_LOOP])
def test_the_code_is_python(source: str) -> None:
    for way in minmax_lint.compare(source).ways:
        compile(way.code, way.name, "exec")


def test_the_code_in_markdown_is_python(capsys: Captured) -> None:
    assert main(["compare", BROKEN, "--output-format", "markdown"]) == 0
    blocks = capsys.readouterr().out.split("```python\n")[1:]
    assert blocks
    for block in blocks:
        lines = block.partition("\n```")[0]
        assert "\nconverter" in lines
        compile(lines, "ways.md", "exec")


@pytest.mark.parametrize("form", ["full", "markdown"])
def test_a_model_that_no_way_converts_has_none_to_offer(form: str, tmp_path: Path, capsys: Captured) -> None:
    b = Builder()
    b.add("BesselJ0", "y", b.placeholder("x", [1, 4]))
    (tmp_path / "net.pb").write_bytes(encode(b.graph()))
    assert main(["compare", str(tmp_path / "net.pb"), "--output-format", form]) == 0
    out = capsys.readouterr().out
    assert "one of " in out
    assert "ways converts it" in out
    assert "best first" not in out


def test_a_name_cannot_leave_its_quotes(tmp_path: Path) -> None:
    path = tmp_path / "it's\nimport os.pb"
    shutil.copy(BROKEN, path)
    for way in minmax_lint.compare(path).ways:
        assert "\nimport os" not in way.code


def run_scripts(scripts: Sequence[tuple[str, str]], folder: Path) -> None:
    """Run each (name of the model that is written, code) in one process with TensorFlow."""
    runner = folder / "run.py"
    runner.write_text(f"for _, code in {scripts!r}:\n    exec(code, {{}})\n")
    done = subprocess.run([tf221(), runner], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [file for file, _ in scripts if not (folder / file).stat().st_size] == []


def test_the_real_converter_runs_the_code(tmp_path: Path) -> None:
    """One process runs the code of every way of two graphs, but for the calibration of a loop: TF 2.21 dies there."""
    scripts = []
    for place, source in enumerate((GUARDED, FLOAT_LOOP)):
        comparison = minmax_lint.compare(source)
        (shape,) = comparison.inputs.values()
        sample = (
            f"import numpy\ndataset = numpy.ones({[3, *(size or 1 for size in shape or ())]}, 'float32')\n"
        )
        for way in comparison.ways:
            dies = source == FLOAT_LOOP and way.profile.ranges == "calibrated"
            if way.profile.engine == "mlir" and has_model(way) and not dies:
                file = f"{place}-{way.name}.tflite"
                scripts.append((file, sample + way.code.replace("model.tflite", str(tmp_path / file))))
    run_scripts(scripts, tmp_path)
    assert len(scripts) == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("keras-2.h5", '    os.environ["TF_USE_LEGACY_KERAS"] = "1"\n'),
        ("qat.keras", "quantize_scope():\n    keras_model = tf.keras.models.load_model('{path}')\n"),
        ("plain.keras", "load_model('{path}')  # Keras 3 wrote it: TensorFlow 2.17 or newer"),
    ],
)
def test_the_code_says_which_keras_loads_the_file(file: str, line: str) -> None:
    """The Keras 3 of TF 2.21 and the Keras 2 of 2.15 refuse each other's files."""
    path = FOUNDING.parent / "keras" / file
    for way in minmax_lint.compare(path, python=tf221()).ways:
        assert line.format(path=path) in way.code


@pytest.mark.slow
@pytest.mark.parametrize(("file", "oldest"), [("keras-2.h5", "2.12"), ("plain.keras", "2.17")])
def test_a_keras_file_is_compared_for_the_tensorflows_that_convert_it(file: str, oldest: str) -> None:
    """A file of Keras 3: TF 2.15.1 does not load it, 2.16.2 ends as it converts, 2.18 and 2.21 convert (measured)."""
    ways = minmax_lint.compare(FOUNDING.parent / "keras" / file, python=tf221()).ways
    assert {way.tensorflow.partition(" ")[0] for way in ways if way.name == "mlir-int8"} == {oldest}


TWO_SIGNATURES = """
import sys
import tensorflow as tf
spec = tf.TensorSpec([1, 4], name="x")
class Net(tf.Module):
    def __init__(self):
        self.weights = tf.Variable(tf.ones([4, 4]))
    @tf.function(input_signature=[spec])
    def one(self, x):
        return {"sum": tf.matmul(x, self.weights)}
    @tf.function(input_signature=[spec, tf.TensorSpec([1, 4], name="y")])
    def two(self, x, y):
        return {"sum": tf.matmul(x + y, self.weights)}
net = Net()
tf.saved_model.save(net, "pair", signatures={"one": net.one, "two": net.two})
tf.saved_model.save(net, "default", signatures={"serving_default": net.one, "two": net.two})
"""


@pytest.mark.slow
def test_the_real_converter_runs_the_code_for_signatures(tmp_path: Path) -> None:
    """Of several signatures one is named; TensorFlow asks for samples of each of those that are converted together."""
    subprocess.run([tf221(), "-c", TWO_SIGNATURES], cwd=tmp_path, capture_output=True, check=True)
    one, two = "{'x': x}", "{'x': x, 'y': x}"
    scripts = []
    for folder, signature, sample in (
        ("default", None, "x"),
        ("default", "two", two),
        ("pair", "one", "x"),
        ("pair", None, f"{{'one': {one}, 'two': {two}}}"),
    ):
        comparison = minmax_lint.compare(tmp_path / folder, signature=signature)
        data = f"import numpy\nx = numpy.ones([1, 4], 'float32')\ndataset = [{sample}]\n"
        for way in comparison.ways:
            assert ("signature_keys" in way.code) is bool(signature or folder == "default")
            if has_model(way):
                file = f"{folder}-{signature}-{way.name}.tflite"
                scripts.append((file, data + way.code.replace("model.tflite", str(tmp_path / file))))
    run_scripts(scripts, tmp_path)
    assert len(scripts) == 20
