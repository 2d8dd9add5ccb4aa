"""Fixed SavedModels of many makers load in TensorFlow and serve what was fixed."""

from __future__ import annotations

from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.cli import main
from minmax_lint.errors import UserError
from minmax_lint.graph.trace import trace
from minmax_lint.loaders import load
from minmax_lint.loaders.endpoints import endpoints
from minmax_lint.loaders.tflite.file import read_model

QAT = Path(__file__).parents[2] / "fixtures" / "keras" / "qat-saved_model"
RANGES = {"unsafe": True, "default_range": (-8.0, 8.0), "converters": ["mlir-v2"]}


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


def nested_modules(tf, folder):
    """Functions that call functions; one layer's function is called by two instances."""

    class Layer(tf.Module):
        def __init__(self, scale):
            super().__init__()
            self.kernel = tf.Variable(tf.eye(4) * scale, name="kernel")

        @tf.function
        def __call__(self, x):
            return tf.nn.relu6(x @ self.kernel)

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.layers = [Layer(0.5), Layer(2.0)]

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
        def serve(self, x):
            for layer in self.layers:
                x = layer(x)
            return {"y": x}

    net = Net()
    tf.saved_model.save(net, str(folder), {"serving_default": net.serve})


def keras_export(tf, folder):
    """Two outputs and a residual branch; Keras adds a second signature of its own."""
    layers = tf.keras.layers
    x = layers.Input((8, 8, 3), name="image")
    y = layers.ReLU(6.0)(layers.Conv2D(4, 3, padding="same")(x))
    y = layers.Add()([y, layers.Conv2D(4, 3, padding="same")(y)])
    pooled = layers.GlobalAveragePooling2D()(y)
    tf.keras.Model(x, [layers.Dense(2)(pooled), layers.Dense(3)(pooled)]).export(str(folder), verbose=False)


@pytest.mark.parametrize("make", [nested_modules, keras_export], ids=lambda make: make.__name__)
def test_a_fixed_model_serves_nearly_the_same_and_converts_to_integers(tf, make, tmp_path):
    make(tf, tmp_path / "model")
    minmax_lint.fix(tmp_path / "model", **RANGES).save(tmp_path / "fixed")
    before, after = (
        tf.saved_model.load(str(tmp_path / name)).signatures["serving_default"] for name in ("model", "fixed")
    )
    (spec,) = before.structured_input_signature[1].values()
    numbers = tf.random.stateless_uniform([1, *spec.shape[1:]], (1, 2), 0.0, 1.0)
    wanted, served = (one(**{spec.name: numbers}) for one in (before, after))
    assert set(wanted) == set(served)
    for key, value in wanted.items():
        tf.debugging.assert_near(value, served[key], atol=0.2)
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(tmp_path / "fixed"), signature_keys=["serving_default"]
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    assert read_model(converter.convert()).verdict("tf2") == "quantized"


@pytest.mark.parametrize("make", [nested_modules, keras_export], ids=lambda make: make.__name__)
def test_a_fixed_model_is_read_with_the_values_of_its_variables(tf, make, tmp_path):
    make(tf, tmp_path / "model")
    minmax_lint.fix(tmp_path / "model", **RANGES).save(tmp_path / "fixed")
    values = []
    for name in ("model", "fixed"):
        model = load(tmp_path / name)
        ends = endpoints(model)
        kept = trace(model.graph, ends.inputs, ends.outputs)
        variables = [node for node in kept.order if kept.graph.op(node) == "VarHandleOp"]
        values.append(sorted(str(model.variables.value(node).numpy()) for node in variables))
    assert values[0] == values[1] != []


def table_of_a_file(tf, folder):
    """One output looks words up in a file, which the SavedModel carries along."""
    words = folder.with_name("words.txt")
    words.write_text("a\nb\nc\n")

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(tf.eye(4) * 0.5, name="kernel")
            lines = tf.lookup.TextFileIndex
            reader = tf.lookup.TextFileInitializer(
                str(words), tf.string, lines.WHOLE_LINE, tf.int64, lines.LINE_NUMBER
            )
            self.table = tf.lookup.StaticVocabularyTable(reader, 1)

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, 4], tf.float32, name="x"),
                tf.TensorSpec([None], tf.string, name="word"),
            ]
        )
        def serve(self, x, word):
            return {"y": tf.nn.relu6(x @ self.kernel), "number": self.table.lookup(word)}

    net = Net()
    tf.saved_model.save(net, str(folder), {"serving_default": net.serve})
    words.unlink()


def test_tables_of_a_fixed_model_are_filled_from_its_own_files(tf, tmp_path):
    table_of_a_file(tf, tmp_path / "model")
    signature = load(tmp_path / "model").signatures["serving_default"]
    patch = minmax_lint.fix(
        tmp_path / "model",
        inputs=[signature.inputs["x"]],
        outputs=[signature.outputs["y"]],
        **RANGES,
    )
    assert patch.changes
    patch.save(tmp_path / "fixed")
    numbers, words = tf.ones([2, 4]), tf.constant(["b", "unknown"])
    served = tf.saved_model.load(str(tmp_path / "fixed")).signatures["serving_default"](x=numbers, word=words)
    assert served["number"].numpy().tolist() == [1, 3]
    tf.debugging.assert_near(served["y"], tf.fill([2, 4], 0.5), atol=0.1)
    v1 = tf.compat.v1
    with v1.Graph().as_default(), v1.Session() as session:
        meta = v1.saved_model.load(session, ["serve"], str(tmp_path / "fixed"))
        ends = meta.signature_def["serving_default"]
        feed = {ends.inputs["x"].name: numbers.numpy(), ends.inputs["word"].name: words.numpy()}
        assert session.run(ends.outputs["number"].name, feed).tolist() == [1, 3]


RANGE_WORDS = ["--unsafe-fixes", "--default-range=-8,8", "--converter", "mlir-v2", "-q"]


def test_signatures_that_stay_as_they_were_are_told(tf, tmp_path, capsys):
    class Net(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
        def half(self, x):
            return {"y": tf.nn.relu6(tf.abs(x) * 0.5)}

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
        def double(self, x):
            return {"y": tf.abs(x) * 2.0}

    net = Net()
    tf.saved_model.save(net, str(tmp_path / "model"), {"serving_default": net.half, "double": net.double})
    main(["fix", str(tmp_path / "model"), "--output", str(tmp_path / "fixed"), *RANGE_WORDS])
    assert "signature double stays as it was: convert with signature_keys=['serving_default']" in (
        capsys.readouterr().err
    )
    assert "there is also 'double'" in minmax_lint.lint(tmp_path / "model").inferred_how
    assert sorted(tf.saved_model.load(str(tmp_path / "fixed")).signatures) == ["double", "serving_default"]


def test_the_copy_of_the_default_signature_in_an_export_of_keras_is_left_out(tf, tmp_path, capsys):
    """Converters take `serving_default` alone of what `model.export` writes, and so they do of what is fixed."""
    keras_export(tf, tmp_path / "model")
    assert "serve" in tf.saved_model.load(str(tmp_path / "model")).signatures
    main(["fix", str(tmp_path / "model"), "--output", str(tmp_path / "fixed"), *RANGE_WORDS])
    assert "signature" not in capsys.readouterr().err
    assert "serve'" not in minmax_lint.lint(tmp_path / "model").inferred_how
    assert [*tf.saved_model.load(str(tmp_path / "fixed")).signatures] == ["serving_default"]


def test_a_quantized_export_of_tfmot_is_copied_as_it_is(tf, tmp_path):
    patch = minmax_lint.fix(QAT, converters=["mlir-v2"])
    assert not patch.changes
    patch.save(tmp_path / "same")
    assert (tmp_path / "same" / "saved_model.pb").read_bytes() == (QAT / "saved_model.pb").read_bytes()
    assert "serving_default" in tf.saved_model.load(str(tmp_path / "same")).signatures


def test_branches_that_read_variables_cannot_be_frozen(tf, tmp_path):
    from tests.loaders.test_control_flow import modules

    module = modules(tf)["Choice"]()
    tf.saved_model.save(module, str(tmp_path / "model"), {"serving_default": module.serve})
    patch = minmax_lint.fix(
        tmp_path / "model", converters=["mlir-v2"], unsafe=True, default_range=(-8.0, 8.0)
    )
    with pytest.raises(UserError, match="branches of 'cond' read variables"):
        patch.save(tmp_path / "fixed.pb")
