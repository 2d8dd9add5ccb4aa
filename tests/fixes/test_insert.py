"""`insert`: arrays without range get a FakeQuant; where its range comes from."""

from pathlib import Path

import numpy as np
import pytest

import minmax_lint
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import read_fake_quant
from minmax_lint.graph.graph import Function, graph_of
from minmax_lint.loaders.model import Model
from tests.fixes.running import MLIR, TOCO, both, fixed, image, verdicts


def float_net(activation: str = "Relu6") -> Builder:
    """Two layers without any range between them."""
    b = Builder()
    x = b.placeholder("input", [1, 4])
    hidden = b.add(activation, "hidden", b.dense("first", x, 4, 4))
    b.fake_quant("output", b.dense("second", hidden, 4, 3), -6, 6)
    return b


def ranges_of(patch: minmax_lint.Patch) -> dict[str, tuple[float, float]]:
    """Array -> the range of the FakeQuant inserted behind it."""
    return {
        node.inputs[0].array: (node.real("min", 0), node.real("max", 0))
        for node in patch.graph
        if node.op == "FakeQuantWithMinMaxArgs"
    }


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, (0.0, 6.0)),
        ({"default_range": (-1.0, 1.0)}, (0.0, 6.0)),
        ({"default_range": (-1.0, 1.0), "calibrated": {"hidden": (0.0, 4.0)}}, (0.0, 4.0)),
        ({"calibrated": {"hidden": (0.0, 4.0)}, "ranges": {"hidden": (0.0, 3.0)}}, (0.0, 3.0)),
        ({"ranges": {"hidden:0": (0.0, 3.0)}}, (0.0, 3.0)),
        ({"calibrated": {"hidden": (2.0, 4.0)}}, (0.0, 4.0)),
        ({"calibrated": {"hidden": (0.0, 0.0)}}, (0.0, 1.0)),
    ],
    ids=[
        "op",
        "op-before-default",
        "calibrated-before-op",
        "given-first",
        "colon-zero",
        "holds-zero",
        "dead",
    ],
)
def test_the_sources_of_a_range_in_their_order(
    options: dict[str, object], found: tuple[float, float]
) -> None:
    patch = fixed(float_net(), "output", unsafe=True, **options)
    assert ranges_of(patch) == {"hidden": found}
    assert verdicts(patch) == {TOCO: ("abort", "quantized"), MLIR: ("float", "quantized")}


def test_without_a_source_nothing_is_inserted_and_the_array_is_named() -> None:
    patch = fixed(float_net("LeakyRelu"), "output", unsafe=True)
    assert patch.empty
    assert "No range is known for first, hidden" in patch.reason


@pytest.mark.parametrize("options", [{}, {"unsafe": True}, {"unsafe": True, "default_range": (-6.0, 6.0)}])
def test_no_range_is_asked_for_where_a_constant_is_an_output(options: dict[str, object]) -> None:
    b = Builder()
    b.fake_quant("output", b.dense("dense", b.placeholder("input", [1, 4]), 4, 3), -6, 6)
    b.const("anchors", [1.0, 2.0])
    patch = fixed(b, "output", "anchors", **options)
    assert patch.empty
    assert "No range is known" not in patch.reason
    assert "leave anchors out of the outputs" in patch.reason


def test_nothing_is_invented_without_leave() -> None:
    assert fixed(float_net(), "output", ranges={"hidden": (0.0, 3.0)}).empty


@pytest.mark.parametrize(
    ("op", "attrs", "found"),
    [
        ("MaxPool", {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": b"SAME"}, (0.0, 6.0)),
        ("AvgPool", {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": b"SAME"}, (0.0, 6.0)),
        ("LeakyRelu", {"alpha": 0.1}, (0.0, 6.0)),
    ],
)
def test_ops_that_pass_values_on_keep_the_bound(
    op: str, attrs: dict[str, object], found: tuple[float, float]
) -> None:
    from minmax_lint.fixes.bounds.bounds import Bounds
    from minmax_lint.graph.trace import trace
    from minmax_lint.inference.inference import Inference

    b = Builder()
    bounded = b.add("Relu6", "relu6", b.placeholder("input", [1, 4, 4, 2]))
    b.add(op, "end", bounded, **attrs)  # type: ignore[arg-type]
    inference = Inference(trace(b.graph(), ["input"], ["end"]), {})
    assert Bounds(inference).of("end") == found


@pytest.mark.parametrize(
    ("op", "bound"),
    [("Add", (-1.0, 7.0)), ("Sub", (-7.0, 1.0)), ("Mul", (-6.0, 6.0)), ("Maximum", (0.0, 6.0))],
)
def test_arithmetic_of_bounded_operands_is_bounded(op: str, bound: tuple[float, float]) -> None:
    from minmax_lint.fixes.bounds.bounds import Bounds
    from minmax_lint.graph.trace import trace
    from minmax_lint.inference.inference import Inference

    b = Builder()
    x = b.placeholder("input", [1, 4])
    b.add(op, "end", b.add("Tanh", "tanh", x), b.add("Relu6", "relu6", x))
    found = Bounds(Inference(trace(b.graph(), ["input"], ["end"]), {})).of("end")
    assert found == bound


def test_a_leaky_relu_that_falls_below_zero_holds_the_zero_between() -> None:
    from minmax_lint.fixes.bounds.bounds import Bounds
    from minmax_lint.graph.trace import trace
    from minmax_lint.inference.inference import Inference

    b = Builder()
    b.add("LeakyRelu", "end", b.add("Tanh", "tanh", b.placeholder("input", [1, 4])), alpha=-0.5)
    assert Bounds(Inference(trace(b.graph(), ["input"], ["end"]), {})).of("end") == (0.0, 1.0)


def test_an_output_keeps_its_name() -> None:
    b = Builder()
    b.dense("output", b.placeholder("input", [1, 4]), 4, 3)
    patch = fixed(b, "output", unsafe=True, default_range=(-4.0, 4.0))
    assert patch.outputs == ("output",)
    assert ranges_of(patch) == {"output/unquantized": (-4.0, 4.0)}
    renamed = fixed(b, "output", unsafe=True, default_range=(-4.0, 4.0), new_name=True)
    assert renamed.outputs == ("output/quantized",)


def test_one_of_several_outputs_of_an_op_gets_a_new_name() -> None:
    b = Builder()
    dense = b.dense("dense", b.placeholder("input", [1, 4]), 4, 4)
    b.add("Split", "parts", b.const("axis", 1, dtype=DType.INT32), dense, num_split=2)
    patch = fixed(b, "parts", "parts:1", unsafe=True, ranges={"dense": (-4.0, 4.0)})
    assert verdicts(patch)[TOCO] == ("abort", "quantized")


def test_weights_have_the_symmetric_range_of_their_values() -> None:
    b = Builder()
    x = b.placeholder("input", [1, 4, 4, 2])
    weights = b.const("weights", [0.0, 0.0, 0.5, 2.0], [1, 1, 2, 2])
    conv = b.add("Conv2D", "conv", x, weights, strides=[1, 1, 1, 1], padding=b"SAME", data_format=b"NHWC")
    b.fake_quant("output", conv, -6, 6)
    patch = fixed(b, "output", unsafe=True, converters=[TOCO])
    assert ranges_of(patch) == {"weights": (-2.0, 2.0)}
    assert patch.graph["weights/quantized"].flag("narrow_range")
    assert verdicts(patch)[TOCO] == ("abort", "quantized")


def test_what_an_op_without_quantized_form_writes_gets_a_range_where_others_stay_float_for_it() -> None:
    b = Builder()
    read = b.add("Cast", "read", b.placeholder("input", [1, 4], DType.INT32), SrcT=DType.INT32)
    b.fake_quant("first", b.dense("dense", read, 4, 3), -4, 4)
    assert fixed(b, "first", unsafe=True, converters=[MLIR]).empty
    patch = fixed(b, "first", unsafe=True, converters=[MLIR], default_range=(-6.0, 6.0))
    assert ranges_of(patch) == {"read": (-6.0, 6.0)}
    before, after = patch.before.predictions[MLIR], patch.after.predictions[MLIR]
    assert [op for op, _ in before.float_ops] == ["CAST", "FULLY_CONNECTED"]
    assert [op for op, _ in after.float_ops] == ["CAST"]


@pytest.mark.parametrize("profile", ["mlir-2.15-16x8-fallback", "mlir-2.21-16x8", "mlir-2.21-16x8-fallback"])
def test_integers_of_which_calibration_misses_a_range_get_no_fake_quant(profile: str) -> None:
    """TensorFlow loads no such graph: a FakeQuant takes float alone. The real quantizers abort without the range."""
    b = Builder()
    numbers = b.add("Cast", "numbers", b.placeholder("input", [1, 4]), SrcT=DType.FLOAT, DstT=DType.INT32)
    three, two = (b.const(name, value, dtype=DType.INT32) for name, value in (("three", 3), ("two", 2)))
    bounded = b.add("Minimum", "bounded", numbers, three, T=DType.INT32)
    equal = b.add("Equal", "equal", bounded, two, T=DType.INT32)
    b.add("Cast", "output", equal, SrcT=DType.BOOL, DstT=DType.FLOAT)
    patch = fixed(b, "output", converters=[profile], unsafe=True, default_range=(-6.0, 6.0))
    assert verdicts(patch) == {profile: ("abort", "abort")}
    assert patch.before.predictions[profile].array == "bounded"
    assert patch.empty


def test_a_fake_quant_of_weights_with_bytes_0_close_together_is_narrowed() -> None:
    b = Builder()
    x = b.placeholder("input", [1, 4, 4, 2])
    weights = b.fake_quant("quant", b.const("weights", [-2.0, -2.0, 0.5, 1.0], [1, 1, 2, 2]), -1, 1)
    conv = b.add("Conv2D", "conv", x, weights, strides=[1, 1, 1, 1], padding=b"SAME", data_format=b"NHWC")
    b.fake_quant("output", conv, -6, 6)
    patch = fixed(b, "output", unsafe=True, converters=[TOCO])
    assert patch.strategy == "narrow"
    assert patch.diff() == ("= changed  quant: narrow_range is True, was False",)
    assert verdicts(patch)[TOCO] == ("abort", "quantized")


def test_a_narrow_fake_quant_that_cuts_weights_off_gets_the_range_of_all_of_them_and_a_step_more() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    column = b.const("weights", [-2.0, -1.5, 0.5, 1.0], [4, 1])
    weights = b.fake_quant("quant", column, -1, 0.99, narrow_range=True)
    b.fake_quant("output", b.add("MatMul", "y", x, weights, transpose_a=False, transpose_b=False), -6, 6)
    patch = fixed(b, "output", unsafe=True, converters=[TOCO])
    assert patch.strategy == "narrow"
    assert read_fake_quant(patch.graph, patch.graph["quant"]).range == pytest.approx(
        (-2 - 4 / 254, 2 + 4 / 254)
    )
    assert verdicts(patch)[TOCO] == ("abort", "quantized")


@pytest.mark.slow
def test_values_change_by_rounding_and_clamping_to_the_range_only() -> None:
    patch = fixed(float_net(), "output", unsafe=True)
    (before,), (after,) = both(patch, {"input": image(1, 4)})
    assert not patch.safe
    np.testing.assert_allclose(after, before, atol=0.15)


def test_all_of_equal_ops_get_the_fake_quant_that_the_one_kept_misses() -> None:
    """MLIR makes one op of both; behind one of them alone a FakeQuant would leave the other's reader without range."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    first, second = (
        b.dense("dense", b.add("Relu", "relu1", x), 4, 4),
        b.add("Abs", "abs", b.add("Relu", "relu2", x)),
    )
    total = b.add("AddV2", "sum", b.fake_quant("first", first, -3, 3), b.fake_quant("second", second, -4, 4))
    b.fake_quant("output", total, -6, 6)
    patch = fixed(b, "output", unsafe=True, converters=[MLIR], default_range=(-6.0, 6.0))
    assert ranges_of(patch).keys() == {"relu1", "relu2"}
    assert verdicts(patch) == {MLIR: ("float", "quantized")}


def test_what_a_function_reads_and_gives_gets_a_range_around_the_call() -> None:
    b = Builder()
    x = b.placeholder("call/x", [1, 4])
    b.add("Identity", "call/result", b.add("Mul", "call/square", x, x))
    body = Function("function", b.graph(), {x: "front"}, ("call/result",))
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    b.add("AddV2", "front", x, b.const("half", 0.5))
    b.add("PartitionedCall", "call", "front", Tin=[DType.FLOAT], Tout=[DType.FLOAT])
    b.fake_quant("output", b.add("Sub", "back", "call", b.const("quarter", 0.25)), 0, 6)
    model = Model(Path("called.pb"), "graphdef", graph_of([*b.graph()], {"call": (body,)}))
    patch = minmax_lint.fix(
        model, ["input"], ["output"], converters=[MLIR], unsafe=True, default_range=(-6.0, 6.0)
    )
    assert ranges_of(patch).keys() == {"front", "call"}
    assert verdicts(patch) == {MLIR: ("float", "quantized")}
