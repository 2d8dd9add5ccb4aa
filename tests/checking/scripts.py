"""What users' scripts do with a converter and `checked`, in any interpreter with TensorFlow 2.

`python scripts.py SITE_PACKAGES [NAME...]` runs them and prints, as JSON, what came of each. The packages
that minmax_lint needs beside TensorFlow are taken from SITE_PACKAGES where the interpreter has none.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import tensorflow as tf

HAS_TFMOT = importlib.util.find_spec("tensorflow_model_optimization") is not None
sys.path.append(sys.argv[1])
sys.path.insert(0, str(Path(__file__).parents[2]))

import minmax_lint  # noqa: E402 (found through the path that was just set)

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
SAVED_MODEL = str(FOUNDING / "eval-saved_model")
v1 = tf.compat.v1
WEIGHTS = np.linspace(-1, 1, 8, dtype="f4").reshape(2, 4)


def tf1_settings(converter, *, toco=False):
    converter.inference_type = tf.uint8
    converter.quantized_input_stats = {"input": (128.0, 64.0)}
    converter.experimental_new_converter = not toco
    return converter


def frozen_converter(name="eval-frozen.pb", *, toco=False):
    converter = v1.lite.TFLiteConverter.from_frozen_graph(
        str(FOUNDING / name), ["input"], ["output"], {"input": [1, 2]}
    )
    return tf1_settings(converter, toco=toco)


def session_converter(session):
    saver = v1.train.import_meta_graph(str(FOUNDING / "eval-checkpoint/model.ckpt.meta"))
    saver.restore(session, str(FOUNDING / "eval-checkpoint/model.ckpt"))
    tensor = session.graph.get_tensor_by_name
    converter = v1.lite.TFLiteConverter.from_session(session, [tensor("input:0")], [tensor("output:0")])
    return tf1_settings(converter)


class Net(tf.Module):
    """x -> FakeQuant -> MatMul -> Relu6, and the FakeQuant of the Relu6 where `inside` says."""

    def __init__(self, inside):
        super().__init__()
        self.inside = inside
        self.weights = tf.Variable(WEIGHTS)

    @tf.function(input_signature=[tf.TensorSpec([1, 2], tf.float32, "x")])
    def __call__(self, x):
        quantize = tf.quantization.fake_quant_with_min_max_args
        x = quantize(x, -2, 2)
        x = tf.matmul(x, quantize(self.weights, -1, 1, narrow_range=True))
        y = tf.nn.relu6(x)
        quantized = quantize(y, 0, 6)
        return {"y": quantized if self.inside else y}


def keras_model(inside):
    inputs = tf.keras.Input([2], batch_size=1)
    net = Net(inside)

    class Layer(tf.keras.layers.Layer):
        def call(self, x):
            return net(x)["y"]

    return tf.keras.Model(inputs, Layer()(inputs))


def saved_model(inside):
    folder = tempfile.mkdtemp()
    net = Net(inside)
    tf.saved_model.save(net, folder, signatures=net.__call__)
    return folder


def tf2_settings(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter


def functions_converter(inside):
    net = Net(inside)
    return tf2_settings(
        tf.lite.TFLiteConverter.from_concrete_functions([net.__call__.get_concrete_function()], net)
    )


def keras_converter(inside):
    return tf2_settings(tf.lite.TFLiteConverter.from_keras_model(keras_model(inside)))


def saved_model_converter(inside):
    return tf2_settings(tf.lite.TFLiteConverter.from_saved_model(saved_model(inside)))


def tf1_saved_model_converter():
    return tf1_settings(v1.lite.TFLiteConverter.from_saved_model(SAVED_MODEL))


def keras_file_converter(inside):
    """TF1's from_keras_model_file: Keras 2 must be there to read the file."""
    if tf.__version__ < "2.16":
        keras = tf.keras
    else:
        import tf_keras as keras

    class FakeQuant(keras.layers.Layer):
        """A range of [0, 6], or [-2, 2]."""

        def call(self, x):
            least, most = (0, 6) if self.name == "output" else (-2, 2)
            return tf.quantization.fake_quant_with_min_max_args(x, least, most)

    inputs = keras.Input([2], batch_size=1, name="input")
    x = FakeQuant(name="quantized")(inputs)
    x = keras.layers.Dense(4, activation="relu6", kernel_initializer="ones", name="dense")(x)
    if inside:
        x = FakeQuant(name="output")(x)
    path = str(Path(tempfile.mkdtemp()) / "model.h5")
    keras.Model(inputs, x, name="of_file").save(path)
    return tf1_settings(
        v1.lite.TFLiteConverter.from_keras_model_file(path, custom_objects={"FakeQuant": FakeQuant})
    )


def qat_model():
    """Two layers between annotated ones are left out: nothing quantizes what lies between them."""
    import tensorflow_model_optimization as tfmot
    import tf_keras as keras

    quantization = tfmot.quantization.keras
    annotate = quantization.quantize_annotate_layer
    inputs = keras.Input([8], batch_size=1)
    x = annotate(keras.layers.Dense(6, activation="relu", name="first"))(inputs)
    x = keras.layers.Dense(4, activation="relu", name="second")(x)
    x = keras.layers.Dense(4, activation="relu", name="middle")(x)
    x = annotate(keras.layers.Dense(3, name="third"))(x)
    model = quantization.quantize_apply(keras.Model(inputs, x))
    model.compile("sgd", "mse")
    model.fit(np.eye(16, 8, dtype="f4"), np.eye(16, 3, dtype="f4"), verbose=0, batch_size=1)
    return model


def qat():
    """What the lint of a trained tfmot model says, and what the converter then does."""
    model = qat_model()
    report = minmax_lint.lint(model, converters=["mlir-v2"])

    def converter():
        return tf2_settings(tf.lite.TFLiteConverter.from_keras_model(model))

    return {
        "predicted": list(report.predictions["mlir-2.21-v2"].float_ops),
        "findings": [[one.code, one.array] for one in report.findings if one.severity == "error"],
        "unfixed": outcome(converter(), allow_float=True),
        "fixed": outcome(converter(), fix=True, unsafe=True, ranges={"model/second/Relu": (0, 6)}),
    }


def twice():
    """A converter may convert again; the second time as well checked as the first."""
    converter = keras_converter(inside=True)
    return [outcome(converter), outcome(converter)]


def outcome(converter, **options):
    """What `checked(converter).convert()` comes to."""
    try:
        wrapped = minmax_lint.checked(converter, **options)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            model = wrapped.convert()
    except minmax_lint.UserError as error:
        return {"raised": type(error).__name__, "message": str(error)}
    return {
        "floats": list(wrapped.contents.float_ops),
        "outputs": list(wrapped.contents.output_types),
        "fixed": wrapped.patch is not None and not wrapped.patch.empty,
        "signatures": sorted(tf.lite.Interpreter(model_content=model).get_signature_list()),
        "worst": wrapped.verification and wrapped.verification.worst,
        "source": wrapped.verification and wrapped.verification.source,
        "unverified": wrapped.unverified,
        "warned": [
            str(one.message) for one in warned if "minmax_lint" in one.filename or "scripts" in one.filename
        ],
    }


def in_session(**options):
    with v1.Graph().as_default(), v1.Session() as session:
        return outcome(session_converter(session), **options)


def outside_session(**options):
    with v1.Graph().as_default(), v1.Session() as session:
        converter = session_converter(session)
    return outcome(converter, **options)


def with_data():
    converter = keras_converter(inside=False)
    converter.representative_dataset = lambda: ([np.ones([1, 2], "f4") * i] for i in range(3))
    return outcome(converter)


def pixels():
    """Samples of raw pixels for a net that does not scale its input."""

    @tf.function(input_signature=[tf.TensorSpec([1, 2], tf.float32, "x")])
    def net(x):
        return tf.nn.relu(tf.matmul(x, WEIGHTS))

    converter = tf2_settings(tf.lite.TFLiteConverter.from_concrete_functions([net.get_concrete_function()]))
    converter.representative_dataset = lambda: ([np.array([[0, i]], "f4")] for i in (128, 255))
    return outcome(converter)


def float_converter(**flags):
    """A net without FakeQuants; its weights are just large enough for dynamic range."""

    @tf.function(input_signature=[tf.TensorSpec([1, 32], tf.float32, "x")])
    def net(x):
        return tf.matmul(x, np.linspace(-1, 1, 1024, dtype="f4").reshape(32, 32))

    converter = tf2_settings(tf.lite.TFLiteConverter.from_concrete_functions([net.get_concrete_function()]))
    for name, value in flags.items():
        setattr(converter, name, value)
    return converter


def unsigned_converter(sample):
    """A function without its object: such a model has no signature."""
    return float_converter(representative_dataset=lambda: iter([sample]))


class Halves(tf.Module):
    """Two signatures."""

    @tf.function(input_signature=[tf.TensorSpec([1, 2], tf.float32, "x")])
    def encode(self, x):
        return {"h": tf.matmul(x, WEIGHTS)}

    @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, "h")])
    def decode(self, h):
        return {"y": tf.matmul(h, WEIGHTS.T.copy())}


def halves_converter(samples):
    folder, net = tempfile.mkdtemp(), Halves()
    tf.saved_model.save(net, folder, signatures={"encode": net.encode, "decode": net.decode})
    converter = tf2_settings(tf.lite.TFLiteConverter.from_saved_model(folder))
    converter.representative_dataset = lambda: iter(samples)
    return converter


HALVES = [("encode", {"x": np.ones([1, 2], "f4")}), ("decode", {"h": np.eye(1, 4, dtype="f4")})]


class Pair(tf.Module):
    """Inputs and outputs whose order, by signature, is not that of the model."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([1, 2], tf.float32, "zeta"),
            tf.TensorSpec([1, 2], tf.float32, "alpha"),
        ]
    )
    def __call__(self, zeta, alpha):
        quantize = tf.quantization.fake_quant_with_min_max_args
        return {"y": quantize(tf.nn.relu(quantize(zeta, -2, 2)), 0, 2), "b": quantize(alpha, -4, 4)}


def pair_converter(samples=None):
    net = Pair()
    functions = [net.__call__.get_concrete_function()]
    converter = tf2_settings(tf.lite.TFLiteConverter.from_concrete_functions(functions, net))
    converter.representative_dataset = samples
    return converter


def pair_lists():
    return ([np.full([1, 2], i / 9, "f4"), np.full([1, 2], -i / 3, "f4")] for i in range(10))


def pair_mappings():
    return ({"zeta": one, "alpha": two} for one, two in pair_lists())


def int16_converter():
    """TFLite's SQUARED_DIFFERENCE has no int16 kernel."""

    @tf.function(input_signature=[tf.TensorSpec([1, 2], tf.float32, "x")])
    def net(x):
        return tf.math.squared_difference(tf.matmul(x, WEIGHTS), tf.matmul(x, WEIGHTS[::-1]))

    converter = tf2_settings(tf.lite.TFLiteConverter.from_concrete_functions([net.get_concrete_function()]))
    converter.representative_dataset = lambda: ([np.eye(1, 2, i, dtype="f4")] for i in range(2))
    int16 = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    converter.target_spec.supported_ops = [int16]
    return converter


def far_off_converter():
    """An array with a range of 16 bits and a narrower one of 8 bits behind it, which the converter drops."""

    @tf.function(input_signature=[tf.TensorSpec([1, 2], tf.float32, "x")])
    def net(x):
        quantize = tf.quantization.fake_quant_with_min_max_args
        x = tf.matmul(quantize(x, -2, 2), quantize(WEIGHTS, -1, 1, narrow_range=True), name="first")
        x = quantize(quantize(x, -4, 4, num_bits=16), -0.5, 0.5)
        x = tf.matmul(x, quantize(WEIGHTS.T.copy(), -1, 1, narrow_range=True))
        return quantize(x, -2, 2)

    return tf2_settings(tf.lite.TFLiteConverter.from_concrete_functions([net.get_concrete_function()]))


def settings_through_the_wrapper():
    wrapped = minmax_lint.checked(functions_converter(inside=True))
    wrapped.optimizations = []
    return outcome(wrapped._checked.converter)


SCRIPTS = {
    "frozen": lambda: outcome(frozen_converter()),
    "frozen-fix": lambda: outcome(frozen_converter(), fix=True),
    "frozen-float": lambda: outcome(frozen_converter(), allow_float=True),
    "toco": lambda: outcome(frozen_converter(toco=True)),
    "toco-fix": lambda: outcome(frozen_converter(toco=True), fix=True),
    "session": in_session,
    "session-fix": lambda: in_session(fix=True),
    "session-closed": outside_session,
    "tf1-saved-model": lambda: outcome(tf1_saved_model_converter()),
    "tf1-saved-model-fix": lambda: outcome(tf1_saved_model_converter(), fix=True, source=SAVED_MODEL),
    "functions": lambda: outcome(functions_converter(inside=False)),
    "functions-fix": lambda: outcome(functions_converter(inside=False), fix=True),
    "functions-unsafe": lambda: outcome(functions_converter(inside=False), fix=True, unsafe=True),
    "functions-sound": lambda: outcome(functions_converter(inside=True)),
    "keras": lambda: outcome(keras_converter(inside=False)),
    "keras-fix": lambda: outcome(keras_converter(inside=False), fix=True),
    "keras-unsafe": lambda: outcome(keras_converter(inside=False), fix=True, unsafe=True),
    "pixels": pixels,
    "weights-alone": lambda: outcome(float_converter()),
    "float16": lambda: outcome(float_converter(target_spec=tf.lite.TargetSpec(supported_types=[tf.float16]))),
    "stats-of-tf1": lambda: outcome(float_converter(quantized_input_stats={"x": (0, 1)})),
    "unsigned": lambda: outcome(unsigned_converter({"x": np.ones([1, 32], "f4")})),
    "tuples": lambda: outcome(unsigned_converter((np.ones([1, 32], "f4"),))),
    "numbers": lambda: outcome(unsigned_converter([[[0.5] * 32]])),
    "signatures": lambda: outcome(halves_converter(HALVES)),
    "one-signature": lambda: outcome(halves_converter(HALVES[:1])),
    "unset-float": lambda: outcome(float_converter(optimizations=[])),
    "unset-allowed": lambda: outcome(float_converter(optimizations=[]), allow_float=True),
    "keras-sound": lambda: outcome(keras_converter(inside=True)),
    "saved-model": lambda: outcome(saved_model_converter(inside=False)),
    "saved-model-fix": lambda: outcome(saved_model_converter(inside=False), fix=True),
    "saved-model-unsafe": lambda: outcome(saved_model_converter(inside=False), fix=True, unsafe=True),
    "saved-model-sound": lambda: outcome(saved_model_converter(inside=True)),
    "keras-file": lambda: outcome(keras_file_converter(inside=False)),
    "keras-file-sound": lambda: outcome(keras_file_converter(inside=True), threshold=1.01),
    "post-training": with_data,
    "pair": lambda: outcome(pair_converter(), threshold=1.01),
    "pair-lists": lambda: outcome(pair_converter(pair_lists)),
    "pair-mappings": lambda: outcome(pair_converter(pair_mappings)),
    "pair-tight": lambda: outcome(pair_converter(pair_lists), threshold=0.5),
    "int16": lambda: outcome(int16_converter()),
    "int16-unverified": lambda: outcome(int16_converter(), verify=False),
    "far-off": lambda: outcome(far_off_converter()),
    "far-off-threshold": lambda: outcome(far_off_converter(), threshold=33),
    "far-off-accepted": lambda: outcome(far_off_converter(), threshold=float("inf")),
    "unverified": lambda: outcome(functions_converter(inside=True), verify=False),
    "twice": twice,
    "unset": lambda: outcome(tf.lite.TFLiteConverter.from_keras_model(keras_model(inside=True))),
    "settings": settings_through_the_wrapper,
    "no-converter": lambda: outcome(object()),
}


if HAS_TFMOT:
    SCRIPTS["qat"] = qat

if __name__ == "__main__":
    print(json.dumps({name: SCRIPTS[name]() for name in sys.argv[2:] or SCRIPTS}))
