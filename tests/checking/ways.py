"""What each way of asking says of the same QAT networks: `python ways.py SITE_PACKAGES` prints it as JSON."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras

sys.path.append(sys.argv[1])
sys.path.insert(0, str(Path(__file__).parents[2]))

import minmax_lint
from minmax_lint.assertion import assert_quantizable
from minmax_lint.cli import main

PROFILE = "mlir-2.21-v2"
layers = tf_keras.layers
quantize = tfmot.quantization.keras


def whole():
    """Every layer is quantized; max pooling has attributes that a SavedModel leaves out."""
    parts = [
        layers.Conv2D(4, 3, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(3),
    ]
    return quantize.quantize_model(tf_keras.Sequential([layers.Input((8, 8, 2)), *parts]))


def partly():
    """The convolution alone is quantized: what follows stays float."""
    convolution = quantize.quantize_annotate_layer(layers.Conv2D(4, 3))
    parts = [convolution, layers.Flatten(), layers.Dense(3), layers.Softmax()]
    return quantize.quantize_apply(tf_keras.Sequential([layers.Input((8, 8, 2)), *parts]))


def answer(predicted, codes):
    """What is compared: the verdict, the float ops by name, and the rules that find something in the graph."""
    verdict, floats = predicted
    return [verdict, sorted(floats), sorted({code for code in codes if not code.startswith("MM6")})]


def of_report(report):
    made = report.predictions[PROFILE]
    return answer((made.verdict, [op for op, _ in made.float_ops]), [one.code for one in report.findings])


def of_checked(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    checked = minmax_lint.checked(converter, verify=False)
    try:
        checked.convert()
    except minmax_lint.CheckFailed:
        assert checked.contents.verdict("tf2") == "float"
    else:
        assert checked.contents.verdict("tf2") == "quantized"
    return of_report(checked.report)


def of_command_line(folder):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        main(["check", folder, "--isolated", "--output-format", "json"])
    (report,) = json.loads(out.getvalue())["reports"]
    made = report["predictions"][PROFILE]
    floats = [op for op, _ in made["float_ops"]]
    return answer((made["verdict"], floats), [one["code"] for one in report["findings"]])


def of_assertion(source):
    try:
        return of_report(assert_quantizable(source))
    except AssertionError as error:
        if f"{PROFILE} is float" not in str(error):
            raise
        return of_report(minmax_lint.lint(source))


def ways(model, folder):
    tf.saved_model.save(model, folder)
    lite = tf.lite.TFLiteConverter
    return {
        "lint, Keras object": of_report(minmax_lint.lint(model)),
        "lint, SavedModel": of_report(minmax_lint.lint(folder)),
        "checked, Keras object": of_checked(lite.from_keras_model(model)),
        "checked, SavedModel": of_checked(lite.from_saved_model(folder)),
        "check": of_command_line(folder),
        "assert_quantizable, Keras object": of_assertion(model),
        "assert_quantizable, SavedModel": of_assertion(folder),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)  # no configuration is near
        print(json.dumps({make.__name__: ways(make(), make.__name__) for make in (whole, partly)}))
