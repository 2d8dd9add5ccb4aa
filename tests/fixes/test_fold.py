"""`fold`: batch normalization goes into the weights in front of it; the values stay."""

from collections.abc import Callable

import numpy as np
import pytest

from minmax_lint.fixes.edit.repair import CannotRepair
from minmax_lint.fixes.repairs.fold import fold
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from tests.fixes.running import MLIR, TOCO, both, fixed, image, verdicts

_STRIDES = {"strides": [1, 1, 1, 1], "padding": b"SAME", "data_format": b"NHWC"}
_WEIGHTS = [0.5, -0.3, 0.25, 0.7, -0.9, 0.1, 0.4]


def conv(b: Builder, x: str, weights: str) -> str:
    return b.add("Conv2D", "linear", x, weights, **_STRIDES)  # type: ignore[arg-type]


def depthwise(b: Builder, x: str, weights: str) -> str:
    return b.add("DepthwiseConv2dNative", "linear", x, weights, **_STRIDES)  # type: ignore[arg-type]


def matmul(b: Builder, x: str, weights: str) -> str:
    return b.add("MatMul", "linear", x, weights, transpose_a=False, transpose_b=False)


def transposed(b: Builder, x: str, weights: str) -> str:
    return b.add("MatMul", "linear", x, weights, transpose_a=False, transpose_b=True)


Linear = Callable[[Builder, str, str], str]
LINEARS = [
    pytest.param(conv, [1, 4, 4, 3], [2, 2, 3, 5], 5, id="conv"),
    pytest.param(depthwise, [1, 4, 4, 3], [2, 2, 3, 2], 6, id="depthwise"),
    pytest.param(matmul, [2, 4], [4, 3], 3, id="matmul"),
    pytest.param(transposed, [2, 4], [3, 4], 3, id="matmul-transposed"),
]


def statistics(b: Builder, depth: int) -> list[str]:
    def values(seed: int, low: float, high: float) -> list[float]:
        return [float(v) for v in np.random.default_rng(seed).uniform(low, high, depth)]

    parts = {"gamma": (0.5, 1.5), "beta": (-0.2, 0.2), "mean": (-0.5, 0.5), "variance": (0.5, 2.0)}
    return [b.const(name, values(i, *bounds)) for i, (name, bounds) in enumerate(parts.items())]


def net(
    linear: Linear,
    shape: list[int],
    kernel: list[int],
    depth: int,
    *,
    bias: bool = False,
    fused: bool = True,
    between: bool = True,
) -> Builder:
    """Linear op with quantized weights, batch norm, relu, FakeQuant; `between`: one of both converters' obstacles.

    Without a FakeQuant between linear op and batch norm, MLIR alone does not fold it.
    """
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", shape), -2, 2)
    weights = b.fake_quant("weights/quant", b.const("weights", _WEIGHTS, kernel), -1, 1, narrow_range=True)
    y = linear(b, x, weights)
    if bias:
        y = b.add("BiasAdd", "biased", y, b.const("bias", [0.3, -0.2, 0.1], [depth]), data_format=b"NHWC")
    if between:
        y = b.fake_quant("linear/quant", y, -6, 6)
    if fused:
        y = b.add(
            "FusedBatchNormV3",
            "norm",
            y,
            *statistics(b, depth),
            U=DType.FLOAT,
            epsilon=0.001,
            is_training=False,
            data_format=b"NHWC",
        )
    else:
        scale, shift = statistics(b, depth)[:2]
        y = b.add("Add", "norm", b.add("Mul", "scaled", y, scale), shift)
    b.fake_quant("output", b.add("Relu", "relu", y), 0, 6)
    return b


@pytest.mark.slow
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("linear", "shape", "kernel", "depth"), LINEARS)
def test_the_values_stay_when_a_batch_norm_is_folded(
    linear: Linear, shape: list[int], kernel: list[int], depth: int, bias: bool
) -> None:
    fused = len(shape) == 4
    patch = fixed(net(linear, shape, kernel, depth, bias=bias, fused=fused), "output", unsafe=True)
    assert "fold" in patch.strategy
    assert not patch.safe
    assert patch.graph["norm"].op == "BiasAdd"
    assert verdicts(patch)[TOCO] == ("abort", "quantized")
    (before,), (after,) = both(patch, {"input": image(*shape)})
    np.testing.assert_allclose(after, before, atol=0.1)


@pytest.mark.parametrize(("linear", "shape", "kernel", "depth"), LINEARS)
def test_a_batch_norm_that_scales_quantized_weights_is_folded_where_mlir_leaves_the_op_in_float(
    linear: Linear, shape: list[int], kernel: list[int], depth: int
) -> None:
    b = net(linear, shape, kernel, depth, fused=len(shape) == 4, between=False)
    patch = fixed(b, "output", unsafe=True, converters=[MLIR])
    assert patch.strategy == "fold"
    assert verdicts(patch) == {MLIR: ("float", "quantized")}
    assert [
        (one.code, one.fix and one.fix.strategy) for one in patch.before.findings if one.severity == "error"
    ] == [("MM112", "fold")]


@pytest.mark.slow
def test_folding_itself_is_exact() -> None:
    from minmax_lint.fixes.repairs.fold import fold
    from minmax_lint.graph.edit import edit_graph
    from minmax_lint.graph.trace import trace
    from minmax_lint.inference.inference import Inference
    from minmax_lint.writers.graphdef import encode
    from tests.fixes.running import run

    b = Builder()
    x = b.placeholder("input", [1, 4, 4, 3])
    y = conv(b, x, b.const("weights", _WEIGHTS, [2, 2, 3, 5]))
    b.add(
        "FusedBatchNorm", "norm", y, *statistics(b, 5), epsilon=0.001, is_training=False, data_format=b"NHWC"
    )
    graph = b.graph()
    inference = Inference(trace(graph, ["input"], ["norm"]), {})
    after = edit_graph(graph, fold(graph, inference, {"norm"}).edit)
    feeds = {"input": image(1, 4, 4, 3)}
    (expected,), (found,) = run(encode(graph), ["norm"], feeds), run(encode(after), ["norm"], feeds)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.slow
def test_a_batch_norm_with_nothing_in_front_becomes_a_depthwise_convolution() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4, 4, 3]), -2, 2)
    y = b.add(
        "FusedBatchNormV3",
        "norm",
        b.add("MaxPool", "pool", x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding=b"SAME"),
        *statistics(b, 3),
        U=DType.FLOAT,
        epsilon=0.001,
        is_training=False,
        data_format=b"NHWC",
    )
    b.fake_quant("output", b.add("Relu", "relu", y), 0, 6)
    patch = fixed(b, "output", unsafe=True)
    assert [node.op for node in patch.graph if node.op.startswith("Depthwise")] == ["DepthwiseConv2dNative"]
    assert verdicts(patch) == {TOCO: ("abort", "quantized"), MLIR: ("float", "quantized")}
    (before,), (after,) = both(patch, {"input": image(1, 4, 4, 3)})
    np.testing.assert_allclose(after, before, atol=0.03)


def test_a_batch_norm_in_training_is_left_alone() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4, 4, 3]), -2, 2)
    y = conv(b, x, b.const("weights", _WEIGHTS, [2, 2, 3, 5]))
    y = b.add("FusedBatchNorm", "norm", y, *statistics(b, 5), epsilon=0.001, is_training=True)
    b.fake_quant("output", y, 0, 6)
    assert "fold" not in fixed(b, "output", unsafe=True, default_range=(-6.0, 6.0)).strategy


def test_constants_that_give_the_result_more_dimensions_are_no_batch_norm() -> None:
    b = Builder()
    x = b.fake_quant("x/quant", b.placeholder("input", [1, 4]), -1, 1)
    product = matmul(b, x, b.fake_quant("weights/quant", b.const("weights", _WEIGHTS, [4, 3]), -1, 1))
    scaled = b.add("Mul", "scaled", product, b.const("scale", [0.5, 2.0, 1.5], [3]))
    b.add("Add", "output", scaled, b.const("offset", [0.1, 0.2, 0.3], [1, 1, 1, 3]))
    graph = b.graph()
    inference = Inference(trace(graph, ["input"], ["output"]), {})
    with pytest.raises(CannotRepair):
        fold(graph, inference, graph.names)
