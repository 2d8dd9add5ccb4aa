"""What TOCO imports, and what it throws away before it looks at any range."""

from dataclasses import replace
from pathlib import Path

import pytest

from minmax_lint.api import lint
from minmax_lint.converters.profile import profile
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.writers.graphdef import encode
from tests.converters.predicted import predicted_of
from tests.converters.toco.nets import IMAGE, ROW, Net, answer, prediction


def test_a_fake_quant_behind_the_output_is_thrown_away_before_its_range_is_read() -> None:
    net = Net()
    net.quant("quant", net.conv("output", net.input))
    assert answer(net, "output") == "F2 output"
    assert answer(net, "quant") == "quantized"


def test_a_dead_identity_behind_a_fake_quant_does_not_save_it() -> None:
    net = Net()
    net.add("Identity", "after", net.quant("quant", net.conv("output", net.input)))
    assert answer(net, "output") == "F2 output"
    assert answer(net, "after") == "quantized"


def test_a_fake_quant_that_only_dead_ops_read_gives_no_range_to_others() -> None:
    net = Net()
    leaky = net.add("LeakyRelu", "leaky", net.conv("conv", net.input))
    net.add("Identity", "dead", net.quant("quant", "conv"))
    net.quant("output", leaky, -1, 1)
    assert answer(net, "output") == "F1 conv"


def test_an_array_and_its_fake_quant_may_both_be_outputs() -> None:
    net = Net()
    net.quant("quant", net.conv("conv", net.input))
    assert answer(net, "conv", "quant") == "quantized"


def test_any_array_may_be_an_input_and_what_is_upstream_of_it_goes() -> None:
    net = Net()
    cut = net.add("Exp", "cut", net.input)
    net.quant("output", net.conv("conv", cut))
    assert answer(net, "output", inputs=["cut"]) == "quantized"
    assert answer(net, "output") == "F1 cut"


def test_a_fake_quant_reached_by_a_control_edge_does_not_count() -> None:
    net = Net()
    net.quant("quant", net.conv("conv", net.input))
    net.add("Identity", "output", "conv", after=["quant"])
    assert answer(net, "output") == "F2 output"


@pytest.mark.parametrize("op", ["Identity", "CheckNumerics", "PlaceholderWithDefault", "StopGradient"])
def test_ops_that_pass_a_value_on_are_dropped_and_the_output_keeps_its_name(op: str) -> None:
    net = Net()
    attrs: dict[str, Attr] = {"CheckNumerics": {"message": b""}}.get(op, {})
    if op == "PlaceholderWithDefault":
        attrs = {"dtype": DType.FLOAT, "shape": IMAGE}
    net.add(op, "output", net.bias("bias", net.conv("conv", net.input)), **attrs)
    assert answer(net, "output") == "F2 output"


def test_an_identity_inside_disappears_and_the_array_goes_by_the_name_in_front_of_it() -> None:
    net = Net()
    inside = net.add("Identity", "inside", net.add("LeakyRelu", "leaky", net.input))
    net.quant("output", net.conv("conv", inside))
    assert answer(net, "output") == "F1 leaky"


@pytest.mark.parametrize("build", ["Identity", "FakeQuant", "plus zero"])
def test_an_input_handed_straight_to_the_output_is_listed_as_both(build: str) -> None:
    net = Net()
    if build == "Identity":
        net.add("Identity", "output", net.input)
    elif build == "FakeQuant":
        net.quant("output", net.input)
    else:
        net.add("Add", "output", net.input, net.const("zero", 0.0, [1, 8, 8, 4]))
    assert "is listed in both --input_arrays and --output_arrays" in answer(net, "output")


@pytest.mark.parametrize("read", ["not at all", "times zero", "shape"])
def test_an_input_that_nothing_reads_in_the_end_aborts(read: str) -> None:
    net = Net()
    other = net.placeholder("other", [1, 8, 8, 4])
    x: str = net.conv("conv", net.input)
    if read == "times zero":
        x = net.add("Add", "sum", x, net.scalar("Mul", "zero", other, 0.0))
    if read == "shape":
        shape = net.add("Shape", "shape", other, out_type=DType.INT32)
        x = net.add("Reshape", "flat", x, shape, Tshape=DType.INT32)
    net.quant("output", x)
    assert 'Array "other" has mis-matching actual and final data types' in answer(
        net, "output", inputs=["input", "other"]
    )


def test_a_constant_output_gets_a_copy_that_has_no_range() -> None:
    net = Net()
    net.const("constant", 0.5, [1, 4])
    net.quant("output", net.conv("conv", net.input))
    assert answer(net, "output", "constant") == "F3 constant"


def test_fused_batch_norm_of_the_second_version_is_not_known() -> None:
    for op, expected in (("FusedBatchNorm", "quantized"), ("FusedBatchNormV3", "quantized")):
        assert answer(normalized(op), "output") == expected
    assert answer(normalized("FusedBatchNormV2"), "output") == "F1 conv"


def normalized(op: str, *, conv: bool = True) -> Net:
    net = Net()
    factors = [net.const(name, value, [4]) for name, value in zip("gbmv", (0.5, 0.1, 0.2, 1.5), strict=True)]
    x = net.conv("conv", net.input) if conv else net.input
    types = {} if op == "FusedBatchNorm" else {"U": DType.FLOAT}
    net.quant("output", net.add(op, "norm", x, *factors, epsilon=0.001, is_training=False, **types))
    return net


def test_a_batch_norm_that_follows_no_convolution_is_two_ops_and_the_first_lacks_a_range() -> None:
    assert answer(normalized("FusedBatchNormV3", conv=False), "output") == "F1 norm_mul_0"


def test_a_custom_op_that_claims_a_quantized_output_needs_a_kernel() -> None:
    net = Net()
    net.quant("output", net.over("Cumsum", "custom", net.input, net.const("axis", 1, dtype=DType.INT32)))
    assert answer(net, "output") == "UNIMPL (Unsupported TensorFlow op: Cumsum)"
    net = Net()
    axis = net.const("axis", 1, dtype=DType.INT32)
    custom = net.add("Cumsum", "custom", net.input, axis, _output_quantized=True, _output_types=[DType.FLOAT])
    net.quant("output", custom)
    assert answer(net, "output").endswith("custom implementations: Cumsum.")
    allowed = replace(profile("toco-2.15"), custom_ops=True)
    assert predicted_of(net, "output", allowed).verdict == "quantized"


CUSTOM_OPS = """
import tensorflow as tf
converter = tf.compat.v1.lite.TFLiteConverter.from_frozen_graph("graph.pb", ["input"], ["output"])
converter.inference_type = tf.uint8
converter.quantized_input_stats = {"input": (128, 64)}
converter.experimental_new_converter = False
converter.allow_custom_ops = ALLOWED
converter.convert()
"""


@pytest.mark.parametrize(("allowed", "codes"), [(True, []), (False, ["MM402"])])
def test_the_call_says_whether_such_kernels_are_there(
    allowed: bool, codes: list[str], tmp_path: Path
) -> None:
    (tmp_path / "convert.py").write_text(CUSTOM_OPS.replace("ALLOWED", str(allowed)))
    net = Net()
    custom = net.add("Erf", "custom", net.input, _output_quantized=True, _output_types=[DType.FLOAT])
    net.quant("output", custom)
    report = lint(encode(net.graph()), script=tmp_path / "convert.py")
    assert report.predictions["toco-2.15"].verdict == ("quantized" if allowed else "abort")
    assert [one.code for one in report.findings if one.severity == "error"] == codes


def test_a_training_graph_is_refused_before_toco_runs() -> None:
    net = Net(ROW)
    frozen = net.const("max", 6.0)
    assigned = net.add("Assign", "assign", frozen, net.const("six", 6.0))
    net.add("FakeQuantWithMinMaxVars", "output", net.input, net.const("min", 0.0), assigned, num_bits=8)
    assert prediction(net, ["output"]).kind == "training-graph"
