"""`replace`: ops without quantized form, written out in ops that have one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minmax_lint
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.fixes.repairs.replace import replace
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.edit import edit_graph
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from minmax_lint.writers.graphdef import encode
from tests.fixes.running import MLIR, TOCO, fixed, image, run, verdicts

_INT = {"dtype": DType.INT32}


def quantize(b: Builder, x: str, low: float, high: float, **attrs: bool) -> str:
    bounds = (b.const("low", low), b.const("high", high))
    return b.add("QuantizeAndDequantizeV2", "op", x, *bounds, range_given=True, axis=-1, **attrs)


OPS: dict[str, Callable[[Builder, str], str]] = {
    "abs": lambda b, x: b.add("Abs", "op", x),
    "add-n": lambda b, x: b.add("AddN", "op", *[b.add("Exp", f"term{i}", x) for i in range(9)], N=9),
    "long-sum": lambda b, x: b.add("AddN", "op", *[b.add("Exp", f"term{i}", x) for i in range(12)], N=12),
    "broadcast": lambda b, x: b.add(
        "BroadcastTo", "op", x, b.const("shape", [3, 2, 4], **_INT), Tidx=DType.INT32
    ),
    "halve": lambda b, x: b.add("RealDiv", "op", x, b.const("two", 2.0)),
    "third": lambda b, x: b.add("RealDiv", "op", x, b.const("three", 3.0)),
    "thirds": lambda b, x: b.add("RealDiv", "op", x, b.const("three", 3.0, [2, 4])),
    "neg": lambda b, x: b.add("Neg", "op", x),
    "cube": lambda b, x: b.add("Pow", "op", x, b.const("three", 3.0)),
    "quantize": lambda b, x: quantize(b, x, -1.0, 2.0),
    "quantize-unsigned": lambda b, x: quantize(b, x, 0.0, 1.0, signed_input=False),
    "quantize-unsigned-narrow": lambda b, x: quantize(b, x, 0.0, 1.0, signed_input=False, narrow_range=True),
    "reverse": lambda b, x: b.add("ReverseV2", "op", x, b.const("axes", [1], **_INT), Tidx=DType.INT32),
    "square": lambda b, x: b.add("Square", "op", x),
    "difference": lambda b, x: b.add("SquaredDifference", "op", x, b.add("Relu", "relu", x)),
    "tile": lambda b, x: b.add("Tile", "op", x, b.const("times", [2, 3], **_INT), Tmultiples=DType.INT32),
}


INEXACT = {"cube", "long-sum", "third", "thirds"}


def written_out(b: Builder, **options: bool) -> Repair:
    """The repair of node `op`, an output."""
    graph = b.graph()
    return replace(graph, Inference(trace(graph, ["input"], ["op"]), {}), ["op"], **options)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPS)
def test_the_same_values_under_the_same_name(name: str) -> None:
    b = Builder()
    OPS[name](b, b.placeholder("input", [2, 4]))
    graph = b.graph()
    repair = written_out(b, inexact=True)
    after = edit_graph(graph, repair.edit)
    assert after.op("op") != graph.op("op") or name == "tile"
    feeds = {"input": image(2, 4)}
    (expected,), (found,) = run(encode(graph), ["op"], feeds), run(encode(after), ["op"], feeds)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-6 if name in INEXACT else 0, atol=0)
    assert repair.safe is (name not in INEXACT)


@pytest.mark.parametrize("name", sorted(INEXACT))
def test_what_may_differ_in_the_last_bit_is_left_to_unsafe_fixes(name: str) -> None:
    b = Builder()
    OPS[name](b, b.placeholder("input", [2, 4]))
    with pytest.raises(CannotRepair):
        written_out(b)


@pytest.mark.parametrize(
    "operand",
    [(2.0, [1, 1, 1]), ([2.0, 2.0, 2.0, 4.0],), (1e-40,), (0.0,)],
    ids=["more-dimensions", "several-values", "no-inverse", "zero"],
)
def test_divisions_that_are_no_multiplication_with_one_number_stay(operand: tuple[Any, ...]) -> None:
    b = Builder()
    b.add("RealDiv", "op", b.placeholder("input", [2, 4]), b.const("divisor", *operand))
    with pytest.raises(CannotRepair):
        written_out(b, inexact=True)


def test_a_division_by_three_needs_unsafe_fixes_and_the_finding_says_so() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    b.fake_quant("output", OPS["third"](b, x), -1, 1)
    patch = fixed(b, "output", converters=["toco-1.15"])
    assert patch.empty
    (finding,) = [one for one in patch.before.findings if one.code == "MM401"]
    assert finding.fix is not None
    assert finding.fix.applicability == "unsafe"
    assert finding.fix.description.endswith("; the last bit of its values may differ.")
    patch = fixed(b, "output", converters=["toco-1.15"], unsafe=True)
    assert (patch.strategy, patch.safe) == ("replace", False)
    assert patch.after.predictions["toco-1.15"].verdict == "quantized"


@pytest.mark.slow
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
        run(encode(edit_graph(graph, repair.edit)), ["output"], feeds),
    )
    np.testing.assert_array_equal(after[0], before[0])


@pytest.mark.slow
def test_a_split_whose_results_are_all_read_becomes_slices_as_well() -> None:
    b = Builder()
    parts = b.add("Split", "parts", b.const("axis", 1, **_INT), b.placeholder("input", [2, 6]), num_split=2)
    b.add("Add", "output", b.add("Mul", "forgotten", parts, b.const("zeros", [0.0], [2, 3])), "parts:1")
    graph = b.graph()
    repair = replace(graph, Inference(trace(graph, ["input"], ["output"]), {}), ["parts"])
    changed = edit_graph(graph, repair.edit)
    assert "parts" not in trace(changed, ["input"], ["output"])
    feeds = {"input": image(2, 6)}
    before, after = (run(encode(one), ["output"], feeds) for one in (graph, changed))
    np.testing.assert_array_equal(after[0], before[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("outputs", "after"), [(["parts"], ["parts"]), (["parts", "parts:1"], ["parts", "parts/slice"])]
)
def test_the_first_result_of_a_split_keeps_the_name_of_an_output(
    outputs: list[str], after: list[str]
) -> None:
    b = Builder()
    b.add("Split", "parts", b.const("axis", 1, **_INT), b.placeholder("input", [2, 6]), num_split=3)
    graph = b.graph()
    repair = replace(graph, Inference(trace(graph, ["input"], outputs), {}), ["parts"])
    assert [repair.outputs.get(name, name) for name in outputs] == after
    feeds = {"input": image(2, 6)}
    expected, found = (
        run(encode(one), names, feeds)
        for one, names in ((graph, outputs), (edit_graph(graph, repair.edit), after))
    )
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(other, one)


@pytest.mark.parametrize(
    ("sizes", "axis", "shape"),
    [([1, -1, 2], 1, [2, None]), ([1, -1, 2], 7, [2, 6]), ([1, -1, 2], 0, [])],
    ids=["unknown-rest", "no-such-axis", "scalar"],
)
def test_a_split_whose_parts_are_not_known_stays(
    sizes: list[int], axis: int, shape: list[int | None]
) -> None:
    b = Builder()
    x, lengths = b.placeholder("input", shape), b.const("sizes", sizes, **_INT)
    b.add("SplitV", "op", x, lengths, b.const("axis", axis, **_INT), num_split=3, Tlen=DType.INT32)
    with pytest.raises(CannotRepair):
        written_out(b)


@pytest.mark.slow
def test_an_unpack_becomes_slices_without_the_axis() -> None:
    b = Builder()
    b.add("Unpack", "parts", b.placeholder("input", [2, 3]), num=3, axis=1)
    b.add("Relu", "output", "parts:2")
    graph = b.graph()
    repair = replace(graph, Inference(trace(graph, ["input"], ["output"]), {}), ["parts"])
    feeds = {"input": image(2, 3)}
    before, after = (
        run(encode(graph), ["output"], feeds),
        run(encode(edit_graph(graph, repair.edit)), ["output"], feeds),
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


@pytest.mark.parametrize("again", [False, True])
def test_of_several_splits_with_unread_results_all_become_slices(again: bool) -> None:
    """MLIR answers by chance at the first; a slice behind two FakeQuants in a row it refuses."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 8]), -1, 1)
    for name in ("first", "second", "third"):
        x = b.fake_quant(f"{name}/again", x, -1, 2) if again else x
        split = b.add("Split", name, b.const(f"{name}/axis", 1, **_INT), x, num_split=2)
        x = b.fake_quant(f"{name}/quant", b.add("Tanh", f"{name}/tanh", split), -1, 1)
    b.add("Identity", "output", x)
    versions = ["mlir-2.15", "mlir-2.21"]
    report = minmax_lint.lint(encode(b.graph()), outputs=["output"], converters=versions)
    offers = {found.fix.applicability for found in report.findings if found.code == "MM903" and found.fix}
    assert offers == {"unsafe" if again else "safe"}
    for unsafe in (False, True):
        patch = fixed(b, "output", converters=versions, unsafe=unsafe)
        left = "undetermined" if again and not unsafe else "quantized"
        assert verdicts(patch) == dict.fromkeys(versions, ("undetermined", left))
