"""Every type of input and output in every kind of conversion: what TF 2.15.1 and 2.21.0 make of it, measured.

A cell has the types of the model's input and output (`f` float32, `u` uint8, `i` int8, `s` int16), or the message that
ends the conversion.
"""

from __future__ import annotations

import json
import subprocess
from itertools import product
from pathlib import Path

import pytest

from minmax_lint.converters.call import BUILTINS, BUILTINS_16X8, BUILTINS_INT8, ConverterCall
from minmax_lint.loaders import load
from minmax_lint.loaders.model import Model
from minmax_lint.report.report import Report
from minmax_lint.workflows.opened import open_model
from tests.interpreters import tf215, tf221

TYPES = ("float32", "uint8", "int8", "int16")
LETTERS = {"f": "float32", "u": "uint8", "i": "int8", "s": "int16"}
MESSAGES = {
    "F.": "The inference_input_type and inference_output_type must be tf.float32.",
    "W.": "The inference_input_type and inference_output_type must be in ['tf.float32', 'tf.int16'].",
    "B.": "The inference_input_type and inference_output_type must be in ['tf.float32', 'tf.int8', 'tf.uint8'].",
    "I.": "Unsupported `inference_input_type` value. Expected to be in ('tf.uint8', 'tf.int8'), instead got tf.int16.",
    "O.": "Unsupported `inference_output_type` value. Expected to be in ('tf.uint8', 'tf.int8'), instead got tf.int16.",
    "D.": "Model input is not dequantized.",
    "E.": "Model output is not dequantized.",
    "X.": "Unsupported input type INT16",
    "Y.": "Unsupported output type INT16",
    "N.": "Quantization to 16x8-bit not yet supported for op: 'DEQUANTIZE'",
}
FLOWS = {
    "optimizations": {"optimizations": True},
    "int8": {"optimizations": True, "representative_dataset": True},
    "int8 alone": {
        "optimizations": True,
        "representative_dataset": True,
        "supported_ops": frozenset({BUILTINS_INT8}),
    },
    "16x8 alone": {
        "optimizations": True,
        "representative_dataset": True,
        "supported_ops": frozenset({BUILTINS_16X8}),
    },
    "16x8": {
        "optimizations": True,
        "representative_dataset": True,
        "supported_ops": frozenset({BUILTINS, BUILTINS_16X8}),
    },
    "nothing": {},
    "float16": {"optimizations": True, "supported_types": frozenset({"float16"})},
}
OLD, NEW = (2, 15), (2, 21)
EIGHT = "ff fu fi O.  uf uu ui O.  if iu ii O.  I. I. I. I."
EIGHT_2_15 = "ff fu fi B.  uf uu ui B.  if iu ii B.  B. B. B. B."
SIXTEEN = "ff W. W. fs  W. W. W. W.  W. W. W. W.  sf W. W. ss"
SIXTEEN_FLOAT_OUTPUT = "ff W. W. Y.  W. W. W. W.  W. W. W. W.  sf W. W. Y."
NONE = "ff F. F. F.  F. F. F. F.  F. F. F. F.  F. F. F. F."
TABLE = {
    ("trained", "optimizations", NEW): EIGHT,
    ("trained", "optimizations", OLD): EIGHT_2_15,
    ("trained", "int8", NEW): EIGHT,
    ("trained", "int8", OLD): EIGHT_2_15,
    ("trained", "int8 alone", NEW): EIGHT,
    ("trained", "int8 alone", OLD): EIGHT_2_15,
    ("trained", "16x8 alone", NEW): "N. W. W. N.  W. W. W. W.  W. W. W. W.  N. W. W. N.",
    ("trained", "16x8 alone", OLD): "N. W. W. N.  W. W. W. W.  W. W. W. W.  N. W. W. N.",
    ("trained", "16x8", NEW): SIXTEEN_FLOAT_OUTPUT,
    ("trained", "16x8", OLD): SIXTEEN_FLOAT_OUTPUT,
    ("trained", "nothing", NEW): NONE,
    ("trained", "nothing", OLD): NONE,
    ("trained", "float16", NEW): EIGHT,
    ("trained", "float16", OLD): EIGHT_2_15,
    ("float", "optimizations", NEW): NONE,
    ("float", "optimizations", OLD): NONE,
    ("float", "int8", NEW): EIGHT,
    ("float", "int8", OLD): EIGHT_2_15,
    ("float", "int8 alone", NEW): EIGHT,
    ("float", "int8 alone", OLD): EIGHT_2_15,
    ("float", "16x8 alone", NEW): SIXTEEN,
    ("float", "16x8 alone", OLD): SIXTEEN,
    ("float", "16x8", NEW): SIXTEEN,
    ("float", "16x8", OLD): SIXTEEN,
    ("float", "nothing", NEW): NONE,
    ("float", "nothing", OLD): NONE,
    ("float", "float16", NEW): NONE,
    ("float", "float16", OLD): NONE,
    # Float ops at both ends, at the output alone, and at the input alone.
    ("bare", "optimizations", NEW): "ff ff ff ff  ff ff ff ff  ff ff ff ff  ff ff ff ff",
    ("bare", "int8", NEW): EIGHT,
    ("bare", "16x8", NEW): SIXTEEN,
    ("bare output", "optimizations", NEW): "ff ff ff ff  uf uf uf uf  if if if if  I. I. I. I.",
    ("bare output", "int8", NEW): "ff fu fi ff  uf uu ui uf  if iu ii if  I. I. I. I.",
    ("bare output", "16x8", NEW): SIXTEEN_FLOAT_OUTPUT,
    ("square", "int8", NEW): "ff fu fi O.  uf uu ui O.  if iu ii O.  ff fu fi O.",
    ("square", "16x8", NEW): "ff W. W. fs  W. W. W. W.  W. W. W. W.  X. W. W. X.",
}
MODELS = """
import numpy, tensorflow as tf
quantized = tf.quantization.fake_quant_with_min_max_args
def save(name, function):
    module = tf.Module()
    kernel = module.kernel = tf.Variable(numpy.random.RandomState(0).randn(8, 4).astype("float32"))
    module.serve = tf.function(lambda x: {"y": function(x, kernel)}, input_signature=[tf.TensorSpec([1, 8])])
    tf.saved_model.save(module, name, signatures={"serving_default": module.serve})
save("trained", lambda x, w: quantized(tf.nn.relu(quantized(x, -3, 3) @ quantized(w, -2, 2, narrow_range=True)), 0, 6))
save("float", lambda x, w: tf.nn.relu(x @ w))
save("bare", lambda x, w: tf.nn.relu(quantized(x @ quantized(w, -2, 2, narrow_range=True), -6, 6)))
weights = lambda w: quantized(w, -2, 2, narrow_range=True)
save("bare output", lambda x, w: tf.square(quantized(quantized(x, -3, 3) @ weights(w), -6, 6)))
save("square", lambda x, w: tf.nn.relu(tf.square(x) @ w))
save("cosine", lambda x, w: tf.math.cos(x))
"""
REAL = """
import json, sys, numpy, tensorflow as tf
def samples():
    yield from ([x] for x in numpy.random.RandomState(0).randn(4, 1, 8).astype("float32"))
found = []
for model, calibrated, one, other in json.loads(sys.argv[1]):
    converter = tf.lite.TFLiteConverter.from_saved_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples if calibrated else None
    converter.inference_input_type, converter.inference_output_type = tf.as_dtype(one), tf.as_dtype(other)
    try:
        made = tf.lite.Interpreter(model_content=converter.convert())
        ends = made.get_input_details() + made.get_output_details()
        found.append(" ".join(end["dtype"].__name__ for end in ends))
    except ValueError as error:
        found.append(str(error))
print(json.dumps(found))
"""
ASKED_AGAIN = {
    ("trained", "optimizations", "int16", "int8"): ("I.", "B."),
    ("bare", "optimizations", "int16", "uint8"): ("ff", "B."),
    ("bare output", "optimizations", "int8", "int16"): ("if", "B."),
    ("square", "int8", "int16", "uint8"): ("fu", "B."),
    ("square", "int8", "int8", "float32"): ("if", "if"),
    ("cosine", "int8", "int16", "float32"): ("D.", "B."),
    ("cosine", "int8", "float32", "int16"): ("E.", "B."),
    ("cosine", "int8", "int8", "int16"): ("if", "B."),
}
"""Model, kind of conversion, types -> what TF 2.21 makes of it, and TF 2.15."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("ends")
    subprocess.run([tf221(), "-c", MODELS], cwd=found, capture_output=True, check=True)
    return found


def judged(model: Model, flow: str, version: tuple[int, int], one: str, other: str) -> Report:
    call = ConverterCall(
        "export.py:1",
        "tf2",
        inference_input_type=one,
        inference_output_type=other,
        every_signature=True,
        maker="saved_model",
        tensorflow=version,
        **FLOWS[flow],
    )
    return open_model(model, calls=[call]).lint()


def check(report: Report, expected: str, one: str, other: str) -> None:
    """The report says what the cell says: the message, or which of the ends that are asked for is dropped."""
    (prediction,) = report.predictions.values()
    errors = [found.message for found in report.findings if found.code in ("MM604", "MM602")]
    if expected in MESSAGES:
        assert prediction.verdict == "abort"
        assert MESSAGES[expected] in prediction.message
        return
    assert prediction.verdict != "abort"
    assert not any("ValueError" in text for text in errors)
    dropped = "".join(found.message for found in report.findings if found.code == "MM610")
    for end, asked, letter in (("input", one, expected[0]), ("output", other, expected[1])):
        assert (f"inference_{end}_type = " in dropped) == (asked != LETTERS[letter])


@pytest.mark.parametrize(("model", "flow", "version"), TABLE)
def test_every_pair_of_types(model: str, flow: str, version: tuple[int, int], folder: Path) -> None:
    loaded = load(folder / model)
    cells = TABLE[model, flow, version].split()
    for (one, other), expected in zip(product(TYPES, TYPES), cells, strict=True):
        check(judged(loaded, flow, version, one, other), expected, one, other)


@pytest.mark.parametrize(("model", "flow", "one", "other"), ASKED_AGAIN)
def test_ends_of_16_bits_where_float_ops_stand(
    model: str, flow: str, one: str, other: str, folder: Path
) -> None:
    for version, expected in zip((NEW, OLD), ASKED_AGAIN[model, flow, one, other], strict=True):
        check(judged(load(folder / model), flow, version, one, other), expected, one, other)


@pytest.mark.parametrize(("tensorflow", "place"), [(tf221, 0), (tf215, 1)])
def test_the_real_converters_answer_so(tensorflow, place: int, folder: Path) -> None:  # type: ignore[no-untyped-def]
    asked = [(model, flow == "int8", one, other) for model, flow, one, other in ASKED_AGAIN]
    words = [tensorflow(), "-c", REAL, json.dumps(asked)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    for said, expected in zip(json.loads(done.stdout), ASKED_AGAIN.values(), strict=True):
        cell = expected[place]
        assert MESSAGES[cell] in said if cell in MESSAGES else said == " ".join(map(LETTERS.get, cell))
