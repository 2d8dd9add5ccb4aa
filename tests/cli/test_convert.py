"""`convert`: the real converters, end to end."""

from pathlib import Path

import pytest

from minmax_lint.backends.conversion import read_model
from minmax_lint.cli import main
from minmax_lint.converters.example import Net
from minmax_lint.graph.build import Builder
from minmax_lint.writers.graphdef import encode
from tests.cli.founding import BROKEN, BROKEN_FORMS
from tests.interpreters import tf215, tf218, tf221

Captured = pytest.CaptureFixture[str]


def convert(graph: str, model: Path, *options: str) -> int:
    return main(["convert", graph, "-i", "input=1,2", "-o", "output", "--output", str(model), *options])


@pytest.mark.usefixtures("warm_tensorflow")
def test_mlir_leaves_the_broken_graph_in_float(tmp_path: Path, capsys: Captured) -> None:
    model = tmp_path / "model.tflite"
    assert convert(BROKEN, model, "--python", str(tf221())) == 1
    out, err = capsys.readouterr()
    assert "not an all-integer model: 0 of 1 op integer" in out
    assert "MM101" in out
    assert f"minmax-lint convert {BROKEN}" in out
    assert "--fix" in out
    assert read_model(model).float_ops == (("FULLY_CONNECTED", "output"),)
    assert not err


@pytest.mark.usefixtures("warm_tensorflow")
@pytest.mark.parametrize(
    "graph", [form for form in BROKEN_FORMS if form.endswith(("checkpoint", "saved_model"))]
)
def test_mlir_makes_an_integer_model_of_the_fixed_graph(graph: str, tmp_path: Path, capsys: Captured) -> None:
    model = tmp_path / "model.tflite"
    assert convert(graph, model, "--fix", "--python", str(tf221())) == 0
    assert "all-integer model: 1 of 1 op integer" in capsys.readouterr().out
    assert read_model(model).output_types == ("uint8",)


@pytest.mark.usefixtures("warm_tensorflow")
def test_tocos_abort_names_the_array_and_writes_nothing(tmp_path: Path, capsys: Captured) -> None:
    model = tmp_path / "model.tflite"
    assert convert(BROKEN, model, "--engine", "toco", "--python", str(tf215())) == 1
    out = capsys.readouterr().out
    assert "TOCO of TensorFlow 2.15.1 failed" in out
    assert "the array: output" in out
    assert not model.exists()


@pytest.mark.usefixtures("warm_tensorflow")
def test_toco_makes_an_integer_model_of_the_fixed_graph(tmp_path: Path, capsys: Captured) -> None:
    model = tmp_path / "model.tflite"
    options = ("--engine", "toco", "--fix", "--input-stats", "input=0,255", "--python", str(tf215()))
    assert convert(BROKEN, model, *options) == 0
    found = read_model(model)
    assert not found.float_ops
    assert found.inputs[0].scale == pytest.approx(1 / 255)


def test_toco_asked_of_a_tensorflow_without_it(tmp_path: Path, capsys: Captured) -> None:
    assert convert(BROKEN, tmp_path / "m.tflite", "--engine", "toco", "--python", str(tf221())) == 2
    assert "--python" in capsys.readouterr().err


def test_the_tensorflow_that_converts_is_the_one_that_is_judged(tmp_path: Path, capsys: Captured) -> None:
    # A mean gets the scale of what it reads from 2.19 on.
    net = Net()
    output = net.sum(net.conv(net.image(), net.fq(net.weights(3, 3, 4, 4))), op="Mean")
    (tmp_path / "mean.pb").write_bytes(encode(net.graph()))
    words = ["-i", "input", "-o", output, "--output", str(tmp_path / "m.tflite"), "--python", str(tf218())]
    assert main(["convert", str(tmp_path / "mean.pb"), "--fix", *words]) == 1
    out = capsys.readouterr().out
    assert "MLIR of TensorFlow 2.18" in out
    assert "not an all-integer model" in out
    assert "every selected converter makes a quantized model" not in out
    assert main(["convert", str(tmp_path / "mean.pb"), "--engine", "toco", *words]) == 2
    assert "TensorFlow 2.18.1 no longer has TOCO" in capsys.readouterr().err


def test_a_variable_without_its_value_cannot_be_frozen(tmp_path: Path, capsys: Captured) -> None:
    graph = next(form for form in BROKEN_FORMS if form.endswith("eval.pb"))
    assert convert(graph, tmp_path / "m.tflite") == 2
    assert "name the checkpoint" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_time_limit_ends_the_converter(tmp_path: Path, capsys: Captured) -> None:
    assert convert(BROKEN, tmp_path / "m.tflite", "--time-limit", "0.2", "--python", str(tf221())) == 2
    assert "--time-limit" in capsys.readouterr().err


@pytest.mark.usefixtures("warm_tensorflow")
def test_a_model_that_the_interpreter_does_not_run_is_tried_and_foreseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """A uint8 convolution whose filter has a range for each channel: converted without a message, refused later."""
    monkeypatch.chdir(tmp_path)
    b = Builder()
    x = b.fake_quant("input_quant", b.placeholder("input", [1, 8, 8, 4]), -1, 1)
    low, high = (b.const(f"filter/{name}", [sign] * 4) for name, sign in (("min", -1.0), ("max", 1.0)))
    weights = b.const("filter", [0.1 * (i % 7) - 0.3 for i in range(144)], [3, 3, 4, 4])
    weights = b.add(
        "FakeQuantWithMinMaxVarsPerChannel", "filter_quant", weights, low, high, num_bits=8, narrow_range=True
    )
    y = b.add("Conv2D", "conv", x, weights, strides=[1, 1, 1, 1], padding=b"SAME", data_format=b"NHWC")
    b.fake_quant("output", y, -6, 6)
    Path("eval.pb").write_bytes(encode(b.graph()))
    words = ["convert", "eval.pb", "-o", "output", "--output", "m.tflite", "--python", str(tf221())]
    assert main(words) == 1
    out = capsys.readouterr().out
    assert "the model does not run" in out
    assert "(CONV_2D) failed to prepare" in " ".join(out.split())
    assert "minmax-lint was wrong" not in out
    for graph in ("m.tflite", "eval.pb"):
        ends = [] if graph == "m.tflite" else ["-o", "output", "--converter", "mlir"]
        main(["check", graph, *ends, "--output-format", "concise"])
        assert f"{graph}: MM406" in capsys.readouterr().out
