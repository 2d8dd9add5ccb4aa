"""`convert` of float models: the flows of post-training quantization, and calls read off scripts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest

import minmax_lint
from minmax_lint.cli import main
from tests.cli.founding import FOUNDING
from tests.interpreters import tf215, tf221

FIXTURES = FOUNDING.parent
TRAINED = str(FIXTURES / "tflite" / "gap-filled.pb")
SCRIPT = """
import numpy as np
import tensorflow as tf

def data():
    yield [np.ones((1, 2), np.float32)]

converter = tf.lite.TFLiteConverter.from_saved_model("m")
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.representative_dataset = data
converter.inference_input_type = converter.inference_output_type = tf.int8
"""
TF1_SCRIPT = """
import tensorflow as tf
converter = tf.compat.v1.lite.TFLiteConverter.from_frozen_graph("g.pb", ["input"], ["output"])
converter.inference_type = tf.uint8
converter.quantized_input_stats = {"input": %s}
"""

Captured = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("warm_tensorflow")


@pytest.fixture
def float_graph(tmp_path: Path) -> Path:
    """A graph without FakeQuants, and data for it."""
    from minmax_lint.graph.build import Builder
    from minmax_lint.writers.graphdef import encode

    b = Builder()
    b.add("Relu6", "output", b.placeholder("input", [1, 2]))
    (tmp_path / "float.pb").write_bytes(encode(b.graph()))
    numpy.savez(tmp_path / "data.npz", input=numpy.linspace(-1, 7, 20, dtype=numpy.float32).reshape(10, 2))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--int8"], "give samples with --calibrate DATA"),
        (["--16x8"], "give samples with --calibrate DATA"),
        (["--script", "export.py"], "which is not run: give samples with --calibrate"),
        (["--script", "computed.py"], "computes the input stats of 'input': give them with --input-stats"),
        (["--script", "two.py"], "converts 2 times (lines 3, 7)"),
        (
            ["--script", "again.py", "--int8"],
            "again.py:12 converts with a representative dataset, which is not run",
        ),
    ],
)
def test_a_call_that_cannot_be_made_is_one_line(
    words: list[str], message: str, float_graph: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(float_graph)
    monkeypatch.setattr("minmax_lint.workflows.converter.checked_interpreter", lambda *words: None)
    Path("export.py").write_text(SCRIPT)
    Path("computed.py").write_text(TF1_SCRIPT % "stats()")
    Path("two.py").write_text(
        TF1_SCRIPT % "(0, 1)" + "\n" + "\n".join((TF1_SCRIPT % "(0, 1)").split("\n")[2:])
    )
    Path("again.py").write_text(
        f"{SCRIPT}converter.convert()\nconverter.representative_dataset = None\nconverter.convert()\n"
    )
    assert main(["convert", "float.pb", *words, "--output", "m.tflite", "--isolated"]) == 2
    assert message in capsys.readouterr().err
    assert not Path("m.tflite").exists()


@pytest.mark.parametrize(
    ("words", "verdict", "ends"),
    [
        (["--int8", "--calibrate", "data.npz"], "quantized", "float32"),
        (["--script", "export.py", "--calibrate", "samples.py:data", "--no-verify"], "quantized", "int8"),
        (["--float16"], "float", "float32"),
    ],
)
def test_the_real_converter_is_called_so(
    words: list[str],
    verdict: str,
    ends: str,
    float_graph: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
) -> None:
    monkeypatch.chdir(float_graph)
    Path("export.py").write_text(SCRIPT)
    Path("samples.py").write_text(SCRIPT.partition("converter =")[0])
    asked = ["convert", "float.pb", *words, "--output", "m.tflite", "--isolated", "--python", str(tf221())]
    assert main([*asked, "--output-format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    found = document["conversion"]
    assert (document["verification"] is not None) == (words[0] == "--int8")
    assert (found["verdict"], found["surprise"]) == (verdict, None)
    assert {one["dtype"] for one in found["model"]["inputs"]} == {ends}
    assert found["predicted"]["verdict"] == verdict


CONVERTED = {
    "tf1": (
        'inference-type = "int8"\nquantized-input-stats = { input = [0, 1] }',
        [TRAINED, "-o", "third/act_quant"],
        ("quantized", "int8"),
    ),
    "tf1, calibrated": (
        'optimizations = true\nrepresentative-dataset = true\ninference-input-type = "uint8"',
        ["float.pb", "--calibrate", "data.npz"],
        ("quantized", "uint8"),
    ),
    "tf1, no stats": (
        'inference-type = "uint8"',
        [TRAINED, "-o", "third/act_quant"],
        ("abort", "The `quantized_input_stats` flag must be defined"),
    ),
    "float": ('flow = "tf1"', [TRAINED, "-o", "third/act_quant"], ("float", "float32")),
}
"""Call in the configuration, and what is converted with it -> verdict, and type of the input or message."""


@pytest.mark.parametrize("name", CONVERTED)
def test_the_call_of_the_configuration_is_made_as_it_stands(
    name: str, float_graph: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    settings, words, (verdict, shown) = CONVERTED[name]
    monkeypatch.chdir(float_graph)
    Path("minmax-lint.toml").write_text(f"[convert]\n{settings}\n")
    asked = [*words, "--no-verify", "--output", "m.tflite", "--python", str(tf221())]
    main(["convert", *asked, "--output-format", "json"])
    found = json.loads(capsys.readouterr().out)["conversion"]
    assert (found["verdict"], found["surprise"]) == (verdict, None)
    assert shown == found["model"]["inputs"][0]["dtype"] if found["model"] else shown in found["message"]


def test_input_stats_of_the_script_are_used_and_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("export.py").write_text(TF1_SCRIPT % "(0.0, 1.0)")
    words = ["convert", TRAINED, "-o", "third/act_quant", "--output", "m.tflite", "--isolated"]
    main([*words, "--script", "export.py", "--python", str(tf221())])
    assert "input: mean 0, std 1" in capsys.readouterr().out


def test_a_call_that_is_refused_is_made_as_the_script_makes_it_and_explained_as_check_explains_it(
    float_graph: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(float_graph)
    Path("export.py").write_text(SCRIPT.replace("converter.optimizations = [tf.lite.Optimize.DEFAULT]\n", ""))
    words = ["convert", "float.pb", "--script", "export.py", "--output", "m.tflite", "--isolated"]
    assert main([*words, "--python", str(tf221())]) == 1
    out = capsys.readouterr().out
    assert "call no optimizations, representative_dataset, inference_input_type int8" in out
    assert "The inference_input_type and inference_output_type must be tf.float32." in " ".join(out.split())
    assert "MM604" in out
    assert "minmax-lint check float.pb --python" in out
    for wrong in ("minmax-lint was wrong", "MM120", "--fix"):
        assert wrong not in out.replace("`fix --output FILE.py`", "")


def test_samples_of_another_scale_are_shown_though_the_model_is_all_integer(
    float_graph: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(float_graph)
    numpy.savez("pixels.npz", input=numpy.arange(20, dtype=numpy.float32).reshape(10, 2) * 13)
    words = [
        "convert",
        "float.pb",
        "--int8",
        "--calibrate",
        "pixels.npz",
        "--output",
        "m.tflite",
        "--isolated",
    ]
    assert main([*words, "--python", str(tf221())]) == 0
    out = capsys.readouterr().out
    assert "all-integer model" in out
    assert "MM624 warning" in out


def test_fix_proves_the_repair_with_the_call_that_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    from minmax_lint.graph.build import Builder
    from minmax_lint.writers.graphdef import encode

    monkeypatch.chdir(tmp_path)
    b = Builder()
    b.add("Square", "output", b.placeholder("input", [1, 2]))
    Path("float.pb").write_bytes(encode(b.graph()))
    numpy.save("data.npy", numpy.linspace(-1, 2, 20, dtype=numpy.float32).reshape(10, 2))
    words = ["fix", "float.pb", "--output", "fixed.pb", "--isolated", "--python", str(tf221())]
    assert main([*words, "--converter", "mlir-int8", "--verify"]) == 2
    assert "ranges come from a representative dataset" in capsys.readouterr().err
    assert not Path("fixed.pb").exists()
    asked = [*words, "--converter", "mlir-int8", "--verify-data", "data.npy", "--output-format", "json"]
    assert main(asked) == 0
    proof = json.loads(capsys.readouterr().out)["conversion"]
    assert (proof["verdict"], proof["surprise"]) == ("quantized", None)
    assert "dataset data.npy" in proof["call"]


def test_python_converts_by_arguments_or_by_a_script_and_proves_the_model(
    float_graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(float_graph)
    Path("export.py").write_text(SCRIPT)
    ways = ({"post_training": "int8", "io_type": "int8"}, {"script": "export.py"})
    for way in ways:
        done = minmax_lint.convert("float.pb", dataset="data.npz", verify=True, python=tf221(), **way)
        assert (done.verdict, done.surprise, done.mode) == ("quantized", None, "int8")
        assert [one.dtype for one in done.contents.inputs] == ["int8"]
        assert done.proved
        assert done.verification is not None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"post_training": "int8"}, "ranges come from a representative dataset"),
        ({"script": "export.py"}, "converts with a representative dataset, which is not run"),
        ({"post_training": "dynamic", "engine": "toco"}, "TOCO knows only the TF1 flow"),
    ],
)
def test_from_python_a_call_that_cannot_be_made_is_the_users_error(
    words: dict[str, str], message: str, float_graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(float_graph)
    Path("export.py").write_text(SCRIPT)
    with pytest.raises(minmax_lint.UserError, match=message):
        minmax_lint.convert("float.pb", **words)


def test_lint_judges_the_tensorflow_of_the_interpreter_that_is_named(
    float_graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(float_graph)
    Path("export.py").write_text(SCRIPT)
    assert list(minmax_lint.lint("float.pb", python=tf215()).predictions) == ["toco-2.15", "mlir-2.15"]
    found = minmax_lint.lint("float.pb", python=tf215(), script="export.py")
    assert list(found.predictions) == ["mlir-2.15-int8"]
    assert list(minmax_lint.lint("float.pb", python=tf215(), converters=["mlir"]).predictions) == [
        "mlir-2.21"
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--dynamic", "--io-type", "int8"], "must be tf.float32."),
        (["--float16", "--io-type", "uint8"], "must be tf.float32."),
        (["--16x8", "--io-type", "int8"], "must be in ['tf.float32', 'tf.int16']."),
        (["--int8", "--io-type", "int16"], "Unsupported `inference_input_type` value."),
    ],
)
def test_types_of_ends_that_the_converter_refuses_are_predicted(
    words: list[str], message: str, float_graph: Path, capsys: Captured
) -> None:
    data = [] if words[0] in ("--dynamic", "--float16") else ["--calibrate", str(float_graph / "data.npz")]
    output = str(float_graph / "m.tflite")
    graph = str(float_graph / "float.pb")
    assert main(["convert", graph, *words, *data, "--output", output, "--output-format", "json"]) == 1
    conversion = json.loads(capsys.readouterr().out)["conversion"]
    assert (conversion["verdict"], conversion["surprise"]) == ("abort", None)
    assert message in conversion["message"]
    assert message in conversion["predicted"]["message"]
