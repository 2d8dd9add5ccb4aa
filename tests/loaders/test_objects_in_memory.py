"""Objects in memory: what TensorFlow's users hold in their hands."""

from __future__ import annotations

import pytest

from minmax_lint.errors import UserError
from minmax_lint.loaders import load


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def quantized(tf):
    """A graph whose range is two variables, one of each kind."""
    v1 = tf.compat.v1
    graph = v1.Graph()
    with graph.as_default():
        x = v1.placeholder(tf.float32, [1, 2], name="x")
        low = v1.get_variable("low", [], initializer=v1.constant_initializer(-1.0), use_resource=False)
        high = v1.get_variable("high", [], initializer=v1.constant_initializer(3.0), use_resource=True)
        v1.get_variable("untouched", [], use_resource=False)
        tf.quantization.fake_quant_with_min_max_vars(x, low, high, name="fq")
    return graph


def test_a_graph_and_its_messages_are_read(tf, quantized):
    with quantized.as_default():
        meta_graph = tf.compat.v1.train.export_meta_graph()
    forms = {"graph": quantized, "graphdef": quantized.as_graph_def(), "metagraph": meta_graph}
    assert {form: load(source).format for form, source in forms.items()} == {form: form for form in forms}
    assert all("fq" in load(source).graph for source in forms.values())


def test_bytes_are_read(quantized):
    assert "fq" in load(quantized.as_graph_def().SerializeToString()).graph


def test_a_session_gives_values_and_its_graph_is_not_changed(tf, quantized):
    before = quantized.as_graph_def()
    with tf.compat.v1.Session(graph=quantized) as session:
        session.run([quantized.get_operation_by_name(f"{name}/Assign") for name in ("low", "high")])
        variables = load(session).variables
        assert (variables.value("low").item(), variables.value("high").item()) == (-1.0, 3.0)
        assert variables.value("untouched") is None
    assert quantized.as_graph_def() == before


def test_a_function_is_frozen_with_its_variables(tf):
    weight = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
    def function(x):
        return {"y": tf.nn.relu(x) * weight}

    for source in (function, function.get_concrete_function()):
        model = load(source)
        (signature,) = model.signatures.values()
        assert signature.input_shapes == {"x": (None, 4)}
        assert all(output in model.graph for output in signature.outputs.values())
        assert not set(model.graph.columns.ops) & {"VarHandleOp", "ReadVariableOp", "StatefulPartitionedCall"}


def test_a_keras_model_is_read(tf):
    keras = tf.keras
    model = load(keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, activation="relu")]))
    (signature,) = model.signatures.values()
    assert list(signature.input_shapes.values()) == [(None, 4)]
    assert "Relu" in model.graph.columns.ops


def test_a_keras_model_is_called_as_at_inference(tf, tmp_path):
    layers = tf.keras.layers
    random = [
        layers.RandomFlip(),
        layers.RandomRotation(0.1),
        layers.RandomContrast(0.1),
        layers.Dropout(0.1),
    ]
    net = tf.keras.Sequential([layers.Input((8, 8, 3)), *random, layers.Flatten(), layers.Dense(3)])
    net.save(tmp_path / "net.keras")
    for source in (net, tmp_path / "net.keras"):
        ops = load(source).graph.columns.ops
        assert "MatMul" in ops
        assert not [op for op in ops if "Random" in op]


def test_a_table_of_a_keras_model_is_a_table_as_in_its_saved_model(tf):
    layers = tf.keras.layers
    words = layers.StringLookup(vocabulary=["cat", "dog"])
    net = tf.keras.Sequential([layers.Input((1,), dtype="string"), words, layers.Embedding(3, 4)])
    ops = load(net).graph.columns.ops
    assert "HashTableV2" in ops
    assert "LookupTableFindV2" in ops
    assert list(ops).count("Placeholder") == 1


def test_a_keras_model_that_assigns_variables_is_read_from_its_file(tf, tmp_path):
    layers = tf.keras.layers
    net = tf.keras.Sequential([layers.Input((4, 3)), layers.GRU(2, dropout=0.1), layers.Dense(2)])
    net.save(tmp_path / "net.keras")
    with pytest.raises(UserError, match="save it"):
        load(net)
    model = load(tmp_path / "net.keras")
    assert (model.path, model.format) == (None, "keras")
    assert "AssignVariableOp" in model.graph.columns.ops
    values = [model.variables.value(name) for name in model.graph.of_ops({"VarHandleOp"})]
    assert [2, 2] in [list(value.shape) for value in values]


def test_anything_else_is_refused_with_what_can_be_given():
    with pytest.raises(UserError, match=r"builtins\.int cannot be linted; give a path"):
        load(3)
