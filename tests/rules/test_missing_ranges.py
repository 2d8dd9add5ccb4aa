"""Arrays without range inside the kept subgraph: one root, one finding, with what follows from it."""

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.report.report import Report
from tests.rules.linted import ALL_PROFILES, found, lint

INPUT = {"input": (1, 4)}
MLIR = [name for name in ALL_PROFILES if name.startswith("mlir")]
TOCO = [name for name in ALL_PROFILES if name.startswith("toco")]


def quantized_input(b: Builder) -> str:
    return b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)


def errors(report: Report) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.array) for finding in report.findings if finding.severity == "error"]


def test_one_missing_fake_quant_that_floats_many_ops_is_one_finding() -> None:
    b = Builder()
    x = b.add("LeakyRelu", "bare", b.fake_quant("quant", b.dense("dense", quantized_input(b), 4, 4), -2, 2))
    joined = [b.fake_quant(f"r{i}/quant", b.dense(f"r{i}", x, 4, 4), -1, 1) for i in range(12)]
    axis = b.const("axis", 1, dtype=DType.INT32)
    b.add("ConcatV2", "output", *joined, axis, N=12, Tidx=DType.INT32)
    report = lint(b, INPUT, ("output",))
    assert errors(report) == [("MM110", "bare")]
    assert set(found(report, "MM110")[0].consequences) >= {f"r{i}" for i in range(12)}


def test_every_gap_is_told_in_one_run() -> None:
    b = Builder()
    x = quantized_input(b)
    for i in range(3):
        x = b.fake_quant(f"q{i}", b.add("LeakyRelu", f"leaky{i}", b.dense(f"d{i}", x, 4, 4)), -2, 2)
    assert errors(lint(b, INPUT, (x,))) == [("MM110", f"d{i}") for i in range(3)]


def test_a_tail_is_one_finding_and_a_single_gap_before_a_softmax_is_none() -> None:
    b = Builder()
    x = b.fake_quant("quant", b.dense("dense", quantized_input(b), 4, 4), -2, 2)
    b.add("Softmax", "soft", b.dense("logits", x, 4, 4))
    b.add("LeakyRelu", "tail", b.add("Mul", "product", x, x))
    assert errors(lint(b, INPUT, ("soft",))) == [("MM110", "logits")]
    tail = lint(b, INPUT, ("tail",))
    assert errors(tail) == [("MM104", "tail")]
    assert set(found(tail, "MM104")[0].consequences) == {"product", "tail"}


def test_an_input_without_fake_quant_concerns_the_tf2_flow_alone() -> None:
    b = Builder()
    b.fake_quant("output", b.dense("dense", b.placeholder("input", [1, 4]), 4, 4), -2, 2)
    (finding,) = [finding for finding in lint(b, INPUT, ("output",)).findings if finding.severity == "error"]
    assert (finding.code, finding.array) == ("MM110", "input")
    assert finding.profiles == ("mlir-2.15-v2", "mlir-2.21-v2")
    assert "TF2 flow" in finding.advice


def residual() -> Builder:
    b = Builder()
    b.fake_quant("sum/quant", b.dense("sum", quantized_input(b), 4, 4), -4, 4)
    branch = b.fake_quant("branch/quant", b.dense("branch", "sum/quant", 4, 4), -4, 4)
    b.fake_quant("output", b.add("Add", "add", branch, "sum"), -8, 8)
    return b


def test_the_residual_bug_breaks_mlir_alone_and_is_rewired() -> None:
    (finding,) = found(lint(residual(), INPUT, ("output",)), "MM114")
    assert list(finding.profiles) == MLIR
    assert "'add' reads 'sum' around its FakeQuant 'sum/quant'" in finding.message
    assert finding.fix is not None
    assert (finding.fix.strategy, finding.fix.applicability) == ("rewire", "safe")
    assert errors(lint(residual(), INPUT, ("output",), TOCO)) == []


def test_a_gap_at_an_op_that_cannot_be_quantized_is_not_told_by_itself() -> None:
    b = Builder()
    x = quantized_input(b)
    b.fake_quant("output", b.add("LeakyRelu", "leaky", b.add("Elu", "elu", x)), -1, 1)
    assert errors(lint(b, INPUT, ("output",))) == [("MM401", "elu")]


def test_an_op_without_quantized_form_is_named_itself_and_not_the_activation_fused_into_it() -> None:
    b = Builder()
    x = quantized_input(b)
    quotient = b.add("RealDiv", "quotient", x, x)
    b.fake_quant("output", b.add("Relu", "relu", quotient), 0, 4)
    report = lint(b, INPUT, ("output",), ["toco-1.15", "mlir-2.15"])
    (finding,) = found(report, "MM401")
    assert (finding.node, finding.profiles) == ("quotient", ("toco-1.15", "mlir-2.15"))
    assert finding.message.startswith("RealDiv 'quotient' has no quantized form")


def test_an_op_is_an_error_only_for_the_converters_that_lack_it() -> None:
    b = Builder()
    b.fake_quant("output", b.add("RealDiv", "half", quantized_input(b), b.const("two", 2.0)), -1, 1)
    (finding,) = found(lint(b, INPUT, ("output",)), "MM401")
    assert finding.profiles == ("toco-1.15",)
    assert errors(lint(b, INPUT, ("output",), ["toco-2.15", "mlir-2.21"])) == []


def conv_and_norm(*, quantized_weights: bool) -> Builder:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4, 4, 2]), -1, 1)
    weights = b.const("weights", [0.5, -0.5, 0.25], [1, 1, 2, 2])
    if quantized_weights:
        weights = b.fake_quant("weights/quant", weights, -1, 1, narrow_range=True)
    y = b.add("Conv2D", "conv", x, weights, strides=[1, 1, 1, 1], padding=b"SAME", data_format=b"NHWC")
    vectors = [b.const(f"norm/{name}", 0.5, [2]) for name in ("scale", "offset", "mean", "variance")]
    b.add("FusedBatchNormV3", "norm", y, *vectors, epsilon=0.001, data_format=b"NHWC", is_training=False)
    return b


def test_a_normalization_that_is_folded_is_not_blamed_for_a_gap_behind_it() -> None:
    b = conv_and_norm(quantized_weights=False)
    x = b.add("LeakyRelu", "leaky", "norm")
    b.fake_quant("output", x, -1, 1)
    report = lint(b, {"input": (1, 4, 4, 2)}, ("output",))
    assert errors(report) == [("MM110", "norm")]


def test_a_normalization_over_quantized_weights_is_blamed_where_the_convolution_stays_float() -> None:
    b = conv_and_norm(quantized_weights=True)
    b.fake_quant("output", "norm", -1, 1)
    report = lint(b, {"input": (1, 4, 4, 2)}, ("output",), MLIR)
    assert {code for code, _ in errors(report)} == {"MM112"}
    assert found(report, "MM112")[0].node == "norm"


def test_an_op_that_tflite_has_under_another_name_is_not_called_a_custom_op() -> None:
    b = Builder()
    boxes, scores = (
        b.add("Sigmoid", f"{name}/sigmoid", b.placeholder(name, shape)) for name, shape in ENDS.items()
    )
    limits = [b.const("count", 3, dtype=DType.INT32), b.const("overlap", 0.5), b.const("least", 0.1)]
    b.add("NonMaxSuppressionV3", "output", boxes, scores, *limits)
    (finding,) = lint(
        b, {name: tuple(shape) for name, shape in ENDS.items()}, ("output",), ["mlir-int8"]
    ).findings
    assert finding.code == "MM401"
    assert finding.advice == "Instead of NonMaxSuppressionV3, end the model in front of it."


def test_of_an_op_that_tflite_lacks_the_advice_is_select_tf_ops_where_these_have_it() -> None:
    for op, has in (("Erf", True), ("TFLite_Detection_PostProcess", False)):
        b = Builder()
        b.add(op, "output", b.add("Relu", "relu", b.placeholder("input", [1, 4])))
        (finding,) = lint(b, INPUT, ("output",), ["mlir-int8"]).findings
        assert finding.code == "MM402"
        assert ("SELECT_TF_OPS" in finding.advice) == has


ENDS = {"boxes": [8, 4], "scores": [8]}
"""Inputs of a detection."""
