"""TF2 SavedModels with If, While and Case: branches under their own names, and what the real converter makes."""

import collections
import re

import pytest

import minmax_lint
from minmax_lint.backends.conversion.run import SavedModel
from minmax_lint.backends.verification import Parties, runnable, verify
from minmax_lint.errors import UnreadableModel, UserError
from minmax_lint.loaders import load
from minmax_lint.loaders.tflite.file import read_model
from minmax_lint.ops.table import VARIABLES
from minmax_lint.schema.messages import message_class
from tests.interpreters import tf221

pytestmark = pytest.mark.usefixtures("warm_tensorflow")


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


def modules(tf):
    def quant(x, low, high):
        return tf.quantization.fake_quant_with_min_max_vars(x, low, high)

    class Choice(tf.Module):
        """Weights are captured by a branch; one branch is quantized inside, the other is not."""

        def __init__(self):
            super().__init__()
            self.w = tf.Variable(tf.ones([4, 4]) * 0.5, name="w")

        @tf.function(
            input_signature=[
                tf.TensorSpec([1, 4], tf.float32, name="x"),
                tf.TensorSpec([], tf.bool, name="flag"),
            ]
        )
        def serve(self, x, flag):
            def yes():
                product = tf.matmul(quant(x, -1.0, 1.0), quant(self.w, -1.0, 1.0), name="product")
                return quant(tf.nn.relu6(product), 0.0, 6.0)

            return {"y": quant(tf.cond(flag, yes, lambda: tf.nn.relu(x, name="other")), 0.0, 6.0)}

    class Two(tf.Module):
        """Two outputs, whose keys are in another order than their values; the product has no range."""

        def __init__(self):
            super().__init__()
            self.w = tf.Variable(tf.eye(4) * 0.5, name="w")

        @tf.function(
            input_signature=[
                tf.TensorSpec([1, 4], tf.float32, name="x"),
                tf.TensorSpec([], tf.bool, name="flag"),
            ]
        )
        def serve(self, x, flag):
            x = quant(x, -1.0, 1.0)
            chosen = quant(tf.cond(flag, lambda: x * 0.5, lambda: tf.nn.relu(x)), -1.0, 1.0)
            return {"z": chosen, "a": tf.matmul(x, quant(self.w, -1.0, 1.0), name="product")}

    class Loop(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
        def serve(self, x):
            _, x = tf.while_loop(
                lambda i, x: i < 3, lambda i, x: (i + 1, quant(tf.nn.relu6(x + 1.0), 0.0, 6.0)), [0, x]
            )
            return {"y": quant(x, 0.0, 6.0)}

    class Cases(tf.Module):
        @tf.function(
            input_signature=[
                tf.TensorSpec([1, 4], tf.float32, name="x"),
                tf.TensorSpec([], tf.int32, name="i"),
            ]
        )
        def serve(self, x, i):
            return {"y": tf.switch_case(i, [lambda: x + 1.0, lambda: tf.nn.relu(x)])}

    class Decided(tf.Module):
        """A constant makes the choice; the branch that nobody takes is float."""

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
        def serve(self, x):
            x = quant(x, -1.0, 1.0)
            taken = tf.cond(
                tf.constant(True), lambda: quant(tf.nn.relu6(x + 0.5), 0.0, 6.0), lambda: tf.exp(x)
            )
            return {"y": quant(taken, 0.0, 6.0)}

    class Unquantized(tf.Module):
        """Nothing around the loop is quantized, so no constant in its body gets a scale."""

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name="x")])
        def serve(self, x):
            def body(i, x):
                return i + 1, quant(tf.nn.relu6(quant(x, -1.0, 1.0) + 1.0), 0.0, 6.0)

            return {"y": tf.while_loop(lambda i, x: i < 3, body, [0, x])[1] > 0.5}

    return {made.__name__: made for made in (Choice, Two, Loop, Cases, Decided, Unquantized)}


@pytest.fixture(scope="module")
def folders(tf, tmp_path_factory):
    found = {}
    for name, made in modules(tf).items():
        module = made()
        found[name] = tmp_path_factory.mktemp(name)
        signatures = {"serving_default": module.serve.get_concrete_function()}
        tf.saved_model.save(module, str(found[name]), signatures)
    return found


def test_branches_are_graphs_of_their_own_under_the_authors_names(folders):
    model = load(folders["Choice"])
    ((node, branches),) = model.graph.functions.items()
    assert (node, [branch.role for branch in branches]) == ("cond", ["then branch", "else branch"])
    then, other = branches
    assert "cond/product" in then.graph
    assert list(then.inputs.values()) == ["serving_default_x"]
    assert "cond/other" in other.graph
    assert [op for op in then.graph.columns.ops if op in VARIABLES] == ["VarHandleOp"]
    assert model.variables.value("w").shape == (4, 4)


def test_a_case_has_a_branch_for_each_number(folders):
    ((_, branches),) = load(folders["Cases"]).graph.functions.items()
    assert [branch.role for branch in branches] == ["branch 0", "branch 1"]


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("Choice", "float"), ("Loop", "float"), ("Decided", "quantized"), ("Unquantized", "float")],
)
def test_the_real_converter_leaves_the_same_ops_float(tf, folders, name, verdict):
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folders[name]))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    real = read_model(converter.convert())
    ours = minmax_lint.lint(folders[name], converters=["mlir-v2"]).predictions["mlir-2.21-v2"]
    assert ours.verdict == real.verdict("tf2") == verdict
    outer = re.compile(r"\w*PartitionedCall:0")  # the call around the graph names its outputs
    names = collections.Counter(
        (op, outer.sub("Identity", output.split(";")[0])) for op, output in real.float_ops
    )
    assert collections.Counter(ours.float_ops) == names


@pytest.mark.parametrize(("name", "steps"), [("Choice", 1.01), ("Loop", 2.01), ("Two", 1.01)])
def test_a_saved_model_whose_graph_cannot_be_frozen_is_converted_and_compared_itself(folders, name, steps):
    made = minmax_lint.convert(folders[name], flow="tf2", verify=True, python=tf221())
    assert made.verdict == "float"
    assert made.surprise is None
    comparisons = list(made.verification.of("original", "model"))
    assert [one.output for one in comparisons] == list(made.report.outputs)
    assert all(one.max_error <= steps for one in comparisons)


def test_a_repaired_saved_model_is_compared_with_the_one_before_and_with_its_model(folders):
    made = minmax_lint.convert(
        folders["Two"],
        flow="tf2",
        fix=True,
        unsafe=True,
        ranges={"Identity": (-0.5, 0.5)},
        verify=True,
        python=tf221(),
    )
    assert made.patch.strategy == "insert"
    assert {(one.reference, one.value) for one in made.verification.comparisons} == {
        ("original", "fixed"), ("fixed", "model"), ("original", "model"),
    }  # fmt: skip
    assert made.verification.worst <= 1.51


def test_values_that_are_others_than_those_of_the_saved_model_are_seen(folders):
    made = minmax_lint.convert(folders["Loop"], flow="tf2", python=tf221())
    model = load(folders["Choice"])
    ends = model.signatures["serving_default"]
    shapes, outputs = dict.fromkeys(ends.inputs.values()), list(ends.outputs.values())
    choice = runnable(model, shapes, outputs, None, folders["Choice"])
    assert isinstance(choice, SavedModel)
    with pytest.raises(UserError, match="1 arrays where"):
        verify(Parties((choice, outputs), None, made.model, shapes), python=tf221())


def test_a_frozen_graph_of_other_ends_than_a_signatures_is_refused_in_one_line(folders):
    with pytest.raises(UserError, match=r"take the inputs and outputs of a signature"):
        minmax_lint.convert(folders["Choice"], outputs=["cond"], flow="tf2", python=tf221())


def test_the_real_converter_refuses_a_case_as_predicted(tf, folders):
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folders["Cases"]))
    message = minmax_lint.lint(folders["Cases"], converters=["mlir-v2"]).predictions["mlir-2.21-v2"].message
    with pytest.raises(Exception, match="neither a custom op nor a flex op") as raised:
        converter.convert()
    assert message in str(raised.value)


def test_each_branch_is_told_in_one_finding(folders):
    report = minmax_lint.lint(folders["Choice"], converters=["mlir-v2"], select=["MM405"])
    (finding,) = report.findings
    assert finding.message == (
        "'cond' keeps its branches apart (then branch: all integer; else branch: RELU 'cond/other' in float)"
    )


def recursive_saved_model(folder):
    """A While whose body is a function that runs the same While."""
    saved = message_class("SavedModel")(saved_model_schema_version=1)
    meta = saved.meta_graphs.add()
    meta.graph_def.node.add(name="x", op="Placeholder")
    call = meta.graph_def.node.add(name="call", op="PartitionedCall", input=["x"])
    call.attr["f"].func.name = "start"
    body = meta.graph_def.library.function.add()
    body.signature.name = "start"
    body.signature.input_arg.add(name="a", type=1)
    body.signature.output_arg.add(name="r", type=1)
    loop = body.node_def.add(name="loop", op="StatelessWhile", input=["a"])
    loop.attr["cond"].func.name = loop.attr["body"].func.name = "start"
    body.ret["r"] = "loop:output:0"
    signature = meta.signature_def["serving_default"]
    signature.inputs["x"].name, signature.outputs["y"].name = "x:0", "call:0"
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    return folder


def test_branches_without_end_are_refused(tmp_path):
    with pytest.raises(UnreadableModel, match=r"nested too deeply|calls itself"):
        load(recursive_saved_model(tmp_path))
