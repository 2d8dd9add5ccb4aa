"""Idioms of public Keras models: what real TF 2.15.1 and 2.21.0 made of them, rebuilt as small graphs."""

from __future__ import annotations

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.converters.predict import predict
from minmax_lint.converters.profile import profile
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference

SLICES = {
    "[:, :]": ((0, 0), (0, 0), {"begin_mask": 3, "end_mask": 3}, "ELU STRIDED_SLICE"),
    "[0:1, 0:8]": ((0, 0), (1, 8), {}, "ELU"),
    "[:]": ((0,), (0,), {"begin_mask": 1, "end_mask": 1}, "ELU STRIDED_SLICE"),
    "[:, newaxis]": ((0, 0), (0, 0), {"begin_mask": 1, "end_mask": 1, "new_axis_mask": 2}, "ELU RESHAPE STRIDED_SLICE"),
    "[..., newaxis]": ((0, 0), (0, 0), {"ellipsis_mask": 1, "new_axis_mask": 2}, "ELU RESHAPE STRIDED_SLICE"),
    "[0:1, newaxis, 0:8]": ((0, 0, 0), (1, 1, 8), {"new_axis_mask": 2}, "ELU RESHAPE STRIDED_SLICE"),
}  # fmt: skip


def float_ops(net: Net, output: str, name: str) -> str:
    kept = trace(net.graph(), ["input"], [output])
    return " ".join(op for op, _ in predict(kept, Inference(kept, {}), profile(name)).float_ops)


@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21"])
@pytest.mark.parametrize("written", SLICES)
def test_masks_of_a_slice_keep_it_and_new_axes_come_from_a_reshape(written: str, name: str) -> None:
    begin, end, masks, expected = SLICES[written]
    n = Net()
    bounds = n.ints(*begin), n.ints(*end), n.ints(*[1] * len(begin))
    sliced = n.op("StridedSlice", n.op("Elu", n.x()), *bounds, **masks)
    assert float_ops(n, sliced, name) == expected


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 1), "ELU MEAN"), ((-1, 1), "ELU MEAN RESHAPE"), ((1, -1), "ELU MEAN RESHAPE")],
)
def test_a_mean_keeps_its_dimension_where_the_reshape_gives_every_size(
    shape: tuple[int, ...], expected: str
) -> None:
    n = Net()
    mean = n.sum(n.op("Elu", n.x()), 1, "Mean", keep_dims=False)
    assert float_ops(n, n.reshape(mean, *shape), "mlir-2.21") == expected


@pytest.mark.parametrize(
    ("batch", "size", "expected"),
    [(None, 7, "EXP"), (None, 8, "MUL EXP"), (None, 19, "MUL EXP"), (1, 19, "EXP")],
)
@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21"])
def test_a_quotient_by_eight_ones_is_a_product_where_the_batch_is_open(
    batch: int | None, size: int, expected: str, name: str
) -> None:
    n = Net()
    variance = n.op("Maximum", n.op("Sqrt", n.c(*[1.0] * size, shape=[1, size])), n.c(1e-7))
    assert float_ops(n, n.op("Exp", n.op("RealDiv", n.x(batch, size), variance)), name) == expected


@pytest.mark.parametrize("constant", [True, False])
def test_a_vector_behind_a_fakequant_goes_into_the_bias_only_where_it_is_constant(constant: bool) -> None:
    n = Net()
    vector = n.c(*[0.5, 0.25] * 4)
    if not constant:
        vector = n.op("Mul", n.fq(n.op("Relu", n.fq(vector))), vector)
    total = n.op("AddV2", n.x(), n.fq(vector))
    dense = n.op("BiasAdd", n.mat_mul(total, n.weights(8, 4)), n.c(0.1, 0.2, 0.3, 0.4))
    found = float_ops(n, dense, "mlir-2.21").split()
    assert ("ADD" not in found, found[-1]) == (constant, "FULLY_CONNECTED")
