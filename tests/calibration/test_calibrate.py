"""Ranges that real TensorFlows observe."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minmax_lint.backends.calibration import Data, Method, calibrate
from minmax_lint.backends.conversion import Watch
from minmax_lint.errors import UserError
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.checkpoint.bundle import crc32c
from minmax_lint.writers.graphdef import encode
from tests.interpreters import tf115, tf215, tf221

pytestmark = pytest.mark.usefixtures("warm_tensorflow")

INPUTS = {"x": [None, 2]}
SAMPLES = np.array([[1, -2], [3, 0.5], [-0.25, 4], [2, 2], [-1, 0]], np.float32)


def net() -> bytes:
    """y = relu(2x), its halves, and an output that divides by x: infinite where x is 0."""
    b = Builder()
    x = b.placeholder("x", [None, 2])
    y = b.add("Relu", "y", b.add("Mul", "doubled", x, b.const("two", 2.0)))
    b.add("Split", "halves", b.const("axis", 1, dtype=DType.INT32), y, num_split=2)
    b.add("AddN", "sum", "halves", "halves:1", N=2)
    b.add("RealDiv", "inverse", b.const("one", 1.0), x)
    b.add("Pack", "out", "halves", "halves:1", N=2, axis=0)
    return encode(b.graph())


def loop_in_branches() -> bytes:
    """x is doubled three times, and then halved; where something is below -1000, it would be shifted instead.

    As TF1's tf.while_loop and tf.cond make it: constants wait for the pivot of their loop or branch.
    """
    b = Builder()
    x = b.placeholder("x", [None, 2])

    def const(name: str, value: float, pivot: str, dtype: DType = DType.FLOAT) -> str:
        return b.add("Const", name, after=[pivot], dtype=dtype, value=Tensor.of(dtype, [], [value]))

    frame = {"frame_name": b"loop", "is_constant": False, "parallel_iterations": 10}
    zero = b.const("zero", 0, dtype=DType.INT32)
    b.add("Enter", "loop/Enter", zero, T=DType.INT32, **frame)
    b.add("Enter", "loop/Enter_1", x, T=DType.FLOAT, **frame)
    b.add("Merge", "loop/Merge", "loop/Enter", "loop/Next", T=DType.INT32, N=2)
    b.add("Merge", "loop/y", "loop/Enter_1", "loop/Next_1", T=DType.FLOAT, N=2)
    three = const("loop/three", 3, "loop/Merge", DType.INT32)
    b.add("LoopCond", "loop/Cond", b.add("Less", "loop/Less", "loop/Merge", three, T=DType.INT32))
    b.add("Switch", "loop/Switch", "loop/Merge", "loop/Cond", T=DType.INT32)
    b.add("Switch", "loop/Switch_1", "loop/y", "loop/Cond", T=DType.FLOAT)
    b.add("Identity", "loop/i", "loop/Switch:1", T=DType.INT32)
    one = const("loop/one", 1, "loop/i", DType.INT32)
    b.add("NextIteration", "loop/Next", b.add("Add", "loop/add", "loop/i", one, T=DType.INT32), T=DType.INT32)
    two = const("loop/two", 2.0, "loop/i")
    doubled = b.add("Mul", "loop/doubled", "loop/Switch_1:1", two, T=DType.FLOAT)
    b.add("NextIteration", "loop/Next_1", doubled, T=DType.FLOAT)
    y = b.add("Exit", "loop/Exit", "loop/Switch_1", T=DType.FLOAT)
    axes = b.const("axes", [0, 1], [2], dtype=DType.INT32)
    least = b.add("Min", "least", y, axes, keep_dims=False, Tidx=DType.INT32)
    negative = b.add("Less", "negative", least, b.const("limit", -1000.0), T=DType.FLOAT)
    b.add("Switch", "cond/Switch", y, negative, T=DType.FLOAT)
    b.add("Identity", "cond/f", "cond/Switch", T=DType.FLOAT)
    b.add("Identity", "cond/t", "cond/Switch:1", T=DType.FLOAT)
    b.add("Mul", "halved", "cond/f", const("half", 0.5, "cond/f"), T=DType.FLOAT)
    b.add("Add", "shifted", "cond/t", const("shift", 1000.0, "cond/t"), T=DType.FLOAT)
    b.add("Merge", "out", "halved", "shifted", T=DType.FLOAT, N=2)
    return encode(b.graph())


@pytest.fixture
def data(tmp_path: Path) -> str:
    np.savez(tmp_path / "data.npz", x=SAMPLES)
    return str(tmp_path / "data.npz")


@pytest.mark.parametrize("interpreter", [tf215, tf221, tf115])
def test_every_float_array_that_depends_on_an_input_is_observed(
    interpreter: Callable[[], Path], data: str
) -> None:
    found = calibrate(net(), INPUTS, ["sum"], Data(data, batch_size=2), python=interpreter())
    assert found.ranges == {
        "x": (-2, 4),
        "doubled": (-4, 8),
        "y": (0, 8),
        "halves": (0, 6),
        "halves:1": (0, 8),
        "sum": (0, 8),
    }
    assert found.samples == 5


@pytest.mark.parametrize("interpreter", [tf215, tf221, tf115])
def test_branches_and_loops_of_tf1_are_observed_as_often_as_they_run(
    interpreter: Callable[[], Path], data: str
) -> None:
    found = calibrate(loop_in_branches(), INPUTS, ["out"], Data(data, batch_size=2), python=interpreter())
    assert found.ranges == {
        "x": (-2, 4),
        "loop/Enter_1": (-2, 4),
        "loop/y": (-16, 32),
        "loop/Switch_1": (-16, 32),
        "loop/Switch_1:1": (-8, 16),
        "loop/doubled": (-16, 32),
        "loop/Next_1": (-16, 32),
        "loop/Exit": (-16, 32),
        "least": (-16, -2),
        "cond/Switch": (-16, 32),
        "cond/f": (-16, 32),
        "halved": (-8, 16),
        "out": (-8, 16),
    }
    assert found.samples == 5
    assert found.unobserved == {
        "no sample entered their branch or loop": ("cond/Switch:1", "cond/t", "shifted")
    }


@pytest.mark.parametrize("method", ["percentile", "moving-average"])
def test_other_methods_see_into_branches_and_loops_too(method: Method, data: str) -> None:
    found = calibrate(
        loop_in_branches(), INPUTS, ["out"], Data(data), method=method, percentile=100, python=tf221()
    )
    assert found.ranges["loop/doubled"] == (-16, pytest.approx(32))
    assert found.ranges["halved"] == (-8, pytest.approx(16))
    assert "shifted" not in found.ranges


def test_an_array_that_takes_infinite_values_has_no_range(data: str) -> None:
    found = calibrate(net(), INPUTS, ["inverse"], Data(data), python=tf221())
    assert found.not_finite == ("inverse",)
    assert list(found.ranges) == ["x"]


@pytest.mark.parametrize(
    ("method", "highest"),
    [
        ("percentile", np.percentile(np.maximum(SAMPLES * 2, 0), 90)),
        ("moving-average", (6 * 0.99**2 + 8 * 0.99 + 0) / (0.99**2 + 0.99 + 1)),
    ],
)
def test_other_methods_than_minmax_leave_outliers_out(method: Method, highest: float, data: str) -> None:
    batches: list[int] = []
    found = calibrate(
        net(),
        INPUTS,
        ["y"],
        Data(data, batch_size=2),
        method=method,
        percentile=90,
        watch=Watch(batch=lambda done, total: batches.append(done)),
        python=tf221(),
    )
    assert found.ranges["y"] == (0, pytest.approx(highest))
    assert batches == [1, 2, 3]


def tfrecord(path: Path, name: str, values: Any) -> str:
    """A TFRecord file of one example a row: length, its checksum, the example, its checksum."""

    def masked(content: bytes) -> bytes:
        value = crc32c(content)
        return struct.pack("<I", (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF)

    with path.open("wb") as file:
        for row in values:
            packed = struct.pack(f"<{len(row)}f", *row)
            floats = b"\x0a" + bytes([len(packed)]) + packed  # FloatList.value, packed
            feature = b"\x12" + bytes([len(floats)]) + floats  # Feature.float_list
            entry = b"\x0a" + bytes([len(name)]) + name.encode() + b"\x12" + bytes([len(feature)]) + feature
            features = b"\x0a" + bytes([len(entry)]) + entry  # Features.feature
            example = b"\x0a" + bytes([len(features)]) + features
            length = struct.pack("<Q", len(example))
            file.write(length + masked(length) + example + masked(example))
    return str(path)


def test_ranges_are_those_of_the_examples_in_a_tfrecord(tmp_path: Path) -> None:
    records = tfrecord(tmp_path / "data.tfrecord", "x", SAMPLES)
    found = calibrate(net(), INPUTS, ["y"], Data(records), python=tf221())
    assert found.ranges["x"] == (-2, 4)
    assert found.samples == 5


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("return 1 / 0", r"failed: ZeroDivisionError: division by zero \(data.py, line 2\)"),
        ("import os; os.abort()", r"crashed without a message \(abort"),
        ("import ctypes; ctypes.string_at(0)", r"crashed without a message \(segmentation fault"),
    ],
)
def test_a_failing_function_is_told_with_its_cause(
    body: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data.py").write_text(f"def feeds():\n    {body}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"data.py:feeds:? {error}"):
        calibrate(net(), INPUTS, ["y"], Data("data.py:feeds"), python=tf221())


def test_a_graph_with_an_op_that_tensorflow_does_not_know(data: str) -> None:
    b = Builder()
    b.add("Edge", "y", b.placeholder("x", [None, 2]))
    with pytest.raises(UserError, match=r"cannot run the graph over .*Op type not registered 'Edge'"):
        calibrate(encode(b.graph()), INPUTS, ["y"], Data(data), python=tf221())


@pytest.mark.parametrize("percentile", [50, 101, float("nan")])
def test_a_percentile_that_is_none(percentile: float, data: str) -> None:
    with pytest.raises(UserError, match="not above 50 and at most 100"):
        calibrate(net(), INPUTS, ["y"], Data(data), method="percentile", percentile=percentile)
