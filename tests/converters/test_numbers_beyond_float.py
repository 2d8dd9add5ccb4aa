"""Numbers beyond 32 bits are infinite: batch normalizations of them are linted and fixed."""

import math
import warnings

import pytest

import minmax_lint
from minmax_lint.converters.example import Net
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.writers.graphdef import encode

PROFILES = ["toco-2.15", "mlir-2.15", "mlir-2.21", "mlir-2.21-int8"]


@pytest.mark.parametrize(
    ("dtype", "value", "stored"),
    [
        (DType.FLOAT, 1e39, math.inf),
        (DType.FLOAT, -1e39, -math.inf),
        (DType.HALF, 1e6, math.inf),
        (DType.FLOAT, 1e38, 1e38),
    ],
)
def test_a_number_beyond_its_type_is_infinite(dtype: DType, value: float, stored: float) -> None:
    assert Tensor.of(dtype, [2], [0.5, value]).reals() == pytest.approx((0.5, stored))


@pytest.mark.parametrize("large", [1e38, math.inf, math.nan])
@pytest.mark.parametrize("op", ["FusedBatchNormV3", "BatchNormWithGlobalNormalization"])
def test_a_batch_normalization_of_any_numbers_is_linted_and_fixed(op: str, large: float) -> None:
    n = Net()
    x = n.fq(n.conv(n.image()))
    scale, offset = n.c(*[large] * 4), n.c(large, -large, large, large)
    mean, variance = n.c(0.0, large, 0.0, 0.0), n.c(*[0.0] * 4)
    if op == "FusedBatchNormV3":
        norm = n.op(op, x, scale, offset, mean, variance, U=DType.FLOAT, is_training=False, epsilon=1e-5)
    else:
        attrs = {"variance_epsilon": 1e-5, "scale_after_normalization": True}
        norm = n.op(op, x, mean, variance, offset, scale, **attrs)
    output = n.fq(n.op("Relu", norm))
    graph = encode(n.graph())
    report = minmax_lint.lint(graph, outputs=[output], converters=PROFILES)
    assert all(found.verdict != "undetermined" for found in report.predictions.values())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        minmax_lint.fix(graph, outputs=[output], converters=PROFILES[:2], unsafe=True)
