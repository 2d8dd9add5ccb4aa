"""`replace`: ops without quantized form, written out in ops that have one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from minmax_lint.fixes.replace import replace
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.edit import edited
from minmax_lint.graph.inference import Inference
from minmax_lint.graph.trace import trace
from minmax_lint.writers.graphdef import encode
from tests.fixes.running import MLIR, TOCO, fixed, image, run, verdicts

_INT = {"dtype": DType.INT32}
OPS: dict[str, Callable[[Builder, str], str]] = {
    "abs": lambda b, x: b.add("Abs", "op", x),
    "add-n": lambda b, x: b.add("AddN", "op", x, x, x, N=3),
    "broadcast": lambda b, x: b.add(
        "BroadcastTo", "op", x, b.const("shape", [3, 2, 4], **_INT), Tidx=DType.INT32
    ),
    "divide": lambda b, x: b.add("RealDiv", "op", x, b.const("two", 2.0)),
    "neg": lambda b, x: b.add("Neg", "op", x),
    "cube": lambda b, x: b.add("Pow", "op", x, b.const("three", 3.0)),
    "quantize": lambda b, x: b.add(
        "QuantizeAndDequantizeV2",
        "op",
        x,
        b.const("low", -1.0),
        b.const("high", 2.0),
        range_given=True,
        axis=-1,
    ),
    "quantize-unsigned": lambda b, x: b.add(
        "QuantizeAndDequantizeV2",
        "op",
        x,
        b.const("low", 0.0),
        b.const("high", 1.0),
        range_given=True,
        signed_input=False,
        axis=-1,
    ),
    "reverse": lambda b, x: b.add("ReverseV2", "op", x, b.const("axes", [1], **_INT), Tidx=DType.INT32),
    "square": lambda b, x: b.add("Square", "op", x),
    "difference": lambda b, x: b.add("SquaredDifference", "op", x, b.add("Relu", "relu", x)),
    "tile": lambda b, x: b.add("Tile", "op", x, b.const("times", [2, 3], **_INT), Tmultiples=DType.INT32),
}


@pytest.mark.parametrize("name", OPS)
def test_the_same_values_under_the_same_name(name: str) -> None:
    b = Builder()
    OPS[name](b, b.placeholder("input", [2, 4]))
    graph = b.graph()
    repair = replace(graph, Inference(trace(graph, ["input"], ["op"]), {}), ["op"])
    after = edited(graph, repair.edit)
    assert repair.safe
    assert after.op("op") != graph.op("op") or name == "tile"
    feeds = {"input": image(2, 4)}
    (expected,), (found,) = run(encode(graph), ["op"], feeds), run(encode(after), ["op"], feeds)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_splits_whose_results_nobody_reads_become_slices() -> None:
    b = Builder()
    x = b.placeholder("input", [2, 6])
    sizes = b.const("sizes", [1, -1, 2], **_INT)
    b.add("SplitV", "parts", x, sizes, b.const("axis", 1, **_INT), num_split=3, Tlen=DType.INT32)
    b.add("Relu", "output", "parts:1")
    graph = b.graph()
    repair = replace(graph, Inference(trace(graph, ["input"], ["output"]), {}), ["parts"])
    feeds = {"input": image(2, 6)}
    before, after = (
        run(encode(graph), ["output"], feeds),
        run(encode(edited(graph, repair.edit)), ["output"], feeds),
    )
    np.testing.assert_array_equal(after[0], before[0])


def test_an_unpack_becomes_slices_without_the_axis() -> None:
    b = Builder()
    b.add("Unpack", "parts", b.placeholder("input", [2, 3]), num=3, axis=1)
    b.add("Relu", "output", "parts:2")
    graph = b.graph()
    repair = replace(graph, Inference(trace(graph, ["input"], ["output"]), {}), ["parts"])
    feeds = {"input": image(2, 3)}
    before, after = (
        run(encode(graph), ["output"], feeds),
        run(encode(edited(graph, repair.edit)), ["output"], feeds),
    )
    np.testing.assert_array_equal(after[0], before[0])


@pytest.mark.parametrize("name", ["neg", "square"])
def test_what_both_converters_refuse_converts_after_it(name: str) -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    b.fake_quant("output", OPS[name](b, x), -4, 4)
    patch = fixed(b, "output")
    assert patch.strategy == "replace"
    assert verdicts(patch) == {TOCO: ("abort", "quantized"), MLIR: ("float", "quantized")}
