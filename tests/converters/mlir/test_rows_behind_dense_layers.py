"""Rows of several dimensions added to a dense layer: what real TF 2.15, 2.20 and 2.21 made of 112 such graphs."""

import math

import pytest

from minmax_lint.converters.example import Net
from tests.converters.predicted import predicted_of


def ops(converter: str, shape: tuple[int, ...], batch: int | None, *, ranges: bool = False) -> list[str]:
    """The ops that stay float, of a dense layer with a row of that shape behind it."""
    n = Net()
    x = n.placeholder("input", (batch, 8))
    row = n.const("row", [0.5] * math.prod(shape), list(shape))
    if ranges:
        output = n.fq(n.op("AddV2", n.mat_mul(n.fq(x), n.fq(n.weights(8, 3))), n.fq(row)))
    else:
        output = n.op("AddV2", n.mat_mul(n.op("Elu", x), n.weights(8, 3)), row)
    return [op for op, _ in predicted_of(n, output, converter).float_ops]


@pytest.mark.parametrize(
    ("converter", "shape", "batch", "expected"),
    [
        ("mlir-2.15", (1, 3), 4, ["FULLY_CONNECTED"]),
        ("mlir-2.15", (1, 3), None, ["FULLY_CONNECTED", "ADD"]),
        ("mlir-2.20", (1, 3), None, ["FULLY_CONNECTED"]),
        ("mlir-2.20", (1, 1, 3), None, ["FULLY_CONNECTED"]),
        ("mlir-2.21", (1, 3), None, ["FULLY_CONNECTED"]),
        ("mlir-2.21", (1, 1, 3), None, ["FULLY_CONNECTED", "ADD"]),
        ("mlir-2.21", (1, 1, 3), 4, ["FULLY_CONNECTED", "RESHAPE"]),
    ],
)
def test_a_row_becomes_the_bias(
    converter: str, shape: tuple[int, ...], batch: int | None, expected: list[str]
) -> None:
    assert ops(converter, shape, batch) == ["ELU", *expected]


@pytest.mark.parametrize(
    ("shape", "batch", "expected"),
    [((1, 3), None, []), ((1, 1, 3), 4, []), ((1, 1, 3), None, ["FULLY_CONNECTED", "ADD"])],
)
def test_a_row_with_a_range_becomes_the_bias_where_its_dimensions_allow_it(
    shape: tuple[int, ...], batch: int | None, expected: list[str]
) -> None:
    assert ops("mlir-2.21-v2", shape, batch, ranges=True) == expected
