"""A changed TF2 SavedModel serves its change, with every loader there is."""

from __future__ import annotations

import shutil

import pytest

from minmax_lint.errors import UserError
from minmax_lint.graph.edit import Edit
from minmax_lint.loaders import load
from minmax_lint.workflows.choice import choice
from minmax_lint.writers import write
from minmax_lint.writers.kept import frozen_model
from tests.cli.founding import SAVED_MODEL

BATCH = [[1.2, -2.0, 0.25, 2.6]]
COARSER = Edit(attrs={"fq": {"num_bits": 2}})
"""Four levels over [0, 3]: 0, 1, 2 and 3."""


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def source(tf, tmp_path_factory):
    """A SavedModel whose range is captured variables."""

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.low, self.high = tf.Variable(0.0), tf.Variable(3.0)

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
        def serve(self, x):
            ranged = tf.quantization.fake_quant_with_min_max_vars(x, self.low, self.high, name="fq")
            return {"y": ranged, "sum": tf.reduce_sum(ranged, 1)}

    net, folder = Net(), tmp_path_factory.mktemp("source") / "net"
    tf.saved_model.save(net, str(folder), {"serving_default": net.serve.get_concrete_function()})
    return folder


@pytest.fixture(scope="module")
def written(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "net"
    write(load(source), COARSER, folder, renamed_outputs={})
    return folder


def rounded(tf, folder, key="y"):
    served = tf.saved_model.load(str(folder)).signatures["serving_default"]
    return served(tf.constant(BATCH))[key].numpy().ravel().tolist()


def test_an_output_keeps_the_name_that_its_author_gave_it(source):
    outputs = load(source).signatures["serving_default"].outputs
    assert sorted(outputs.values()) == ["Identity", "Identity_1"]


def test_what_is_written_is_a_model_of_tf2_still(source, written):
    assert (load(source).of_tf2, load(written).of_tf2) == (True, True)
    assert [one.name for one in choice(load(written)).profiles] == ["mlir-2.21-v2"]


def test_a_saved_model_of_tf1_is_none_of_tf2():
    assert not load(SAVED_MODEL).of_tf2


def test_tensorflow_2_serves_the_change(tf, source, written):
    assert rounded(tf, source) == pytest.approx([1.2, 0.0, 0.25, 2.6], abs=0.01)
    assert rounded(tf, written) == [1.0, 0.0, 0.0, 3.0]
    assert rounded(tf, written, "sum") == [4.0]


def test_tensorflow_1_serves_the_change(tf, written):
    v1 = tf.compat.v1
    with v1.Graph().as_default(), v1.Session() as session:
        signature = v1.saved_model.load(session, ["serve"], str(written)).signature_def["serving_default"]
        values = session.run(signature.outputs["y"].name, {signature.inputs["x"].name: BATCH})
    assert values.ravel().tolist() == [1.0, 0.0, 0.0, 3.0]


def test_the_written_model_is_read_again(written):
    model = load(written)
    assert model.graph["fq"].integer("num_bits", 8) == 2
    assert model.signatures["serving_default"].input_shapes == {"serving_default_x": (None, 4)}


def test_variables_are_copied_and_the_stale_fingerprint_is_not(source, written):
    assert not (written / "fingerprint.pb").exists()
    for part in (source / "variables").iterdir():
        assert (written / "variables" / part.name).read_bytes() == part.read_bytes()


def test_where_nothing_changes_the_folder_is_a_copy(source, tmp_path):
    write(load(source), Edit(), tmp_path / "copy", renamed_outputs={})
    files = {path.relative_to(source): path.read_bytes() for path in source.rglob("*") if path.is_file()}
    assert {n.name for n in files} >= {"saved_model.pb", "fingerprint.pb"}
    assert {n: (tmp_path / "copy" / n).read_bytes() for n in files} == files


def test_in_place_replaces_the_graph_alone(tf, source, tmp_path):
    folder = tmp_path / "net"
    shutil.copytree(source, folder)
    with pytest.raises(UserError, match="is the input"):
        write(load(folder), COARSER, folder, renamed_outputs={})
    write(load(folder), COARSER, folder, renamed_outputs={}, in_place=True)
    assert load(folder).graph["fq"].integer("num_bits", 8) == 2


def test_an_ending_asks_for_a_frozen_graph(tf, source, tmp_path):
    model = load(source)
    write(model, COARSER, tmp_path / "frozen.pb", renamed_outputs={})
    v1, signature = tf.compat.v1, model.signatures["serving_default"]
    graph_def = v1.GraphDef.FromString((tmp_path / "frozen.pb").read_bytes())
    with v1.Graph().as_default(), v1.Session() as session:
        v1.import_graph_def(graph_def, name="")
        values = session.run(f"{signature.outputs['y']}:0", {f"{signature.inputs['x']}:0": BATCH})
    assert values.ravel().tolist() == [1.0, 0.0, 0.0, 3.0]


def test_variables_that_only_python_objects_restore_are_refused(tf, tmp_path):
    keras = tf.keras
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3)])
    function = tf.function(lambda x: {"y": model(x)}).get_concrete_function(tf.TensorSpec([1, 4]))
    tf.saved_model.save(model, str(tmp_path / "keras"), {"serving_default": function})
    loaded = load(tmp_path / "keras")
    (product,) = [node.name for node in loaded.graph if node.op == "MatMul"]
    change = Edit(renamed={product: "product"})
    with pytest.raises(UserError, match=r"ends in \.pb"):
        write(loaded, change, tmp_path / "new", renamed_outputs={})
    assert [path.name for path in tmp_path.iterdir()] == ["keras"]
    write(loaded, Edit(), tmp_path / "frozen.pb", renamed_outputs={})
    assert "VarHandleOp" not in load(tmp_path / "frozen.pb").graph.columns.ops


def test_a_model_that_assigns_variables_is_not_frozen(tf, tmp_path):
    class Counter(tf.Module):
        def __init__(self):
            super().__init__()
            self.seen = tf.Variable(0.0)

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, "x")])
        def serve(self, x):
            self.seen.assign_add(1.0)
            return {"y": tf.nn.relu(x)}

    counter = Counter()
    tf.saved_model.save(counter, tmp_path / "counter", signatures={"serving_default": counter.serve})
    model = load(tmp_path / "counter")
    with pytest.raises(UserError, match=r"assigns a variable"):
        write(model, Edit(), tmp_path / "frozen.pb", renamed_outputs={})
    (signature,) = model.signatures.values()
    with pytest.raises(UserError, match=r"assigns a variable"):
        frozen_model(model, signature.input_shapes, signature.outputs.values())
