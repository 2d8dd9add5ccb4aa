"""The advice for an array or weights without FakeQuant fits the tool that put in the others."""

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from tests.rules.linted import found, lint

QUANTIZERS = {
    "tfmot": ("model/quant_dense/LastValueQuant/q", "model/quant_dense/MovingAvgQuantize/q"),
    "contrib": ("dense/weights_quant/q", "dense/act_quant/q"),
    "by hand": ("weights_quant", "quant"),
}
ADVICE = {
    (
        "tfmot",
        "quant_plain",
    ): "The QuantizeConfig of layer 'plain' leaves its {what} out: return a quantizer in {method}",
    (
        "tfmot",
        "plain",
    ): "Annotate layer 'plain' with tfmot's quantize_annotate_layer, or quantize the whole model",
    ("contrib", "plain"): "rite the layer as tf.contrib.quantize knows it (a convolution or matrix product",
    ("by hand", "plain"): "Put a FakeQuant behind {place} in the model code, and train again.",
}
METHODS = {"weights": "get_weights_and_quantizers", "output": "get_output_quantizers"}


def net(tool: str, layer: str, what: str) -> tuple[Builder, str]:
    """A layer that the tool quantized in front of one whose weights, or output, have no FakeQuant."""
    b = Builder()
    weights, output = QUANTIZERS[tool]
    x = b.fake_quant("input_quant", b.placeholder("input", [1, 4]), -1, 1)
    first = b.add(
        "MatMul", "model/quant_dense/MatMul", x, b.fake_quant(weights, b.const("w", [0.5], [4, 4]), -1, 1)
    )
    x = b.fake_quant(output, first, -4, 4)
    plain = b.const("v", [0.5], [4, 4])
    if what == "output":
        plain = b.fake_quant("v_quant", plain, -1, 1)
    y = b.add("MatMul", f"model/{layer}/MatMul", x, plain)
    if what == "weights":
        y = b.fake_quant(f"model/{layer}/y_quant", y, -4, 4)
    return b, b.fake_quant("end_quant", b.add("Tanh", "end", y), -1, 1)


@pytest.mark.parametrize("what", METHODS)
@pytest.mark.parametrize(("tool", "layer"), ADVICE)
def test_the_advice_is_for_the_tool_that_made_the_other_fake_quants(tool: str, layer: str, what: str) -> None:
    b, output = net(tool, layer, what)
    report = lint(b, {"input": (1, 4)}, (output,), ["mlir-2.21-v2"])
    (finding,) = found(report, "MM111" if what == "weights" else "MM110")
    place = "the weights" if what == "weights" else f"'model/{layer}/MatMul'"
    assert ADVICE[tool, layer].format(what=what, method=METHODS[what], place=place) in finding.advice


@pytest.mark.parametrize(
    ("layer", "finding"),
    [
        ("net/random_flip_1", "MM130"),
        ("data_augmentation", "MM130"),
        ("net/data_augmentation/rand_augment", "MM130"),
        ("vae/sampling", "MM402"),
        ("vae/random_normal", "MM402"),
    ],
)
@pytest.mark.parametrize("converter", ["mlir-2.21-v2", "mlir-2.21-int8"])
def test_a_layer_that_augments_data_is_no_custom_op_but_a_wrong_export(
    layer: str, finding: str, converter: str
) -> None:
    b = Builder()
    seed = b.add(
        "StatelessRandomGetKeyCounter", f"{layer}/seed", b.const("number", [1, 2], dtype=DType.INT32)
    )
    y = b.add("Mul", "y", b.placeholder("input", [1, 4]), b.add("Cast", "cast", seed, SrcT=DType.UINT64))
    report = lint(b, {"input": (1, 4)}, (y,), [converter])
    assert "StatelessRandomGetKeyCounter" in (report.predictions[converter].message or "")
    (one,) = found(report, finding)
    assert one.severity == "error"
    assert ("from_keras_model" in (one.advice or "")) == (finding == "MM130")
    assert one.fix is None


@pytest.mark.parametrize(
    ("other", "errors", "warnings"),
    [("net/random_hue/adjust", {"MM130"}, set()), ("net/adjust", {"MM402"}, {"MM130"})],
)
def test_every_op_of_a_layer_that_augments_data_has_that_cause(
    other: str, errors: set[str], warnings: set[str]
) -> None:
    b = Builder()
    image = b.placeholder("input", [1, 4, 4, 3])
    random = b.add("RandomUniform", "net/random_hue/random", b.const("shape", [1], dtype=DType.INT32))
    y = b.add("AdjustHue", other, image, b.add("Reshape", "scalar", random, b.const("none", [], [0])))
    report = lint(b, {"input": (1, 4, 4, 3)}, (y,), ["mlir-2.21-int8"])
    assert "AdjustHue" in (report.predictions["mlir-2.21-int8"].message or "")
    assert {one.code for one in report.findings if one.severity == "error"} == errors
    assert {one.code for one in report.findings if one.severity == "warning"} == warnings


@pytest.mark.parametrize(("profiles", "offered"), [(["mlir-2.21-v2"], True), (["mlir-2.21"], False)])
def test_where_a_dataset_gives_the_range_too_the_advice_says_so(profiles: list[str], offered: bool) -> None:
    b, output = net("by hand", "plain", "output")
    (finding,) = found(lint(b, {"input": (1, 4)}, (output,), profiles), "MM110")
    assert ("--converter mlir-int8" in finding.advice) == offered
    assert (
        lint(b, {"input": (1, 4)}, (output,), ["mlir-2.21-int8"]).predictions["mlir-2.21-int8"].verdict
        == "quantized"
    )


@pytest.mark.parametrize(("outputs", "codes"), [(["infer", "train"], []), (["train"], ["MM130"])])
def test_a_signature_that_trains_beside_one_that_does_not_is_meant(
    outputs: list[str], codes: list[str]
) -> None:
    b = Builder()
    x = b.placeholder("input", [1, 4])
    variable = b.add("VarHandleOp", "variable", dtype=DType.FLOAT, shape=(1, 4), shared_name=b"variable")
    read = b.add("ReadVariableOp", "read", variable, dtype=DType.FLOAT)
    b.add("Relu", "infer", b.add("Add", "add", x, read))
    b.add("AssignSubVariableOp", "step", variable, x, dtype=DType.FLOAT)
    b.add("Identity", "train", x, after=("step",))
    report = lint(b, {"input": (1, 4)}, tuple(outputs), ["mlir-2.21-v2"])
    assert [one.code for one in report.findings if one.code == "MM130"] == codes


@pytest.mark.parametrize(
    ("node", "advice"),
    [
        ("net/prune_low_magnitude_conv/Mul", "strip_pruning(model)"),
        ("prune_low_magnitude_conv/Conv2D", "strip_pruning(model)"),
        ("net/cluster_conv/ArgMin", "strip_clustering(model)"),
        ("net/cluster_conv/Mul", ""),
        ("net/conv/Mul", ""),
    ],
)
def test_wrappers_of_pruning_and_clustering_are_to_come_off(node: str, advice: str) -> None:
    b = Builder()
    x = b.placeholder("input", [1, 4])
    b.add("Relu", "relu", b.add("Mul", node, x, b.const("w", [0.5], [1, 4])))
    report = lint(b, {"input": (1, 4)}, ("relu",), ["mlir-2.21-int8"])
    assert [advice in (one.advice or "") for one in report.findings if one.code == "MM130"] == [True] * bool(
        advice
    )
