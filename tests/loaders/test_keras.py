"""Keras files: what they would run is read as data; Keras itself loads them in a child process."""

import json
import sys
import zipfile
from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.cli import main
from minmax_lint.errors import UnreadableModel, UserError
from minmax_lint.graph.dtype import DType
from minmax_lint.loaders import load
from minmax_lint.loaders.content import Kind
from minmax_lint.loaders.keras import hdf5
from minmax_lint.loaders.keras.config import Recipe
from minmax_lint.loaders.keras.container import container
from minmax_lint.loaders.keras.file import refusal_of
from tests.interpreters import tf215

KERAS = Path(__file__).parents[2] / "fixtures" / "keras"


def layer(class_name, module=None, **config):
    return {"class_name": class_name, "module": module, "config": config}


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (layer("Conv2D", "keras.layers", name="conv"), ()),
        (layer("Functional", "keras.src.models.functional"), ()),
        (layer("Add", "keras.src.ops.numpy"), ()),
        (layer("QuantizeWrapperV2", "tensorflow_model_optimization.python.core.x"), ()),
        (layer("Foo"), ()),
        (layer("Lambda", "keras.layers", name="double"), ("Lambda layer 'double'",)),
        (layer("Custom>Lambda"), ("Custom>Lambda layer",)),
        (layer("TFSMLayer", "keras.layers", name="inner"), ("TFSMLayer layer 'inner'",)),
        (layer("Net", "mine.layers", name="net"), ("mine.layers.Net 'net'",)),
        (layer("Sequential", "keras.utils"), ("keras.utils.Sequential",)),
        ({"class_name": "function", "module": "os", "config": "system"}, ("os.system",)),
        (layer("TFOpLambda", function="math.add", name="add"), ()),
        (layer("TFOpLambda", function="load_op_library"), ("a call of tf.load_op_library",)),
        (layer("TFOpLambda", function="math.add.io"), ("a call of tf.math.add.io",)),
    ],
    ids=lambda value: value.get("class_name") if isinstance(value, dict) else None,
)
def test_what_a_recipe_would_run_is_told(one, code):
    nested = {"class_name": "Sequential", "config": {"layers": [layer("Dense", "keras.layers"), one]}}
    assert Recipe(nested, "3.0").code() == code


def recipe(path, kind):
    held = container(path, kind, sys.executable)
    assert (held.code, held.outside) == ("", "")
    return Recipe(held.config, held.version)


def test_fixtures_are_read_without_keras():
    quantized = recipe(KERAS / "qat.h5", Kind.KERAS_HDF5)
    assert (quantized.legacy, quantized.quantized, quantized.code()) == (True, True, ())
    plain = recipe(KERAS / "plain.keras", Kind.KERAS)
    assert (plain.legacy, plain.quantized, plain.code()) == (False, False, ())


@pytest.mark.parametrize(
    ("kind", "quantized"),
    [
        ("QuantizeWrapperV2", True),
        ("QuantizeLayer", True),
        ("TFMOT>QuantizeAnnotate", True),
        ("QuantizedDTypePolicy", False),
    ],
)
def test_what_keras_3_quantizes_itself_is_no_model_of_tfmot(kind, quantized):
    assert Recipe({"layers": [{"class_name": kind, "config": {}}]}, "3.5.0").quantized is quantized


def test_code_in_an_untrusted_file_is_one_line_and_nothing_runs(capsys):
    before = set(sys.modules)
    assert main(["check", str(KERAS / "lambda.keras")]) == 2
    error = capsys.readouterr().err
    assert "would run code that is not Keras' own (Lambda layer 'double'" in error
    assert "--trust" in error
    assert len([line for line in error.splitlines() if line.startswith("error")]) == 1
    assert not {"tensorflow", "keras"} & (set(sys.modules) - before)


def test_a_trusted_file_may_run_its_code():
    report = minmax_lint.lint(KERAS / "lambda.keras", trust=True)
    assert "Mul" in report.source.columns.ops


@pytest.mark.parametrize(
    ("call", "more"), [("lint", ()), ("fix", ()), ("convert", ()), ("calibrate", ("data.npz",))]
)
def test_whoever_reads_a_model_may_trust_it(call, more, monkeypatch):
    def load(source, *, trust, **options):
        raise UserError(f"trust={trust}")

    monkeypatch.setattr("minmax_lint.workflows.opened.load", load)
    with pytest.raises(UserError, match="trust=True"):
        getattr(minmax_lint, call)(KERAS / "lambda.keras", *more, trust=True)
    with pytest.raises(UserError, match="trust=False"):
        getattr(minmax_lint, call)(KERAS / "lambda.keras", *more)


def test_a_quantized_model_of_tfmot_is_read_from_both_of_its_files():
    values = []
    for name, form in (("qat.h5", "keras-h5"), ("qat.keras", "keras")):
        report = minmax_lint.lint(KERAS / name, converters=["mlir-v2"])
        assert report.format == form
        assert report.predictions["mlir-2.21-v2"].verdict == "quantized"
        assert list(report.inputs.values()) == [(None, 8, 8, 3)]
        assert any(node.endswith("quant_conv/Conv2D") for node in report.source.names)
        constants = [node.tensor() for node in report.source if node.op == "Const"]
        values.append([one.values() for one in constants if one.dtype is DType.FLOAT])
    assert values[0] == values[1]


@pytest.mark.parametrize(
    ("name", "where", "message"),
    [
        ("plain.keras", lambda: "/no/such/python", "cannot start the interpreter /no/such/python"),
        ("plain.keras", tf215, "made with Keras 3.15.1, and that is not installed here (there is Keras 2.15"),
        ("qat.h5", tf215, "made with quantize_model, and that is not installed here"),
    ],
)
def test_the_interpreter_that_loads_a_file_is_chosen(name, where, message):
    with pytest.raises(UnreadableModel) as raised:
        load(KERAS / name, python=where())
    assert message in str(raised.value)
    assert "--python" in str(raised.value)


@pytest.mark.parametrize(
    ("layer", "strip"), [("PruneLowMagnitude", "strip_pruning"), ("ClusterWeights", "strip_clustering")]
)
def test_wrappers_of_training_are_to_come_off_before_a_model_is_saved(layer, strip):
    said = refusal_of("ValueError", f"Unknown layer: {layer!r}. Please ensure", Recipe({}, "2.15.0"))
    assert f"save tfmot.{'sparsity' if layer[0] == 'P' else 'clustering'}.keras.{strip}(model)" in said


def test_a_file_of_keras_2_is_read_by_the_tensorflow_that_made_it():
    report = minmax_lint.lint(KERAS / "keras-2.h5", converters=["mlir-v2"], python=tf215())
    assert [report.source.op(name) for name in report.outputs] == ["Identity"]


def test_the_saved_model_of_the_same_net_needs_no_keras():
    report = minmax_lint.lint(KERAS / "qat-saved_model", converters=["mlir-v2"])
    assert report.predictions["mlir-2.21-v2"].verdict == "quantized"
    assert report.note == ""


def test_a_model_of_tf2_under_converters_of_the_tf1_flow_is_told_of_the_other():
    report = minmax_lint.lint(KERAS / "qat-saved_model", converters=["toco", "mlir"])
    assert "--converter mlir-v2" in report.note


def test_a_float_model_of_keras_3_is_read_and_its_fix_is_no_keras_file(tmp_path, capsys):
    assert (
        main(["check", str(KERAS / "plain.keras"), "--converter", "mlir-v2", "--output-format", "json"]) == 1
    )
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    assert [finding["code"] for finding in report["findings"]] == ["MM120"]
    assert report["predictions"]["mlir-2.21-v2"]["verdict"] == "float"


def archive(path, **members):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("_", ".") if "_" in name else name, content)
    return path


def test_broken_files_are_refused_in_one_line(tmp_path):
    nested = "[" * 200_000
    for content in ("{", nested):
        with pytest.raises(UnreadableModel, match="description is damaged"):
            load(archive(tmp_path / "broken.keras", config_json=content, metadata_json="{}"))
    whole = (KERAS / "plain.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableModel, match=r"\.keras file is damaged"):
        load(tmp_path / "cut.keras")
    (tmp_path / "cut.h5").write_bytes((KERAS / "qat.h5").read_bytes()[:300])
    with pytest.raises(UnreadableModel, match="HDF5 file is damaged"):
        load(tmp_path / "cut.h5")


def test_an_hdf5_file_in_which_the_library_runs_in_circles_is_given_up(monkeypatch):
    monkeypatch.setattr(hdf5, "TIME_LIMIT", 3.0)
    with pytest.raises(UnreadableModel, match=r"HDF5 file is damaged \(it is not read within 3 seconds\)"):
        load(KERAS.with_name("hostile") / "attributes-in-circles.h5")


def test_a_layer_beyond_all_memory_is_refused_in_one_line(tmp_path):
    source = zipfile.ZipFile(KERAS / "plain.keras")
    config = source.read("config.json").decode().replace('"units": 2', '"units": 1000000000')
    path = archive(tmp_path / "huge.keras", config_json=config, metadata_json=source.read("metadata.json"))
    with pytest.raises(UnreadableModel, match=r"OOM|memory|bad_alloc") as refused:
        load(path)
    assert "\n" not in str(refused.value)


def test_weights_alone_are_no_model(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.weights.h5", "w") as file:
        file["kernel"] = 1.0
    with pytest.raises(UnreadableModel, match="holds weights and no model"):
        load(tmp_path / "x.weights.h5")


def test_a_fixed_keras_model_goes_to_a_graph_file(tmp_path):
    from minmax_lint.errors import UserError
    from minmax_lint.graph.edit import Edit
    from minmax_lint.loaders.model import Model
    from minmax_lint.writers.write import write

    model = load(KERAS / "qat-saved_model")
    keras = Model(None, "keras", model.graph, model.signatures)
    with pytest.raises(UserError, match=r"give an --output that ends in \.pb"):
        write(keras, Edit(), tmp_path / "fixed.keras", renamed_outputs={})
    assert list(tmp_path.iterdir()) == []
