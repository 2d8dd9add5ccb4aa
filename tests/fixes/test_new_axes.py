"""`replace` of a slice that makes new axes: MLIR refuses it where several sizes are open, and takes ExpandDims."""

from collections.abc import Callable
from pathlib import Path
from types import EllipsisType
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
from tests.differential.forked import ForkServer
from tests.fixes.running import fixed, run
from tests.interpreters import tf215, tf221

_ALL = slice(None)
_INT = {"dtype": DType.INT32}

INDICES: dict[str, tuple[EllipsisType | int | slice | None, ...]] = {
    "x[None]": (None,),
    "x[:, None]": (_ALL, None),
    "x[..., None]": (..., None),
    "x[..., None, None]": (..., None, None),
    "x[None, ..., None]": (None, ..., None),
    "x[:, None, :, None]": (_ALL, None, _ALL, None),
    "x[..., None, :]": (..., None, _ALL),
    "x[..., None, :, None, :]": (..., None, _ALL, None, _ALL),
    "x[..., None, 0]": (..., None, 0),
    "x[:, 1, None]": (_ALL, 1, None),
    "x[:, None, 1:3]": (_ALL, None, slice(1, 3)),
    "x[None, ::2, ..., None, ::-1]": (None, slice(None, None, 2), ..., None, slice(None, None, -1)),
    "x[1:, ..., -1, None]": (slice(1, None), ..., -1, None),
}


def strided_slice(b: Builder, x: str, index: tuple[Any, ...], dtype: DType = DType.FLOAT) -> str:
    """Node `op`, as Python writes it for `x[index]`."""
    masks = dict.fromkeys(("begin", "end", "ellipsis", "new_axis", "shrink_axis"), 0)
    begin, end, strides = [0] * len(index), [0] * len(index), [1] * len(index)
    for place, one in enumerate(index):
        bit = 1 << place
        if one is None or one is ...:
            masks["new_axis" if one is None else "ellipsis"] |= bit
        elif isinstance(one, int):
            begin[place], end[place] = one, one + 1
            masks["shrink_axis"] |= bit
            masks["end"] |= bit if one == -1 else 0
        else:
            begin[place], end[place], strides[place] = one.start or 0, one.stop or 0, one.step or 1
            masks["begin"] |= bit if one.start is None else 0
            masks["end"] |= bit if one.stop is None else 0
    bounds = [b.const(word, values, **_INT) for word, values in (("b", begin), ("e", end), ("s", strides))]
    attrs = {
        f"{name}_mask" if name != "shrink_axis" else "shrink_axis_mask": value
        for name, value in masks.items()
    }
    return b.add("StridedSlice", "op", x, *bounds, T=dtype, Index=DType.INT32, **attrs)


def written_out(b: Builder) -> Repair:
    graph = b.graph()
    return replace(graph, Inference(trace(graph, ["input"], ["op"]), {}), ["op"])


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [DType.FLOAT, DType.INT32, DType.BOOL])
@pytest.mark.parametrize("text", INDICES)
def test_the_same_values_under_the_same_name(text: str, dtype: DType) -> None:
    b = Builder()
    strided_slice(b, b.placeholder("input", [None, None, 4], dtype), INDICES[text], dtype)
    graph, repair = b.graph(), written_out(b)
    after = edit_graph(graph, repair.edit)
    assert after.op("op") == "ExpandDims"
    assert repair.safe
    values = np.arange(24).reshape(2, 3, 4) % 5
    feeds = {"input": values > 2 if dtype is DType.BOOL else values.astype(dtype.numpy_name)}
    (found,) = run(encode(after), ["op"], feeds)
    np.testing.assert_array_equal(found, feeds["input"][INDICES[text]])


ELLIPSES = [text for text in INDICES if "..." in text]
SHAPE = [2, None, None]


def open_net(text: str) -> Builder:
    b = Builder()
    x = b.add("Tanh", "tanh", b.placeholder("input", SHAPE))
    b.add("Tanh", "output", strided_slice(b, x, INDICES[text]))
    return b


@pytest.mark.parametrize("text", ELLIPSES)
def test_with_an_ellipsis_and_several_open_sizes_it_converts_after_it(text: str) -> None:
    patch = fixed(open_net(text), "output", converters=["mlir-2.15-int8", "mlir-2.21-int8"])
    assert {one.verdict for one in patch.before.predictions.values()} == {"abort"}
    assert {one.verdict for one in patch.after.predictions.values()} == {"quantized"}
    (finding,) = [one for one in patch.before.findings if one.code == "MM401"]
    assert finding.advice.startswith("Instead of StridedSlice, make new axes with tf.expand_dims")
    assert finding.fix is not None
    assert (finding.fix.strategy, finding.fix.applicability) == ("replace", "safe")


@pytest.mark.slow
@pytest.mark.parametrize(("version", "python"), [("2.15", tf215), ("2.21", tf221)], ids=["2.15", "2.21"])
def test_the_real_converter_ends_at_it_before_and_makes_it_integer_after(
    version: str, python: Callable[[], Path]
) -> None:
    profile = f"mlir-{version}-int8"
    with ForkServer(python()) as server:
        for text in ELLIPSES:
            graph = encode(open_net(text).graph())
            after = encode(fixed(open_net(text), "output", converters=[profile]).graph)
            answers = [server.answer(profile, one, {"input": SHAPE}, ["output"]) for one in (graph, after)]
            assert [one["verdict"] for one in answers] == ["abort", "quantized"], text
            assert answers[1]["runs"] == "ok", text


def test_every_refused_slice_of_a_model_is_written_out_at_once() -> None:
    b = Builder()
    x = b.placeholder("input", [2, None, None])
    for i in range(3):
        bounds = [b.const(f"{i}/{word}", [at, at], **_INT) for word, at in (("b", 0), ("e", 0), ("s", 1))]
        x = b.add(
            "StridedSlice", f"slice{i}", x, *bounds, ellipsis_mask=1, new_axis_mask=2, Index=DType.INT32
        )
    patch = fixed(b, x, converters=["mlir-2.21-v2"])
    assert patch.after.predictions["mlir-2.21-v2"].verdict == "float"
    assert not {*patch.graph.ops} & {"StridedSlice"}


@pytest.mark.parametrize("unknown", ["rank", "bounds"])
def test_where_the_rank_or_the_bounds_are_not_known_it_stays_and_nothing_is_offered(unknown: str) -> None:
    b = Builder()
    shape = {} if unknown == "rank" else {"shape": (2, None, None)}
    x = b.add("Placeholder", "input", dtype=DType.FLOAT, **shape)
    bounds = [b.const(word, [at, at], **_INT) for word, at in (("b", 0), ("e", 0), ("s", 1))]
    if unknown == "bounds":
        sizes = b.add("Shape", "sizes", x, out_type=DType.INT32)
        bounds[0] = b.add("Slice", "begin", sizes, b.const("first", [0], **_INT), b.const("two", [2], **_INT))
    b.add("StridedSlice", "op", x, *bounds, ellipsis_mask=1, new_axis_mask=2, Index=DType.INT32)
    with pytest.raises(CannotRepair):
        written_out(b)
    report = minmax_lint.lint(encode(b.graph()), outputs=["op"], converters=["mlir-2.21-v2"])
    assert [one.fix for one in report.findings if one.node == "op"] == [None] * len(report.findings)
