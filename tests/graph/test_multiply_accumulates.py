"""Multiply-accumulates of single nodes, against the formulas written out."""

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from minmax_lint.inference.multiply_accumulates import multiply_accumulates

CONV = {"strides": [1, 2, 2, 1], "padding": b"SAME", "data_format": b"NHWC"}


def count(b: Builder) -> int | None:
    graph = b.graph()
    kept = trace(graph, ["x"], ["y"])
    return multiply_accumulates(Inference(kept, {}), graph["y"])


def test_a_convolution_counts_its_filter_for_every_value_it_makes() -> None:
    b = Builder()
    b.add("Conv2D", "y", b.placeholder("x", [1, 8, 8, 3]), b.const("w", 0.5, [3, 3, 3, 16]), **CONV)
    assert count(b) == (4 * 4 * 16) * (3 * 3 * 3)


def test_a_depthwise_convolution_counts_one_plane_of_its_filter() -> None:
    b = Builder()
    x = b.placeholder("x", [1, 8, 8, 3])
    b.add("DepthwiseConv2dNative", "y", x, b.const("w", 0.5, [3, 3, 3, 2]), **CONV)
    assert count(b) == (4 * 4 * 6) * (3 * 3)


def test_a_transposed_convolution_counts_its_filter_for_every_value_it_reads() -> None:
    b = Builder()
    sizes = b.const("sizes", [1, 8, 8, 16], dtype=DType.INT32)
    x = b.placeholder("x", [1, 4, 4, 3])
    b.add("Conv2DBackpropInput", "y", sizes, b.const("w", 0.5, [3, 3, 16, 3]), x, **CONV)
    assert count(b) == (4 * 4 * 3) * (3 * 3 * 16)


@pytest.mark.parametrize(("transposed", "shape"), [(False, [4, 6]), (True, [6, 4])])
def test_a_matrix_product_counts_what_it_sums_over(transposed: bool, shape: list[int]) -> None:
    b = Builder()
    x = b.placeholder("x", shape)
    b.add("MatMul", "y", x, b.const("w", 0.5, [6, 5]), transpose_a=transposed, transpose_b=False)
    assert count(b) == 4 * 5 * 6


def test_other_ops_count_nothing() -> None:
    b = Builder()
    b.add("Relu", "y", b.placeholder("x", [1, 8]))
    assert count(b) == 0


def test_without_shapes_nothing_is_known() -> None:
    b = Builder()
    x = b.add("SomethingNew", "new", b.placeholder("x", [1, 8]))
    b.add("MatMul", "y", x, b.const("w", 0.5, [8, 5]), transpose_a=False, transpose_b=False)
    assert count(b) is None
