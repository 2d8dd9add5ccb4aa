"""Inputs and outputs: given, from a signature, or inferred."""

import pytest

from minmax_lint.converters.call import ConverterCall
from minmax_lint.errors import UnknownName, UserError
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.loaders.endpoints import endpoints, parse_input_spec
from minmax_lint.loaders.model import Model, Signature


def model(graph: Graph, *signatures: Signature) -> Model:
    return Model(None, "graphdef", graph, {signature.name: signature for signature in signatures})


def founding() -> Builder:
    b = Builder()
    b.fake_quant(
        "act_quant", b.add("Relu6", "output", b.dense("fc", b.placeholder("input", [1, 8]), 8, 4)), 0, 6
    )
    return b


def test_what_the_user_gave_is_taken_as_it_is() -> None:
    ends = endpoints(model(founding().graph()), {"input:0": (1, 8)}, ["fc:0"])
    assert (dict(ends.inputs), ends.outputs, ends.inferred, ends.how) == (
        {"input": (1, 8)},
        ("fc",),
        False,
        "",
    )


def test_a_fakequant_at_the_end_is_looked_through() -> None:
    ends = endpoints(model(founding().graph()))
    assert (dict(ends.inputs), ends.outputs) == ({"input": (1, 8)}, ("output",))
    assert ends.how == "outputs from the ends of the graph, inputs from its placeholders"


def test_a_fakequant_that_took_the_outputs_name_is_the_output() -> None:
    b = Builder()
    b.fake_quant("output", b.add("Relu6", "output/unquantized", b.placeholder("input", [1, 8])), 0, 6)
    assert endpoints(model(b.graph())).outputs == ("output",)


def test_an_identity_behind_the_fakequant_is_the_output() -> None:
    b = founding()
    b.add("Identity", "named", "act_quant")
    assert endpoints(model(b.graph())).outputs == ("named",)


def test_moving_averages_of_a_training_graph_are_no_outputs() -> None:
    b = founding()
    low = b.add("Min", "act_quant/BatchMin", "output", b.const("axes", [0, 1]))
    b.add(
        "Assign",
        "act_quant/AssignMinEma",
        b.add("VariableV2", "act_quant/min"),
        b.add("Sub", "delta", low, low),
    )
    assert endpoints(model(b.graph())).outputs == ("output",)


@pytest.mark.parametrize("op", ["Assert", "NoOp", "MergeSummary", "SaveV2", "Print"])
def test_bookkeeping_at_the_end_is_looked_through(op: str) -> None:
    b = founding()
    b.add(op, "end", "output")
    assert endpoints(model(b.graph())).outputs == ("output",)


def test_what_says_which_branch_of_a_cond_runs_is_no_output() -> None:
    b = Builder()
    training = b.placeholder("training", [], DType.BOOL)
    b.add("Switch", "cond/Switch", training, training, T=DType.BOOL)
    b.add("Identity", "cond/switch_t", "cond/Switch:1", T=DType.BOOL)
    x = b.add("Switch", "cond/x", b.placeholder("x", [1, 8]), training)
    b.add("Identity", "cond/waited_for", x)
    y = b.add("Relu", "cond/y", "cond/x:1", after=["cond/waited_for"])
    b.add("Merge", "out", y, x, N=2)
    assert endpoints(model(b.graph())).outputs == ("out",)


def test_several_outputs_come_in_file_order() -> None:
    b = founding()
    b.add("Tanh", "second", "fc")
    b.add("Sigmoid", "third", "fc")
    assert endpoints(model(b.graph())).outputs == ("output", "second", "third")


def test_only_placeholders_that_lead_to_the_outputs_are_inputs() -> None:
    b = founding()
    b.add("Tanh", "other", b.placeholder("label", [1, 4]))
    assert tuple(endpoints(model(b.graph()), outputs=["output"]).inputs) == ("input",)


def test_the_serving_signature_names_both() -> None:
    serving = Signature("serving_default", {"x": "input"}, {"y": "output"}, {"input": (1, 8)})
    other = Signature("train", {"x": "input"}, {"y": "fc"})
    ends = endpoints(model(founding().graph(), other, serving))
    assert (dict(ends.inputs), ends.outputs) == ({"input": (1, 8)}, ("output",))
    assert ends.how == "from signature 'serving_default'"
    assert endpoints(model(founding().graph(), other, serving), signature="train").outputs == ("fc",)


def test_the_signature_that_a_call_converts_is_taken() -> None:
    serving = Signature("serving_default", {"x": "input"}, {"y": "output"})
    other = Signature("train", {"x": "input"}, {"y": "fc"})
    call = ConverterCall("export.py:3", "tf2", signatures=("train",))
    known = model(founding().graph(), other, serving)
    assert endpoints(known, calls=[call]).outputs == ("fc",)
    assert endpoints(known, calls=[ConverterCall("export.py:3", "tf2")]).outputs == ("output",)


def test_signatures_of_which_none_serves_by_default_are_taken_together() -> None:
    b = founding()
    b.add("Mean", "loss", b.add("Relu", "cost", b.placeholder("labels", [1])))
    first = Signature("classify", {"x": "input"}, {"y": "fc"}, {"input": (1, 8)})
    second = Signature(
        "train", {"x": "input", "z": "labels"}, {"loss": "loss"}, {"input": (1, 8), "labels": None}
    )
    ends = endpoints(model(b.graph(), first, second))
    assert ends.inputs == {"input": (1, 8), "labels": None}
    assert ends.outputs == ("fc", "loss")
    assert ends.how == "from signatures 'classify', 'train' together: --signature names one"


def test_an_unknown_signature_is_the_users_error() -> None:
    serving = Signature("serving_default", {"x": "input"}, {"y": "output"})
    with pytest.raises(UnknownName, match=r"serving_defualt.*'serving_default'"):
        endpoints(model(founding().graph(), serving), signature="serving_defualt")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda b: None, "name it with -o NAME"),
        (lambda b: b.add("Tanh", "t", b.const("c", 1.0)), "name it with -o NAME"),
        (lambda b: b.const("c", 1.0), "it holds constants alone; freeze the model again"),
    ],
)
def test_a_graph_without_ends_asks_for_names(build, message):
    b = Builder()
    build(b)
    with pytest.raises(UserError, match=message):
        endpoints(model(b.graph()))


def test_an_output_without_placeholder_asks_for_inputs() -> None:
    b = Builder()
    b.add("Tanh", "t", b.const("c", 1.0))
    with pytest.raises(UserError, match="-i NAME=SHAPE"):
        endpoints(model(b.graph()), outputs=["t"])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("input", ("input", None)),
        ("input=1,8", ("input", (1, 8))),
        ("input=1x8", ("input", (1, 8))),
        ("input=[?, 8]", ("input", (None, 8))),
        ("input=-1,None", ("input", (None, None))),
        ("input=", ("input", ())),
    ],
)
def test_an_input_is_a_name_and_maybe_a_shape(text: str, meant: object) -> None:
    assert parse_input_spec(text) == meant


@pytest.mark.parametrize("text", ["=1,8", "input=1,eight", "input=1.5"])
def test_a_bad_input_is_the_users_error(text: str) -> None:
    with pytest.raises(UserError):
        parse_input_spec(text)


def training(logits: str = "dense/BiasAdd") -> Builder:
    """A dense layer, and the mean of a cross entropy of it."""
    b = Builder()
    b.dense("dense/BiasAdd", b.placeholder("input", (1, 8)), 8, 3)
    labels = b.placeholder("labels", (1, 3))
    loss = b.add(
        "SoftmaxCrossEntropyWithLogits",
        "xentropy",
        b.add("Reshape", "flat", logits, b.const("s", [-1, 3], dtype=DType.INT32)),
        labels,
    )
    b.add("Mean", "total_loss", loss, b.const("axes", [0], dtype=DType.INT32))
    return b


def test_of_a_training_graph_the_prediction_is_the_output() -> None:
    ends = endpoints(model(training().graph()))
    assert ends.outputs == ("dense/BiasAdd",)
    assert tuple(ends.inputs) == ("input",)
    assert "what the loss total_loss is computed from" in ends.how


def test_what_a_loss_asserts_of_its_shapes_is_no_output() -> None:
    b = training()
    b.add("Shape", "absolute_difference/assert_broadcastable/values/shape", "dense/BiasAdd")
    assert endpoints(model(b.graph())).outputs == ("dense/BiasAdd",)


def test_losses_and_metrics_beside_a_prediction_are_no_outputs() -> None:
    b = training()
    b.add("Softmax", "probabilities", "dense/BiasAdd")
    ends = endpoints(model(b.graph()))
    assert ends.outputs == ("probabilities",)
    assert "without the loss total_loss" in ends.how


def test_candidates_are_named_where_no_output_can_be_inferred() -> None:
    b = Builder()
    b.add("Softmax", "probabilities", b.const("x", [1.0, 2.0], [1, 2]))
    b.add("Mean", "loss", b.const("y", [1.0]), b.const("axes", [0], dtype=DType.INT32))
    with pytest.raises(
        UserError, match=r"-o probabilities \(Softmax, a prediction\), -o loss \(Mean, a loss\)"
    ):
        endpoints(model(b.graph()))


@pytest.mark.parametrize("outputs", [None, ["out"]])
@pytest.mark.parametrize("op", ["IteratorGetNext", "QueueDequeueManyV2"])
def test_what_an_input_pipeline_gives_is_named_as_input(op: str, outputs: list[str] | None) -> None:
    b = Builder()
    b.add(op, "next", b.add("PlaceholderWithDefault", "source", b.const("x", [1.0])))
    b.add("AddV2", "out", "next", "next:2")
    with pytest.raises(UserError, match=r"inputs with -i next=SHAPE -i next:2=SHAPE"):
        endpoints(model(b.graph()), outputs=outputs)


def test_of_a_loss_written_out_what_is_compared_with_the_labels_is_the_output() -> None:
    b = Builder()
    weights = b.add("VariableV2", "weights")
    y = b.add("Relu6", "output", b.add("MatMul", "matmul", b.placeholder("input", [1, 8]), weights))
    difference = b.add("Sub", "sub", b.fake_quant("quant", y, 0, 6), b.placeholder("actual", (1, 4)))
    loss = b.add("Mean", "Mean", b.add("Square", "square", difference), b.const("axes", [0, 1]))
    before = endpoints(model(b.graph()))
    assert before.outputs == ("Mean",), "any net may end in a mean of squares"
    b.add("Shape", "gradients/Mean_grad/Shape", loss)
    ends = endpoints(model(b.graph()))
    assert (ends.outputs, tuple(ends.inputs)) == (("output",), ("input",))
    assert "what the loss Mean is computed from" in ends.how


def test_of_a_repaired_training_graph_the_fakequant_that_took_the_outputs_name_is_the_output() -> None:
    b = Builder()
    weights = b.add("VariableV2", "weights")
    matmul = b.add("MatMul", "matmul", b.placeholder("input", [1, 8]), weights)
    y = b.fake_quant("output", b.add("Relu6", "output/unquantized", matmul), 0, 6)
    difference = b.add("Sub", "sub", y, b.placeholder("actual", (1, 4)))
    loss = b.add("Mean", "Mean", b.add("Square", "square", difference), b.const("axes", [0, 1]))
    b.add("Shape", "gradients/Mean_grad/Shape", loss)
    ends = endpoints(model(b.graph()))
    assert (ends.outputs, tuple(ends.inputs)) == (("output",), ("input",))


def call(line: int, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> ConverterCall:
    return ConverterCall(f"export.py:{line}", "tf1", inputs=dict.fromkeys(inputs), outputs=outputs)


@pytest.mark.parametrize(
    ("calls", "outputs", "how"),
    [
        ([call(3, ("input",), ("fc",))], ("fc",), "inputs and outputs from export.py:3"),
        ([call(3, (), ("fc",))], ("fc",), "outputs from export.py:3, inputs from its placeholders"),
        (
            [call(3, ("input",), ())],
            ("output",),
            "outputs from the ends of the graph, inputs from export.py:3",
        ),
        ([call(3, (), ("quant",))], ("inner/quant",), "outputs from export.py:3"),
        ([call(3, (), ("gone",))], ("output",), "export.py:3 names 'gone', which this graph does not have"),
        ([call(3, (), ("fc",)), call(9, (), ("fc",))], ("fc",), "outputs from export.py:3"),
        (
            [call(3, (), ("fc",)), call(9, (), ("output",))],
            ("output",),
            "export.py:3 and export.py:9 name different outputs: say which with -o",
        ),
    ],
)
def test_a_call_of_the_converter_names_inputs_and_outputs(calls, outputs, how) -> None:
    b = founding()
    b.fake_quant("inner/quant", "fc", 0, 6)
    ends = endpoints(model(b.graph()), calls=calls)
    assert (dict(ends.inputs), ends.outputs) == ({"input": (1, 8)}, outputs)
    assert how in ends.how


def test_what_the_user_names_comes_before_a_call() -> None:
    ends = endpoints(model(founding().graph()), outputs=["output"], calls=[call(3, ("input",), ("fc",))])
    assert (ends.outputs, ends.how) == (("output",), "inputs from export.py:3")
