"""Fixed SavedModels of many makers load in TensorFlow and serve what was fixed."""

from __future__ import annotations

import json
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


@pytest.fixture(scope="module")
def several(tf, tmp_path_factory):
    """SavedModels of several signatures: `x * x` is integer where `square(x)` stays float; nothing makes erf one."""

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel, self.steps = tf.Variable(tf.eye(4) * 0.5), tf.Variable(0.0)

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
        def one(self, x):
            return {"y": tf.nn.relu(tf.square(x @ self.kernel))}

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
        def two(self, x):
            return {"y": tf.nn.relu6(tf.square(x @ self.kernel + 1.0))}

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
        def fine(self, x):
            return {"y": tf.nn.relu6(x @ self.kernel)}

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
        def bad(self, x):
            return {"y": tf.math.erf(x @ self.kernel)}

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
        def train(self, x):
            self.steps.assign_add(1.0)
            return {"y": tf.square(x @ self.kernel), "steps": self.steps.read_value()}

    folder, net = tmp_path_factory.mktemp("several"), Net()
    for name, signatures in {
        "default": {"serving_default": net.one, "two": net.two, "fine": net.fine, "bad": net.bad},
        "fine": {"serving_default": net.fine, "two": net.two},
        "pair": {"one": net.one, "two": net.two},
        "trains": {"serving_default": net.one, "train": net.train},
        "device": {"infer": net.one, "train": net.train},
    }.items():
        tf.saved_model.save(net, str(folder / name), signatures)
    v1 = tf.compat.v1
    with v1.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [1, 4], "x")
        ys = {
            name: tf.nn.relu(tf.square(x + number))
            for name, number in [("serving_default", 1.0), ("two", 2.0)]
        }
        builder = v1.saved_model.Builder(str(folder / "tf1"))
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            {
                name: v1.saved_model.signature_def_utils.predict_signature_def({"x": x}, {"y": y})
                for name, y in ys.items()
            },
        )
        builder.save()
    return folder


def ops_of(tf, model, key):
    """What the converter makes of one signature."""

    def samples():
        for number in range(4):
            yield key, {"x": tf.fill([1, 4], number - 1.5).numpy()}

    converter = tf.lite.TFLiteConverter.from_saved_model(str(model), signature_keys=[key])
    converter.optimizations, converter.representative_dataset = [tf.lite.Optimize.DEFAULT], samples
    return {op.name for op in read_model(converter.convert()).ops if not op.is_float} - {
        "QUANTIZE",
        "DEQUANTIZE",
    }


@pytest.mark.parametrize(
    ("model", "changed", "unchanged"),
    [
        ("default", ["two"], ["bad", "fine"]),
        ("fine", ["two"], []),
        ("pair", [], []),  # without a default signature all are one call's
        ("tf1", ["two"], []),
    ],
)
def test_every_signature_is_repaired_and_serves(tf, several, tmp_path, model, changed, unchanged):
    patch = minmax_lint.fix(several / model, converters=["mlir-int8"])
    assert [name for one in patch.others for name in one.signatures] == changed
    assert sorted(patch.unchanged) == unchanged
    patch.save(tmp_path / "fixed")
    numbers = tf.constant([[-1.0, 0.5, 1.0, 2.0]])
    before, after = (
        tf.saved_model.load(str(path)).signatures for path in (several / model, tmp_path / "fixed")
    )
    assert sorted(before) == sorted(after)
    for key in before:
        tf.debugging.assert_near(before[key](x=numbers)["y"], after[key](x=numbers)["y"])
        if key != "bad":
            assert ("MUL" in ops_of(tf, tmp_path / "fixed", key)) == (
                key != "fine" and (model, key) != ("fine", "serving_default")
            )
    again = minmax_lint.fix(tmp_path / "fixed", converters=["mlir-int8"])
    assert again.writes_nothing_new


@pytest.mark.parametrize(("model", "served"), [("trains", "serving_default"), ("device", "infer")])
def test_a_signature_that_trains_goes_on_training(tf, several, tmp_path, model, served):
    patch = minmax_lint.fix(several / model)
    assert "assigns to a variable, which a repair would end" in patch.unchanged["train"]
    patch.save(tmp_path / "fixed")
    fixed = tf.saved_model.load(str(tmp_path / "fixed")).signatures
    steps = [fixed["train"](x=tf.ones([1, 4]))["steps"].numpy() for _ in range(3)]
    assert steps == [1.0, 2.0, 3.0]
    assert "MUL" in ops_of(tf, tmp_path / "fixed", served)


@pytest.mark.parametrize(("keys", "repaired"), [(["one", "two"], ["two"]), (["two"], [])])
def test_the_signatures_that_a_script_converts_are_repaired(
    tf, several, tmp_path, monkeypatch, capsys, keys, repaired
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.py").write_text(
        "import tensorflow as tf\ndef samples():\n    yield [x]\n"
        f"for key in {keys}:\n"
        "    converter = tf.lite.TFLiteConverter.from_saved_model('pair', signature_keys=[key])\n"
        "    converter.optimizations = [tf.lite.Optimize.DEFAULT]\n"
        "    converter.representative_dataset = samples\n    converter.convert()\n"
    )
    assert main(["fix", str(several / "pair"), "--script", "export.py", "--output", "fixed"]) == 0
    said = capsys.readouterr().err
    assert ("signature two: replace" in said) == (repaired == ["two"])
    assert ("signature one stays as it was: convert with signature_keys=['two']" in said) == (keys == ["two"])
    for key in keys:
        assert "MUL" in ops_of(tf, tmp_path / "fixed", key)


def test_what_became_of_other_signatures_is_told(several, tmp_path, capsys):
    main(["fix", str(several / "default"), "--output", str(tmp_path / "fixed")])
    said = capsys.readouterr().err
    assert (
        "signature two: replace: MLIR (TF 2.21, post-training int8) goes from float to quantized. 2 changes."
        in said
    )
    assert "signature bad stays as it was: no safe repair brings" in said
    main(["fix", str(several / "default"), "--diff", "--output-format", "json", "--signature", "two"])
    alone = json.loads(capsys.readouterr().out)
    assert (alone["others"], alone["unchanged"]) == ([], {})
    main(["fix", str(several / "default"), "--diff", "--output-format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert [one["signatures"] for one in document["others"]] == [["two"]]
    assert sorted(document["unchanged"]) == ["bad", "fine"]
    assert "there is also" in minmax_lint.lint(several / "default").inferred_how


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
