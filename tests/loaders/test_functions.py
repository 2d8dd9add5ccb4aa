"""TF2 SavedModels: the function behind a signature is the same graph that TensorFlow's own freezing makes."""

import collections
import subprocess
import sys

import pytest

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.freeze import freeze_graph
from minmax_lint.loaders import load
from minmax_lint.loaders.savedmodel.library import Body
from minmax_lint.ops.table import VARIABLES
from minmax_lint.schema.messages import message_class

PASSES = {"Identity", "IdentityN", "NoOp", "ReadVariableOp"}


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


def nested(tf):
    """Calls in calls, a function called twice, an op of several outputs, a captured range."""

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.weights = tf.Variable(tf.reshape(tf.range(16.0), [4, 4]), name="weights")
            self.low, self.high = tf.Variable(-1.0, name="range/min"), tf.Variable(1.5, name="range/max")

        @tf.function
        def swapped(self, x):
            first, second = tf.split(x, 2, axis=1)
            return tf.nn.relu(tf.concat([second, first], 1)), second

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
        def serve(self, x):
            hidden, half = self.swapped(x @ self.weights)
            hidden, _ = self.swapped(hidden)
            ranged = tf.quantization.fake_quant_with_min_max_vars(hidden, self.low, self.high, num_bits=7)
            return {"ranged": ranged, "half": half}

    net = Net()
    return net, {"serving_default": net.serve.get_concrete_function()}


def keras_convolution(tf):
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    function = tf.function(lambda x: {"probabilities": model(x)})
    return model, {"serving_default": function.get_concrete_function(tf.TensorSpec([1, 8, 8, 3], tf.float32))}


def without_variables(tf):
    module = tf.Module()
    module.serve = tf.function(lambda x: {"y": tf.nn.relu6(x)})
    return module, {"serving_default": module.serve.get_concrete_function(tf.TensorSpec([1, 2], tf.float32))}


MODELS = {one.__name__: one for one in (nested, keras_convolution, without_variables)}


@pytest.fixture(scope="module")
def exported(tf, tmp_path_factory):
    """Model name -> folder of its SavedModel; made once."""
    folders = {}
    for name, make in MODELS.items():
        folders[name] = tmp_path_factory.mktemp(name)
        module, signatures = make(tf)
        tf.saved_model.save(module, str(folders[name]), signatures)
    return folders


def expression(graph, array, constant, memo):
    """What an array computes, as a hash, with names and pass-through ops left out."""
    name, _, port = array.partition(":")
    if (name, port) in memo:
        return memo[name, port]
    op, inputs = graph[name]
    if op in PASSES and inputs:
        found = expression(graph, inputs[0], constant, memo)
    elif op == "Const":
        found = hash(("Const", constant(name)))
    elif op == "Placeholder":
        found = hash("Placeholder")
    else:
        found = hash((op, port or "0", tuple(expression(graph, i, constant, memo) for i in inputs)))
    memo[name, port] = found
    return found


def tensorflows_expressions(tf, folder):
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    loaded = tf.saved_model.load(str(folder))
    function = convert_variables_to_constants_v2(loaded.signatures["serving_default"])
    nodes = {node.name: node for node in function.graph.as_graph_def().node}
    graph = {
        name: (node.op, [text for text in node.input if not text.startswith("^")])
        for name, node in nodes.items()
    }
    value = {
        n: tf.make_ndarray(node.attr["value"].tensor).tobytes()
        for n, node in nodes.items()
        if node.op == "Const"
    }
    names = sorted(loaded.signatures["serving_default"].structured_outputs)
    arrays = dict(zip(names, (tensor.name for tensor in function.outputs), strict=True))
    return {
        key: expression(graph, array.removesuffix(":0"), value.__getitem__, {})
        for key, array in arrays.items()
    }


@pytest.mark.parametrize("name", MODELS)
def test_every_output_computes_what_tensorflows_frozen_graph_computes(tf, exported, name):
    model = load(exported[name])
    flat = freeze_graph(model.graph, model.variables)
    graph = {node.name: (node.op, [edge.array for edge in node.inputs]) for node in flat}
    ours = {
        key: expression(graph, array, lambda n: flat[n].tensor().numpy().tobytes(), {})
        for key, array in model.signatures["serving_default"].outputs.items()
    }
    assert ours == tensorflows_expressions(tf, exported[name])


@pytest.mark.parametrize("name", MODELS)
def test_no_call_is_left_and_inputs_stand_before_their_readers(exported, name):
    graph = load(exported[name]).graph
    assert not [op for op in graph.columns.ops if op.endswith("PartitionedCall")]
    for node in graph:
        for edge in node.inputs:
            assert graph.position(edge.node) < graph.position(node.name)


def test_attributes_and_captured_ranges_are_read(exported):
    model = load(exported["nested"])
    node = model.graph["FakeQuantWithMinMaxVars"]
    assert node.integer("num_bits", 8) == 7
    values = {
        n: model.variables.value(n).values() for n in model.graph.names if model.graph.op(n) in VARIABLES
    }
    assert (values["range/min"], values["range/max"]) == ((-1.0,), (1.5,))
    assert values["weights"] == tuple(float(i) for i in range(16))


def test_layers_keep_the_names_their_author_knows(exported):
    graph = load(exported["keras_convolution"]).graph
    (relu,) = [node.name for node in graph if node.op == "Relu6"]
    assert "PartitionedCall" not in relu
    assert relu.startswith("sequential")


def test_a_function_called_twice_is_there_twice_under_two_names(exported):
    ops = collections.Counter(load(exported["nested"]).graph.columns.ops)
    assert (ops["Split"], ops["ConcatV2"], ops["Relu"]) == (2, 2, 2)


def test_a_signature_is_chosen(tf, tmp_path):
    module = tf.Module()
    module.one = tf.function(lambda x: {"y": tf.nn.relu(x)})
    module.two = tf.function(lambda x: {"y": tf.nn.elu(x)})
    spec = tf.TensorSpec([1, 2], tf.float32)
    tf.saved_model.save(
        module,
        str(tmp_path),
        {
            "serving_default": module.one.get_concrete_function(spec),
            "other": module.two.get_concrete_function(spec),
        },
    )
    assert list(load(tmp_path).signatures) == ["serving_default"]
    assert "Relu" in load(tmp_path).graph.columns.ops
    assert "Elu" not in load(tmp_path).graph.columns.ops
    assert "Elu" in load(tmp_path, signature="other").graph.columns.ops


def test_a_model_without_signature_is_refused_with_the_way_to_give_it_one(tf, tmp_path):
    net = tf.Module()
    net.predict = tf.function(lambda x: x + 1.0)
    net.predict.get_concrete_function(tf.TensorSpec([1, 4]))
    tf.saved_model.save(net, tmp_path / "net")
    with pytest.raises(
        UnreadableModel, match=r"no signature.*signatures=model\.predict\.get_concrete_function"
    ):
        load(tmp_path / "net")
    converter = tf.lite.TFLiteConverter.from_saved_model
    with pytest.raises(ValueError, match="at least one signature key"):
        converter(str(tmp_path / "net"))


def test_a_variable_that_the_saver_does_not_restore_stays_a_variable(tf, tmp_path):
    class Holder(tf.Module):
        """Its Keras 3 model keeps variables beside those that the saver knows."""

        def __init__(self):
            super().__init__()
            layers = tf.keras.layers
            self.net = tf.keras.Sequential([layers.Input((4,)), layers.Dense(3)])

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, "x")])
        def serve(self, x):
            return {"y": self.net(x)}

    holder = Holder()
    tf.saved_model.save(holder, tmp_path / "held", signatures={"serving_default": holder.serve})
    holder.net.export(tmp_path / "exported", verbose=False)
    for name, variables in (("held", 2), ("exported", 0)):
        model = load(tmp_path / name)
        graph = freeze_graph(model.graph, model.variables, restored_only=True)
        assert len(list(graph.of_ops({"VarHandleOp"}))) == variables
        content = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / name)).convert()
        ops = [one["op_name"] for one in tf.lite.Interpreter(model_content=content)._get_ops_details()]
        assert ops.count("VAR_HANDLE") == ops.count("READ_VARIABLE") == variables


def test_no_tensorflow_is_needed(exported):
    script = (
        "import sys; from minmax_lint.loaders import load; m = load(sys.argv[1]); list(m.graph);"
        "m.variables.value('range/max'); assert not {'tensorflow', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, str(exported["nested"])], check=True)


def saved_model_of(functions, folder, called="start"):
    """A SavedModel whose one output is a call of `called`; `functions`: name -> names it calls in a chain."""
    saved = message_class("SavedModel")(saved_model_schema_version=1)
    meta = saved.meta_graphs.add()
    meta.graph_def.node.add(name="x", op="Placeholder")
    call = meta.graph_def.node.add(name="call", op="PartitionedCall", input=["x"])
    call.attr["f"].func.name = called
    for name, calls in functions.items():
        body = meta.graph_def.library.function.add()
        body.signature.name = name
        body.signature.input_arg.add(name="a")
        body.signature.output_arg.add(name="r")
        last = "a"
        for i, callee in enumerate(calls):
            node = body.node_def.add(name=f"call{i}", op="PartitionedCall", input=[last])
            node.attr["f"].func.name = callee
            last = f"call{i}:output:0"
        body.node_def.add(name="end", op="Relu", input=[last])
        body.ret["r"] = "end:activations:0"
    signature = meta.signature_def["serving_default"]
    signature.inputs["x"].name, signature.outputs["y"].name = "x:0", "call:0"
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    return folder


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ({"start": ["start"]}, "calls itself"),
        ({"start": ["other"], "other": ["start"]}, "calls itself"),
        ({"start": ["gone"]}, "'gone' is not in the model's library"),
        ({f"f{i}": [f"f{i + 1}"] * 2 for i in range(40)} | {"start": ["f0"], "f40": []}, "too deeply"),
    ],
)
def test_functions_without_end_are_refused(functions, message, tmp_path):
    with pytest.raises(UnreadableModel, match=message):
        load(saved_model_of(functions, tmp_path))


def test_deeply_nested_functions_are_read(tmp_path):
    functions = {f"f{i}": [f"f{i + 1}"] for i in range(150)} | {"start": ["f0"], "f150": []}
    assert load(saved_model_of(functions, tmp_path)).graph.columns.ops.count("Relu") == 152


def test_what_a_function_waits_for_is_in_the_same_order_in_every_process():
    message = message_class("FunctionDef")()
    message.signature.name = "f"
    for number in range(50):
        message.control_ret[f"key{number}"] = f"node{number:02}"
    assert Body(message).control_results == tuple(f"node{number:02}" for number in range(50))


def test_a_colocation_group_ends_with_its_function(tmp_path):
    file = saved_model_of({"start": []}, tmp_path) / "saved_model.pb"
    saved = message_class("SavedModel").FromString(file.read_bytes())
    (end,) = saved.meta_graphs[0].graph_def.library.function[0].node_def
    end.attr["T"].type = 1
    end.attr["_class"].list.s.append(b"loc:@end/8002")
    file.write_bytes(saved.SerializeToString())
    assert load(tmp_path).graph["end"].attrs.keys() == {"T"}
