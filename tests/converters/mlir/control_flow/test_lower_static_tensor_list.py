"""Recurrent layers, map_fn and TensorArrays: the verdicts of the real converters, and what is reported of them."""

import collections
import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.converters.profile import profile
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.trace import trace
from tests.converters.predicted import predicted_of, predicted_of_kept

FIXTURES = Path(__file__).parents[4] / "fixtures" / "recurrent"
MEASURED = [
    (row["graph"], row["profile"], row["verdict"])
    for row in csv.DictReader((FIXTURES / "measured.csv").open())
]


def lint(name, *profiles):
    return minmax_lint.lint(FIXTURES / f"{name}.pb", outputs=["Identity"], converters=list(profiles))


@pytest.mark.parametrize("name", sorted({name for name, _, _ in MEASURED}))
def test_verdicts_are_those_of_the_real_converters(name):
    measured = {profile: verdict for graph, profile, verdict in MEASURED if graph == name}
    predictions = lint(name, *measured).predictions
    assert {profile: one.verdict for profile, one in predictions.items()} == measured


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gru_batch", "'tf.TensorListReserve' op requires element_shape to be static"),
        ("array_stacked_batch", "'tf.TensorListReserve' op requires element_shape to be 1D tensor"),
        ("array_growing", "failed to legalize operation 'tf.Identity'"),
        ("lstm_quantized", "We cannot duplicate the value since it's not constant."),
    ],
)
def test_an_abort_has_the_converters_own_words(name, message):
    (prediction,) = lint(name, "mlir-v2").predictions.values()
    assert (prediction.verdict, prediction.kind) == ("abort", "other")
    assert prediction.message.startswith(message)


@pytest.mark.parametrize(
    ("name", "ops"),
    [
        ("lstm", {"UNIDIRECTIONAL_SEQUENCE_LSTM": 1, "STRIDED_SLICE": 1, "FULLY_CONNECTED": 1}),
        (
            "lstm_backwards",
            {"REVERSE_V2": 1, "UNIDIRECTIONAL_SEQUENCE_LSTM": 1, "STRIDED_SLICE": 1, "FULLY_CONNECTED": 1},
        ),
        (
            "rnn",
            {
                "RESHAPE": 2,
                "WHILE": 1,
                "STRIDED_SLICE": 1,
                "FULLY_CONNECTED": 3,
                "GATHER": 1,
                "ADD": 1,
                "TANH": 1,
            },
        ),
        ("scan", {"RESHAPE": 1, "WHILE": 1, "GATHER": 1, "ADD": 1, "SLICE": 2}),
    ],
)
@pytest.mark.parametrize("profile", ["mlir-2.15-v2", "mlir-2.21-v2"])
def test_the_same_ops_stay_float(name, ops, profile):
    prediction = lint(name, profile).predictions[profile]
    assert collections.Counter(op for op, _ in prediction.float_ops) == ops


@pytest.mark.parametrize(
    ("name", "message", "advice"),
    [
        (
            "lstm_batch",
            r"the items of the list '.*lstm.*', into which a loop writes, may have an open",
            "unroll=True",
        ),
        ("lstm_quantized", r"the LSTM layer of '.*lstm.*' becomes one op", "unroll=True"),
        ("lstm", r"the LSTM layer of '.*lstm.*' becomes UNIDIRECTIONAL_SEQUENCE_LSTM", "unroll=True"),
        (
            "array_growing",
            r"loop body: '.*TensorListSetItem' writes into a list that grows",
            "another one as a Python loop",
        ),
    ],
)
def test_the_finding_names_the_layer_and_what_to_change(name, message, advice):
    report = minmax_lint.lint(
        FIXTURES / f"{name}.pb", outputs=["Identity"], converters=["mlir-v2"], select=["MM405"]
    )
    (finding,) = report.findings
    assert re.search(message, finding.message)
    assert advice in finding.advice


def test_a_batch_that_is_fixed_on_the_command_line_is_fixed():
    report = minmax_lint.lint(
        FIXTURES / "map_fn_batch.pb", inputs={"x": [1, 8, 4]}, outputs=["Identity"], converters=["mlir-v2"]
    )
    assert "FILL" not in {op for op, _ in report.predictions["mlir-2.21-v2"].float_ops}


def test_a_fused_lstm_aborts_only_between_fake_quants():
    """SplitMergedOperandsPass copies states that are equal, and can copy float constants only."""
    without_range = {"inputs": {"FakeQuantWithMinMaxVars": [1, 8, 4]}}
    graph = FIXTURES / "lstm_quantized.pb"
    for options, verdict in (({}, "abort"), (without_range, "float")):
        report = minmax_lint.lint(graph, outputs=["Identity"], converters=["mlir-2.21-v2"], **options)
        assert report.predictions["mlir-2.21-v2"].verdict == verdict


def test_constants_that_a_loop_takes_apart_are_constants():
    found = lint("gru", "mlir-2.21-v2").predictions["mlir-2.21-v2"]
    assert "UNPACK" not in {op for op, _ in found.float_ops}


def made_list(dtype, *inputs):
    """A list of these items that is stacked again."""
    b = Builder()
    b.const("shape", [2], dtype=DType.INT32)
    b.const("count", 3, dtype=DType.INT32)
    b.add("TensorListReserve", "list", *inputs, element_dtype=dtype)
    y = b.add("TensorListStack", "y", "list", "shape", element_dtype=dtype)
    return predicted_of(b, y, "mlir-2.21-v2", ())


def test_a_list_of_texts_is_refused():
    found = made_list(DType.STRING, "shape", "count")
    assert (found.verdict, found.kind) == ("abort", "other")
    assert "requires element_dtype to be" in found.message


def test_a_list_that_lacks_inputs_is_not_followed():
    assert made_list(DType.FLOAT, "shape").verdict in ("undetermined", "abort")


def stacked(declared, *behind, count=3, converter="mlir-2.21"):
    """A loop's list of three items that is stacked, as a function of a SavedModel declares it, and what reads it."""
    b = Builder()
    b.const("shape", [2], dtype=DType.INT32)
    b.const("count", count, dtype=DType.INT32)
    b.const("order", [1, 0], dtype=DType.INT32)
    b.add("TensorListReserve", "list", "shape", "count", element_dtype=DType.FLOAT)
    array = b.add(
        "TensorListStack", "stack", "list", "shape", element_dtype=DType.FLOAT, _output_shapes=[declared]
    )
    for number, op in enumerate(behind):
        inputs = {"TensorListFromTensor": "shape", "TensorListStack": "shape", "Transpose": "order"}
        types = {"element_dtype": DType.FLOAT, "T": DType.FLOAT}
        array = b.add(op, f"reader{number}", array, *filter(None, [inputs.get(op)]), **types)
    return predicted_of(b, array, converter, ())


@pytest.mark.parametrize("converter", ["mlir-2.15", "mlir-2.21"])
def test_a_stack_that_a_function_declares_of_another_shape_is_not_lowered_in_the_tf1_flow(converter):
    found = stacked((3, 2), "Relu", converter=converter)
    assert (found.verdict, found.message) == ("abort", "failed to legalize unresolved materialization")
    (cause,) = found.obstacles
    assert "is declared as 3x2, and its list becomes an array of ?x2" in cause.message
    assert cause.detail == "tf1-flow"


@pytest.mark.parametrize(
    ("declared", "behind", "converter"),
    [
        ((None, 2), ("Relu",), "mlir-2.21"),
        ((3, 2), ("Relu",), "mlir-2.21-v2"),
        ((3, 2), ("TensorListFromTensor", "TensorListStack"), "mlir-2.21"),
        ((3, 2), ("Transpose", "Transpose", "TensorListFromTensor", "TensorListStack"), "mlir-2.21"),
    ],
)
def test_a_stack_is_lowered_where_its_shape_is_that_of_its_list_or_a_list_is_made_of_it(
    declared, behind, converter
):
    assert stacked(declared, *behind, converter=converter).verdict != "abort"


@pytest.mark.parametrize(("name", "op"), [("lstm", "UNIDIRECTIONAL_SEQUENCE_LSTM"), ("gru", "GATHER")])
def test_a_saved_model_with_a_layer_of_keras_2_is_read_as_in_the_tf2_flow(name, op):
    """TF1's converter freezes the graph of another one, whose loop takes elements of an input that has a range."""
    model = minmax_lint.loaders.load(FIXTURES / f"{name}.pb")
    kept = trace(model.graph, ["x"], ["Identity"])
    for saved_model in (False, True):
        called = replace(profile("mlir-2.21"), saved_model=saved_model)
        found = predicted_of_kept(kept, called)
        assert (op in {one for one, _ in found.float_ops}) is saved_model
