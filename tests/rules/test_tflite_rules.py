"""Rules about finished .tflite models: real ones of the MLIR converter, and small made ones."""

from dataclasses import replace
from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.converters.finished import OpInfo, TensorInfo, TFLiteModel, as_prediction
from minmax_lint.converters.kernels import refusal_of
from minmax_lint.converters.prediction import Obstacle, OpOutcome, Prediction
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.report.words import verdict_detail
from minmax_lint.reporters.finished import op_shares
from minmax_lint.reporters.terminal.finished import integer_text
from minmax_lint.rules.framework.islands import islands
from minmax_lint.rules.framework.made_example import FinishedNet
from minmax_lint.workflows.explain import spellings
from tests.rules.linted import lint

TFLITE = Path(__file__).parents[2] / "fixtures" / "tflite"
RELU = "second/Relu6;second/BiasAdd;second/Conv2D"


def codes(report):
    return [(finding.code, finding.severity) for finding in report.findings]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("gap", [("MM501", "error")]),
        ("gap-io", [("MM501", "error"), ("MM502", "info"), ("MM502", "info")]),
        ("gap-filled", []),
        ("gap-filled-io", [("MM502", "info"), ("MM502", "info")]),
    ],
)
def test_float_ops_and_float_ends_are_found(name, found):
    assert codes(minmax_lint.lint(TFLITE / f"{name}.tflite")) == found


def test_float_ops_that_feed_each_other_are_one_finding():
    (finding,) = minmax_lint.lint(TFLITE / "gap.tflite").findings
    assert finding.array == RELU
    assert [name.split(";")[0] for name in finding.consequences] == ["second/Relu6", "third/Relu6"]
    assert [(step.role, step.op) for step in finding.path] == [
        ("integer", "CONV_2D"),
        ("float", "CONV_2D"),
        ("float", "CONV_2D"),
    ]
    assert finding.message == (
        "CONV_2D 'second/Relu6' and CONV_2D 'third/Relu6' compute in float, behind the integer CONV_2D "
        "'first/Relu6'"
    )


def test_the_report_says_what_the_model_is_as_it_says_what_converters_make():
    prediction = minmax_lint.lint(TFLITE / "gap.tflite").predictions["tflite"]
    assert (prediction.verdict, prediction.integer_share) == ("float", pytest.approx(1 / 3))
    assert [op for op, _ in prediction.float_ops] == ["CONV_2D", "CONV_2D"]
    assert minmax_lint.lint(TFLITE / "gap-filled.tflite").predictions["tflite"].verdict == "quantized"


def test_rules_about_graphs_are_silent_on_a_finished_model():
    assert {finding.code[:3] for finding in minmax_lint.lint(TFLITE / "gap-io.tflite").findings} == {"MM5"}


@pytest.mark.parametrize(
    ("op", "dtype", "filter_of", "says"),
    [
        ("CONV_2D", "uint8", {"channels": 4, "scale": None}, "a uint8 filter with a scale for each channel"),
        ("DEPTHWISE_CONV_2D", "uint8", {"channels": 4, "scale": None}, "with a scale for each channel"),
        ("TRANSPOSE_CONV", "uint8", {"channels": 4, "scale": None}, "with a scale for each channel"),
        ("CONV_2D", "int8", {"channels": 4, "scale": None}, ""),
        ("CONV_2D", "uint8", {}, ""),
        (
            "CONV_2D",
            "int8",
            {"constant": False, "zero_point": 3},
            "a filter that is computed has a zero point",
        ),
        ("CONV_2D", "int8", {"constant": False, "zero_point": 0}, ""),
        ("EXP", "uint8", {}, "Type 3 is currently not supported by Exp."),
        ("REVERSE_SEQUENCE", "int8", {}, "Type 'INT8' is not supported by reverse_sequence."),
        ("TILE", "int16", {}, "Type 'INT16' is not supported by tile."),
        ("TILE", "int8", {}, ""),
    ],
)
def test_an_op_that_the_interpreter_cannot_run_is_found_in_a_finished_model(op, dtype, filter_of, says):
    x = TensorInfo("x", dtype, (1, 8, 8, 4), 0.1, 0, 0)
    weights = replace(TensorInfo("w", dtype, (4, 3, 3, 4), 0.1, 0, 1, constant=True), **filter_of)
    y = replace(x, name="y", index=2)
    assert says in refusal_of(OpInfo(op, (x, weights), (y,)))
    assert bool(refusal_of(OpInfo(op, (x, weights), (y,)))) == bool(says)


def test_separate_islands_are_separate_findings():
    net = FinishedNet(middle="float32").model()
    twice = replace(net, ops=(*net.ops, *(op._replace(subgraph=1) for op in net.ops)))
    assert [[op.name for op in island.ops] for island in islands(twice)] == [["ADD"], ["ADD"]]


def source_report(*obstacles, ops=()):
    """The report on a graph whose prediction has these obstacles."""
    report = minmax_lint.lint(TFLITE / "gap.pb", outputs=["third/act_quant"], converters=["mlir"])
    prediction = Prediction("mlir-2.21", "float", ops=tuple(ops), obstacles=obstacles)
    return replace(report, predictions={"mlir-2.21": prediction}, findings=())


def test_the_source_graph_explains_a_float_op_by_the_names_in_its_tensor():
    obstacle = Obstacle("no-range", "second/Relu6", "second/Relu6", "'second/Relu6' has no range")
    (finding,) = minmax_lint.lint(TFLITE / "gap.tflite", made_from=source_report(obstacle)).findings
    assert finding.message.endswith(f"the cause in {TFLITE / 'gap.pb'}: 'second/Relu6' has no range")


def test_an_op_whose_name_the_converter_changed_is_found_by_its_place():
    elsewhere = OpOutcome("CONV_2D", "other", ("other",), integer=False)
    obstacle = Obstacle("no-range", "far", "far", "'far' has no range", consequences=("other",))
    report = source_report(obstacle, ops=[elsewhere])
    (finding,) = minmax_lint.lint(TFLITE / "gap.tflite", made_from=report).findings
    assert "'far' has no range" in finding.message


def test_a_source_graph_that_explains_nothing_leaves_the_finding_as_it_is():
    (alone,) = minmax_lint.lint(TFLITE / "gap.tflite").findings
    (with_source,) = minmax_lint.lint(TFLITE / "gap.tflite", made_from=source_report()).findings
    assert with_source.message == alone.message


@pytest.mark.parametrize(
    ("net", "code"), [(FinishedNet(middle="float32"), "MM501"), (FinishedNet(ends="float32"), "MM502")]
)
def test_examples_hold_the_graph_that_the_model_shows(net, code):
    example = net.example()
    assert example.finished is not None
    assert {op.name for op in example.finished.ops} - {"QUANTIZE", "DEQUANTIZE"} <= set(
        example.graph.columns.ops
    )


@pytest.mark.parametrize(
    ("model", "graph", "output", "code"),
    [
        ("tflite/gap.tflite", "tflite/gap.pb", "third/act_quant", "MM110"),
        ("tflite/gap-io.tflite", "tflite/gap.pb", "third/act_quant", "MM110"),
    ],
)
def test_the_prediction_for_the_source_graph_explains_the_real_model(model, graph, output, code):
    fixtures = TFLITE.parent
    flow = "mlir-v2" if "-io" in model else "mlir"
    made_from = minmax_lint.lint(fixtures / graph, outputs=[output], converters=[flow])
    report = minmax_lint.lint(fixtures / model, made_from=made_from, select=["MM501"])
    (finding,) = report.findings
    assert f"({code}): array 'second/Relu6' has no range" in finding.message


@pytest.mark.parametrize(
    ("tensor", "names"),
    [
        ("StatefulPartitionedCall", ["Identity"]),
        ("StatefulPartitionedCall_1:2", ["Identity_2", "StatefulPartitionedCall_1:"]),
        ("model/dense/MatMul_11", ["model/dense/MatMul_1", "model/dense/MatMul_"]),
        ("while/add", []),
    ],
)
def test_a_tensor_of_a_saved_models_conversion_is_looked_for_under_these_names(tensor, names):
    assert list(spellings(tensor)) == names


def reshaped(dtype: str) -> TFLiteModel:
    """A RESHAPE whose sizes a SHAPE and a PACK compute, as Keras writes Flatten for an unknown batch."""
    scale = None if dtype == "float32" else 0.1
    x, y = (TensorInfo(name, dtype, (1, 4), scale, None, i) for i, name in enumerate(("input", "flat")))
    size, sizes = TensorInfo("size", "int32", (2,), index=2), TensorInfo("sizes", "int32", (2,), index=3)
    ops = (
        OpInfo("SHAPE", (x,), (size,)),
        OpInfo("PACK", (size,), (sizes,)),
        OpInfo("RESHAPE", (x, sizes), (y,)),
    )
    return TFLiteModel(ops, (x,), (y,), 100)


@pytest.mark.parametrize(
    ("dtype", "verdict"), [("int8", "1 of 1 op integer"), ("float32", "0 of 1 op integer")]
)
def test_every_report_counts_the_ops_that_compute_on_real_values_alone(dtype, verdict):
    model = reshaped(dtype)
    prediction = as_prediction(model)
    assert integer_text(model) == verdict
    assert verdict_detail(prediction).startswith(verdict)
    assert {share.op: share.uncounted for share in op_shares(model)} == {
        "SHAPE": "1 not counted: no real values",
        "PACK": "1 not counted: no real values",
        "RESHAPE": "",
    }
    assert [[op.name for op in island.ops] for island in islands(model)] == (
        [] if dtype == "int8" else [["RESHAPE"]]
    )


@pytest.mark.parametrize("flow", ["mlir-2.21-int8", "mlir-2.21-dynamic"])
def test_a_graph_is_counted_as_the_model_that_is_made_of_it(flow):
    b = Builder()
    x = b.placeholder("input", [None, 2, 2])
    size = b.add("Shape", "size", x, T=DType.FLOAT)
    batch = b.add(
        "StridedSlice",
        "batch",
        size,
        *(b.const(n, [v], dtype=DType.INT32) for n, v in (("from", 0), ("to", 1), ("by", 1))),
        shrink_axis_mask=1,
        T=DType.INT32,
    )
    sizes = b.add("Pack", "sizes", batch, b.const("four", 4, dtype=DType.INT32), N=2, T=DType.INT32)
    y = b.add("Reshape", "flat", x, sizes)
    report = lint(b, {"input": (None, 2, 2)}, (y,), [flow])
    assert report.predictions[flow].computing == 1
