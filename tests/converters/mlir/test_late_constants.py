"""Ops of variables and of captured constants in a SavedModel: what real TF 2.15.1, 2.18.1 and 2.21.0 left of them.

Variables of TF1 and of TF2 and captured constants are alike. Constants inside the function fold at any size.
"""

import collections
from dataclasses import replace

import pytest

from minmax_lint.converters.profile import profile
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.freeze import CAPTURED
from minmax_lint.graph.tensor import Tensor
from tests.converters.predicted import predicted_of

AT_THE_BOUND, BEYOND, FAR_BEYOND = 128, 129, 1 << 15
"""Rows of 16 numbers: 8 KiB, a row more, 2 MiB."""


def _net(rows: int, made: str, *, captured: bool) -> tuple[Builder, str]:
    b = Builder()
    marked = {CAPTURED: True} if captured else {}
    column = Tensor.of(DType.FLOAT, [rows, 1], [0.5 + 0.25 * (row % 5) for row in range(rows)])
    w = b.add("Const", "w", dtype=DType.FLOAT, value=column, **marked)
    row = b.const("row", [float(one) for one in range(16)], [1, 16])
    if made == "difference":
        y = b.add("SquaredDifference", "difference", w, row)
    elif made == "difference of a product":
        y = b.add("SquaredDifference", "difference", b.add("Mul", "product", w, row), w)
    else:
        axis = b.const("axis", -1, dtype=DType.INT32)
        least = b.add("ArgMin", "least", b.add("Sub", "product", w, row), axis, output_type=DType.INT32)
        y = b.add("Cast", "cast", least, SrcT=DType.INT32, DstT=DType.FLOAT)
    x = b.placeholder("x", [rows, 16] if made != "least" else [None, rows])
    return b, b.add("AddV2", "sum", x, y)


STAYING = {
    "difference": {"SQUARED_DIFFERENCE"},
    "difference of a product": {"SQUARED_DIFFERENCE"},
    "least": {"ARG_MIN", "CAST"},
}


@pytest.mark.parametrize("made", STAYING)
@pytest.mark.parametrize(
    ("rows", "captured", "name", "stays"),
    [
        (AT_THE_BOUND, True, "mlir-2.21-dynamic", False),
        (BEYOND, True, "mlir-2.15-dynamic", False),
        (BEYOND, True, "mlir-2.18-dynamic", True),
        (BEYOND, True, "mlir-2.21-dynamic", True),
        (FAR_BEYOND, True, "mlir-2.15-dynamic", True),
        (FAR_BEYOND, True, "mlir-2.21-dynamic", True),
        (BEYOND, False, "mlir-2.21-dynamic", False),
        (FAR_BEYOND, False, "mlir-2.21-dynamic", False),
    ],
)
def test_an_op_of_captured_constants_folds_up_to_a_size(
    made: str, rows: int, captured: bool, name: str, stays: bool
) -> None:
    built, output = _net(rows, made, captured=captured)
    found = predicted_of(built, output, replace(profile(name), saved_model=True), ["x"])
    ops = collections.Counter(op for op, _ in found.float_ops)
    assert {op for op in ops if op != "ADD"} == (STAYING[made] if stays else set())


@pytest.mark.parametrize(
    ("rows", "columns", "name", "stays"),
    [
        (100, 16, "mlir-2.21-dynamic", False),
        (512, 16, "mlir-2.15-dynamic", False),
        (512, 16, "mlir-2.21-dynamic", True),
        (1024, 258, "mlir-2.15-dynamic", True),
        (1024, 258, "mlir-2.21-dynamic", True),
    ],
)
def test_an_op_of_any_constants_of_a_frozen_graph_folds_up_to_a_size(
    rows: int, columns: int, name: str, stays: bool
) -> None:
    b = Builder()
    column = b.const("column", [index / rows for index in range(rows)], [rows, 1])
    row = b.const("row", [index / columns for index in range(columns)], [columns])
    axis = b.const("axis", 1, dtype=DType.INT32)
    least = b.add("ArgMin", "least", b.add("Sub", "difference", column, row), axis, output_type=DType.INT32)
    cast = b.add("Cast", "cast", least, SrcT=DType.INT32, DstT=DType.FLOAT)
    found = predicted_of(b, b.add("AddV2", "sum", b.placeholder("x", [1, rows]), cast), name, ["x"])
    assert ("CAST" in {op for op, _ in found.float_ops}) == stays


@pytest.mark.parametrize(("columns", "stays"), [(4096, False), (4097, True)])
@pytest.mark.parametrize("name", ["mlir-2.15-dynamic", "mlir-2.21-dynamic"])
def test_nothing_is_folded_of_more_than_128_mib(columns: int, stays: bool, name: str) -> None:
    b = Builder()
    value = Tensor.of(DType.FLOAT, [8192, columns], [0.5])
    weights = b.add("Const", "weights", dtype=DType.FLOAT, value=value, **{CAPTURED: True})
    output = b.add("AddV2", "sum", b.placeholder("x", [columns]), b.add("Sign", "sign", weights))
    found = predicted_of(b, output, replace(profile(name), saved_model=True), ["x"])
    assert ("SIGN" in {op for op, _ in found.float_ops}) == stays
