"""`unify`: FakeQuants around ops that share one scale get the union of their ranges."""

from collections.abc import Callable

import numpy as np
import pytest

import minmax_lint
from minmax_lint.fixes.edit.repair import CannotRepair
from minmax_lint.fixes.repairs.unify import unify
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import Range, fake_quants
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from minmax_lint.writers.graphdef import encode
from tests.fixes.running import MLIR, TOCO, both, fixed, image, verdicts

_INT = {"dtype": DType.INT32}
OLD = "mlir-2.15"
OPS: dict[str, Callable[[Builder, str, str], str]] = {
    "maximum": lambda b, x, y: b.add("Maximum", "op", x, y),
    "pack": lambda b, x, y: b.add("Pack", "op", x, y, N=2, axis=0),
    "select": lambda b, x, y: b.add("Select", "op", b.add("Greater", "greater", x, y), x, y),
}


def conflict(op: str) -> Builder:
    """Two branches of different ranges into an op whose result has a third."""
    b = Builder()
    x = b.placeholder("input", [1, 4])
    left = b.fake_quant("left", b.add("Relu", "left/Relu", x), -3, 3)
    right = b.fake_quant("right", b.add("Tanh", "right/Tanh", x), -1, 4)
    out = OPS[op](b, left, right)
    b.fake_quant("output", out, -2, 5)
    b.fake_quant("untouched", b.add("Mul", "product", x, x), -7, 7)
    return b


@pytest.mark.parametrize("op", OPS)
def test_what_mlir_cannot_quantize_with_two_ranges_it_does_with_one(op: str) -> None:
    patch = fixed(conflict(op), "output", "untouched", converters=[TOCO, OLD, MLIR], unsafe=True)
    assert patch.strategy == "unify"
    assert not patch.safe
    assert {before for before, _ in verdicts(patch).values()} >= {"abort"}
    assert {after for _, after in verdicts(patch).values()} == {"quantized"}
    ranges = {found.node: found.range for found in fake_quants(patch.graph)}
    united = Range(-3, 5)
    assert ranges == dict.fromkeys(("left", "right", "output"), united) | {"untouched": Range(-7, 7)}


@pytest.mark.slow
@pytest.mark.parametrize("op", OPS)
def test_values_within_the_old_ranges_stay(op: str) -> None:
    patch = fixed(conflict(op), "output", "untouched", converters=[MLIR], unsafe=True)
    before, after = both(patch, {"input": image(1, 4)})
    np.testing.assert_allclose(after[0], before[0], atol=8 / 255 * 1.01)


MERGED: dict[str, Callable[[Builder, str, str], str]] = {
    "relu": lambda b, name, x: b.add("Relu", name, x),
    "difference": lambda b, name, x: b.add("Sub", name, x, b.const(f"{name}/half", 0.5)),
    "mean": lambda b, name, x: b.add("Mean", name, x, b.const(f"{name}/axis", [1], **_INT), keep_dims=True),
}


@pytest.mark.parametrize("op", MERGED)
def test_equal_ops_whose_fake_quants_differ_are_integer_with_one_range(op: str) -> None:
    """MLIR makes one op of both, and a result of two ranges stays float."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    first = b.fake_quant("first", MERGED[op](b, "one", x), -1, 3)
    second = b.fake_quant("second", MERGED[op](b, "other", x), -2, 4)
    b.fake_quant("output", b.add("AddV2", "sum", first, second), -4, 4)
    patch = fixed(b, "output", converters=[OLD, MLIR], unsafe=True)
    assert patch.strategy == "unify"
    assert verdicts(patch) == {OLD: ("float", "quantized"), MLIR: ("float", "quantized")}
    ranges = {found.node: found.range for found in fake_quants(patch.graph)}
    assert ranges["first"] == ranges["second"] == Range(-2, 4)


def test_a_safe_fix_unifies_nothing() -> None:
    assert fixed(conflict("pack"), "output", converters=[MLIR]).empty


def test_the_order_of_outputs_does_not_matter_and_a_second_fix_changes_nothing() -> None:
    b = conflict("maximum")
    first = fixed(b, "output", "untouched", converters=[MLIR], unsafe=True)
    second = fixed(b, "untouched", "output", converters=[MLIR], unsafe=True)
    assert encode(first.graph) == encode(second.graph)
    again = minmax_lint.fix(encode(first.graph), outputs=list(first.outputs), converters=[MLIR], unsafe=True)
    assert again.empty


def test_a_sum_that_mlir_moves_in_front_of_a_reshape_gets_the_range_of_what_it_reads() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 2, 2]), -2, 2)
    flat = b.add("Reshape", "flat", x, b.const("shape", [1, 4], **_INT), Tshape=DType.INT32)
    flat = b.fake_quant("flat/quant", flat, -2, 2)
    b.fake_quant("output", b.add("AddV2", "sum", flat, flat), -4, 4)
    patch = fixed(b, "output", converters=[OLD, MLIR], unsafe=True)
    assert {after for _, after in verdicts(patch).values()} == {"quantized"}


@pytest.mark.parametrize("activation", ["Relu", "Relu6"])
@pytest.mark.parametrize("pool", ["MaxPool", "AvgPool"])
def test_an_activation_that_mlir_fuses_into_a_pooling_gets_the_range_of_what_the_pooling_reads(
    pool: str, activation: str
) -> None:
    """The fused pooling reads one range and makes another: the real MLIR of 2.15 and 2.21 ends there."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4, 4, 2]), -1, 1)
    sizes = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1]}
    pooled = b.add(pool, "pool", x, **sizes, padding=b"VALID", data_format=b"NHWC")
    b.fake_quant("output", b.add(activation, "activation", b.fake_quant("pool/quant", pooled, -1, 1)), 0, 1)
    patch = fixed(b, "output", converters=[OLD, MLIR], unsafe=True)
    assert {before for before, _ in verdicts(patch).values()} == {"abort"}
    assert {after for _, after in verdicts(patch).values()} == {"quantized"}


def test_ranges_that_agree_are_left_as_they_are() -> None:
    b = Builder()
    x = b.placeholder("input", [1, 4])
    left, right = (
        b.fake_quant(name, b.add(name.title(), f"{name}/op", x), -3, 3) for name in ("relu", "tanh")
    )
    b.add("Maximum", "output", left, right)
    graph = b.graph()
    with pytest.raises(CannotRepair):
        unify(graph, Inference(trace(graph, ["input"], ["output"]), {}), ["output"])


CHAINS: dict[str, Callable[[Builder, str], str]] = {
    "add-zero": lambda b, x: b.add("AddV2", "nothing", x, b.const("zero", 0.0)),
    "subtract-zeros": lambda b, x: b.add("Sub", "nothing", x, b.const("zero", [0.0] * 4, [4])),
    "times-one": lambda b, x: b.add("Mul", "nothing", x, b.const("one", 1.0)),
    "identity": lambda b, x: b.add("Identity", "nothing", x),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_an_op_that_does_nothing_hands_its_range_on(chain: str) -> None:
    """MLIR folds it away: two FakeQuants follow each other in front of the slice, and 2.15 and 2.21 abort."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    front = b.fake_quant("front", b.add("Relu", "relu", x), 0, 3)
    behind = b.fake_quant("behind", CHAINS[chain](b, front), -1, 1)
    places = [b.const(name, value, **_INT) for name, value in (("begin", [0, 0]), ("size", [1, 2]))]
    b.fake_quant("output", b.add("Slice", "slice", behind, *places, Index=DType.INT32), -1, 1)
    patch = fixed(b, "output", converters=[OLD, MLIR], unsafe=True)
    assert verdicts(patch) == {OLD: ("abort", "quantized"), MLIR: ("abort", "quantized")}
    ranges = {found.node: found.range for found in fake_quants(patch.graph)}
    assert ranges["front"] == ranges["behind"] == ranges["output"] == Range(-1, 3)


def test_a_broadcast_shares_its_range_since_2_21() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    wide = b.add("BroadcastTo", "wide", x, b.const("shape", [3, 4], **_INT), Tidx=DType.INT32)
    b.fake_quant("output", wide, 0, 6)
    patch = fixed(b, "output", converters=[MLIR], unsafe=True)
    assert {after for _, after in verdicts(patch).values()} == {"quantized"}


def test_ranges_of_4_and_8_bits_become_one_of_8() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    narrow = b.fake_quant("narrow", b.add("Mul", "square", x, x), 0, 3, num_bits=4)
    b.fake_quant(
        "output", b.add("Reshape", "flat", narrow, b.const("shape", [4], **_INT), Tshape=DType.INT32), 0, 6
    )
    patch = fixed(b, "output", converters=[MLIR], unsafe=True)
    assert verdicts(patch) == {MLIR: ("abort", "quantized")}
    bits = {found.node: found.num_bits for found in fake_quants(patch.graph)}
    assert bits["narrow"] == bits["output"] == 8


@pytest.mark.parametrize("raw", ["Tanh", ""])
def test_no_union_is_offered_with_an_input_that_is_read_raw(raw: str) -> None:
    """In the TF1 flow `quantized_input_stats` gives such an input a range, which no FakeQuant changes."""
    b = Builder()
    x = b.placeholder("input", [1, 4])
    left = b.fake_quant("left", x, -3, 3)
    right = b.fake_quant("right", b.add("Tanh", "tanh", x if raw else left), -1, 4)
    b.fake_quant("output", b.add("Maximum", "max", left, right), -2, 5)
    report = minmax_lint.lint(encode(b.graph()), outputs=["output"], converters=[MLIR])
    (finding,) = (found for found in report.findings if found.code == "MM210" and found.severity == "error")
    patch = fixed(b, "output", converters=[MLIR], unsafe=True)
    assert (finding.fix is None) is bool(raw)
    assert patch.after.predictions[MLIR].verdict == ("abort" if raw else "quantized")
    assert ("through one FakeQuant everywhere" in (finding.advice or "")) is bool(raw)


def linear(b: Builder, op: str, name: str, x: str, channels: bool) -> str:
    """With weights, a FakeQuant of theirs and a bias of its own, all of the same values."""
    weights = b.const(f"{name}/weights", [0.5, -0.5, 0.25], [2, 2] if op == "MatMul" else [1, 1, 2, 2])
    if channels:
        ends = [b.const(f"{name}/{end}", [value] * 2, [2]) for end, value in (("min", -0.5), ("max", 0.5))]
        attrs = {"num_bits": 8, "narrow_range": True}
        weights = b.add("FakeQuantWithMinMaxVarsPerChannel", f"{name}/ranged", weights, *ends, **attrs)
    else:
        weights = b.fake_quant(f"{name}/ranged", weights, -0.5, 0.5, narrow_range=True)
    if op == "MatMul":
        product = b.add(op, f"{name}/{op}", x, weights)
    else:
        attrs = {"strides": [1, 1, 1, 1], "padding": b"SAME", "data_format": b"NHWC"}
        product = b.add(op, f"{name}/{op}", x, weights, **attrs)
    bias = b.const(f"{name}/bias", [0.25] * (4 if op.startswith("Depthwise") else 2))
    return b.add("BiasAdd", name, product, bias, data_format=b"NHWC")


@pytest.mark.parametrize("op", ["Conv2D", "DepthwiseConv2dNative", "MatMul"])
@pytest.mark.parametrize("channels", [False, True])
@pytest.mark.parametrize("other", [None, (-2, 2)])
def test_equal_layers_are_one_through_the_fake_quants_of_their_weights(
    op: str, channels: bool, other: tuple[int, int] | None
) -> None:
    """MLIR makes one of both, also where all that is equal are the values of what they read."""
    b = Builder()
    shape = [4, 2] if op == "MatMul" else [1, 4, 4, 2]
    x = b.fake_quant("input/quant", b.placeholder("input", shape), -1, 1)
    first = b.fake_quant("first", linear(b, op, "one", x, channels), -1, 1)
    second = linear(b, op, "two", x, channels)
    second = b.fake_quant("second", second, *other) if other else second
    b.fake_quant("output", b.add("AddV2", "sum", first, second), -4, 4)
    patch = fixed(b, "output", converters=[OLD, MLIR], unsafe=True)
    assert "quantized" not in {before for before, _ in verdicts(patch).values()}
    assert {after for _, after in verdicts(patch).values()} == {"quantized"}
    assert ("unify" if other else "rewire") in patch.strategy.split("+")
