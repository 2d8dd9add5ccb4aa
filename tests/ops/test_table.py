"""The rows of ops say what TensorFlow's registry and numpy say."""

from collections.abc import Iterable

import numpy as np
import pytest

from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED
from minmax_lint.converters.toco.import_tensorflow.converter_map import IMPORTED, SAME_NAME
from minmax_lint.fixes.bounds.elementwise import UNARY, ElementFunction
from minmax_lint.graph.op_registry import registered_op
from minmax_lint.ops.table import OPS, SPLITS

OUTSIDE = {"AutoReloadVariable", "L2Normalize", "Relu1"}
"""Ops of contrib and of converters, which no TensorFlow since 1.15 registers."""
POINTS = np.linspace(-50, 50, 2001)


def test_every_row_is_an_op_of_tensorflow() -> None:
    assert {op for op in OPS if registered_op(op) is None} == OUTSIDE


TABLES: dict[str, Iterable[str]] = {
    "OPS": OPS,
    "LEGALIZED": LEGALIZED,
    "SAME_NAME": SAME_NAME,
    "IMPORTED": [op for op in IMPORTED if op not in SAME_NAME],
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_rows_stand_in_the_order_of_their_names(table: Iterable[str]) -> None:
    assert list(table) == sorted(table, key=lambda op: (op.lower(), op))


@pytest.mark.parametrize("op", [op for op, row in OPS.items() if row.rises])
def test_a_rising_op_never_falls(op: str) -> None:
    values = ElementFunction(op)(POINTS)
    values = values[~np.isnan(values)]
    assert len(values) > 100
    assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize("op", [op for op, row in OPS.items() if row.image and op in UNARY])
def test_no_value_lies_outside_the_image(op: str) -> None:
    low, high = OPS[op].image or (0, 0)
    values = ElementFunction(op)(POINTS)
    assert np.nanmin(values) >= low
    assert np.nanmax(values) <= high


@pytest.mark.parametrize("op", sorted(SPLITS))
def test_the_attribute_that_counts_results_is_the_registrys(op: str) -> None:
    known = registered_op(op)
    assert known is not None
    assert OPS[op].pieces in {count for count, _ in known.results}


@pytest.mark.parametrize("op", [op for op, row in OPS.items() if row.calls])
def test_control_flow_has_inputs_or_results_of_any_number(op: str) -> None:
    known = registered_op(op)
    assert known is not None
    assert known.more_inputs
