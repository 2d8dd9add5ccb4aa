"""Signatures of a SavedModel that are converted together: the model has all of them, as from_saved_model makes it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from minmax_lint.cli import main
from tests.interpreters import tf215, tf221

MODEL = """
import tensorflow as tf
class Net(tf.Module):
    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(tf.eye(4) * 0.5)
    @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
    def one(self, x):
        return {"y": tf.nn.relu(x @ self.kernel)}
    @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
    def two(self, x):
        return {"z": tf.nn.relu(tf.square(x @ self.kernel))}
net = Net()
tf.saved_model.save(net, "pair", signatures={"one": net.one, "two": net.two})
"""
SAMPLES = """
import numpy
def pairs():
    data = numpy.load("data/plain.npz")["x"]
    for x in data[:, None]:
        yield "one", {"x": x}
        yield "two", {"x": 10 * x}
def one():
    yield from (pair for pair in pairs() if pair[0] == "one")
def mappings():
    yield from ({"x": x} for _, x in [])
    yield {"x": numpy.ones([1, 4], numpy.float32)}
"""
SERVED = """
import sys, numpy, tensorflow as tf
found = tf.lite.Interpreter(model_path="model.tflite")
found.allocate_tensors()
for key in sorted(found.get_signature_list()):
    runner = found.get_signature_runner(key)
    (kind,) = {one["dtype"].__name__ for one in runner.get_input_details().values()}
    print(key, kind, *runner(x=numpy.ones([1, 4], kind)))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    numpy = pytest.importorskip("numpy")
    found = tmp_path_factory.mktemp("signatures")
    subprocess.run([tf221(), "-c", MODEL], cwd=found, capture_output=True, check=True)
    (found / "samples.py").write_text(SAMPLES)
    (found / "data").mkdir()
    data = numpy.random.RandomState(0).uniform(-1, 1, [8, 4]).astype("float32")
    numpy.savez(found / "data" / "plain.npz", x=data)
    numpy.savez(found / "data" / "arrays.npz", one_x=data, two_x=10 * data)
    numpy.savez(found / "data" / "keys.npz", **{"one/x": data, "two/x": 10 * data})
    return found


@pytest.mark.parametrize(
    ("words", "kind", "tensorflow"),
    [
        (["--dynamic"], "float32", tf221),
        (["--int8", "--calibrate", "data/plain.npz"], "float32", tf215),
        (["--int8", "--calibrate", "data/arrays.npz"], "float32", tf221),
        (["--int8", "--calibrate", "data/keys.npz", "--io-type", "int8"], "int8", tf221),
        (["--16x8", "--calibrate", "samples.py:pairs", "--fix"], "float32", tf215),
        (["--int8", "--calibrate", "samples.py:mappings"], "float32", tf221),
    ],
)
def test_the_model_has_all_signatures(words, kind, tensorflow, folder, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(folder)
    main(["convert", "pair", *words, "--output", "model.tflite", "--python", str(tensorflow())])
    said = capsys.readouterr().out
    assert "minmax-lint was wrong" not in said
    assert "MM623" not in said
    done = subprocess.run([tf221(), "-c", SERVED], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"one {kind} y", f"two {kind} z"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--calibrate", "samples.py:one"], "samples.py:one yields no samples of signature 'two'"),
        (["--calibrate", "data/plain.npz", "--verify"], "the values of several signatures are not compared"),
    ],
)
def test_what_several_signatures_cannot_have_is_said(words, message, folder, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(folder)
    assert main(["convert", "pair", "--int8", *words, "--output", "none.tflite"]) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "none.tflite").exists()


def test_a_repair_on_the_way_takes_the_dataset_of_the_conversion(folder, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    """The report itself offers that command."""
    monkeypatch.chdir(folder)
    words = ["convert", "pair", "--signature", "two", "--int8", "--calibrate", "data/plain.npz"]
    assert main([*words, "--output", "model.tflite"]) == 1
    assert "--int8 --calibrate data/plain.npz --fix" in capsys.readouterr().out
    assert main([*words, "--output", "model.tflite", "--fix"]) == 0
