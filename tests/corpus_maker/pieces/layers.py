"""Pieces with weights: dense layers, convolutions, batch normalization, and what stands around them."""

import math
from collections.abc import Sequence

from minmax_lint.graph.dtype import DType
from tests.corpus_maker.pieces.piece import NHWC, Array, Maker, Piece, Sizes, need

_SPREAD = (0.5, -0.5, 0.25, -0.125, 0.375)
"""Each extreme stands once: TOCO refuses weights with two bytes 0 near each other."""
WEIGHTS: dict[str, tuple[float, ...]] = {"low twice": (0.5, -0.5, -0.5, 0.25), "zeros": (0.0,)}


def weights(b: Maker, name: str, shape: Sequence[int], how: str) -> str:
    """Constant weights.

    `quantized`, `wide`, `args`: behind a FakeQuant, narrow or not, or with its range in attributes;
    `per-channel`: over the last dimension; `raw`: none; else raw with the values of WEIGHTS.
    """
    constant = b.const(f"{name}/weights", WEIGHTS.get(how, _SPREAD), shape)
    quant = f"{name}/weights_quant"
    if how in {"quantized", "wide"}:
        return b.fake_quant(quant, constant, -1.0, 1.0, narrow_range=how == "quantized")
    if how == "args":
        attrs = {"min": -1.0, "max": 1.0, "num_bits": 8, "narrow_range": True}
        return b.add("FakeQuantWithMinMaxArgs", quant, constant, **attrs)
    if how == "per-channel":
        bounds = (b.const(f"{quant}/min", [-1.0], shape[-1:]), b.const(f"{quant}/max", [1.0], shape[-1:]))
        op = "FakeQuantWithMinMaxVarsPerChannel"
        return b.add(op, quant, constant, *bounds, num_bits=8, narrow_range=True)
    return constant


def biased(b: Maker, name: str, product: str, channels: int, op: str | None) -> str:
    """The product with a constant vector added (`op`: BiasAdd, Add), or the product itself (None)."""
    if op is None:
        return product
    vector = b.const(f"{name}/bias", [0.1, -0.1], [channels])
    if op == "quantized":
        vector, op = b.fake_quant(f"{name}/bias_quant", vector, -1.0, 1.0), "BiasAdd"
    return b.add(op, name, product, vector, **({"data_format": NHWC} if op == "BiasAdd" else {}))


def dense(how: str = "quantized", bias: str | None = "BiasAdd", *, transposed: bool = False) -> Piece:
    """MatMul with constant weights, to 4 units."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 2)
        rows = array.shape[1]
        matrix = weights(b, name, [4, rows] if transposed else [rows, 4], how)
        product = name if bias is None else f"{name}/MatMul"
        b.add("MatMul", product, array.name, matrix, transpose_a=False, transpose_b=transposed)
        return Array(biased(b, name, product, 4, bias), (array.shape[0], 4))

    return Piece(make)


def matmul(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """MatMul of two activations, the second transposed."""
    left, right = arrays
    need(len(left.shape) == 2)
    b.add("MatMul", name, left.name, right.name, transpose_a=False, transpose_b=True)
    return Array(name, (left.shape[0], right.shape[0]))


def batch_matmul(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """BatchMatMulV2 of two activations, the second transposed."""
    left, right = arrays
    need(len(left.shape) == 3)
    b.add("BatchMatMulV2", name, left.name, right.name, adj_x=False, adj_y=True)
    return Array(name, (*left.shape[:2], right.shape[1]))


def convolution(
    op: str = "Conv2D",
    how: str = "quantized",
    bias: str | None = "BiasAdd",
    stride: int = 1,
    *,
    padding: bytes = b"SAME",
    dilation: int = 1,
) -> Piece:
    """A 3 x 3 convolution that keeps the number of channels."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4 and min(array.shape[1:3]) >= 3)
        channels = array.shape[3]
        product = name if bias is None else f"{name}/{op}"
        b.add(
            op,
            product,
            array.name,
            weights(b, name, [3, 3, channels, channels if op == "Conv2D" else 1], how),
            strides=[1, stride, stride, 1],
            dilations=[1, dilation, dilation, 1],
            padding=padding,
            data_format=NHWC,
        )
        return Array(biased(b, name, product, channels, bias), _convolved(array.shape, stride, padding))

    return Piece(make)


def _convolved(shape: Sizes, stride: int, padding: bytes) -> Sizes:
    n, h, w, c = shape
    if padding == b"VALID":
        h, w = h - 2, w - 2
    return (n, math.ceil(h / stride), math.ceil(w / stride), c)


def shared_convolution(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """A 1 x 1 convolution whose weights all such pieces of the graph share."""
    (array,) = arrays
    need(len(array.shape) == 4)
    channels = array.shape[3]
    kernel = b.shared(f"shared/kernel{channels}", 0.5, (1, 1, channels, channels))
    attrs = {"strides": [1, 1, 1, 1], "dilations": [1, 1, 1, 1], "padding": b"SAME", "data_format": NHWC}
    b.add("Conv2D", f"{name}/Conv2D", array.name, kernel, **attrs)
    return Array(biased(b, name, f"{name}/Conv2D", channels, "BiasAdd"), array.shape)


def dilated_convolution(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """A convolution of rate 2 as TF 1 writes it: between SpaceToBatchND and BatchToSpaceND."""
    (array,) = arrays
    need(len(array.shape) == 4)
    _, h, w, channels = array.shape
    need(h % 2 == 0 and w % 2 == 0 and min(h, w) >= 4)
    block = b.ints(f"{name}/block_shape", [2, 2])
    pads = b.ints(f"{name}/paddings", [2, 2, 2, 2], [2, 2])
    types = {"Tblock_shape": DType.INT32}
    spread = b.add(
        "SpaceToBatchND", f"{name}/SpaceToBatchND", array.name, block, pads, **types, Tpaddings=DType.INT32
    )
    kernel = weights(b, name, [3, 3, channels, channels], "quantized")
    attrs = {"strides": [1, 1, 1, 1], "dilations": [1, 1, 1, 1], "padding": b"VALID", "data_format": NHWC}
    product = b.add("Conv2D", f"{name}/Conv2D", spread, kernel, **attrs)
    crops = b.ints(f"{name}/crops", [0, 0, 0, 0], [2, 2])
    joined = b.add(
        "BatchToSpaceND", f"{name}/BatchToSpaceND", product, block, crops, **types, Tcrops=DType.INT32
    )
    return Array(biased(b, name, joined, channels, "BiasAdd"), array.shape)


def transposed_convolution(bias: str | None) -> Piece:
    """Conv2DBackpropInput of stride 2: twice the height and width."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4)
        n, h, w, c = array.shape
        shape = (n, 2 * h, 2 * w, c)
        product = name if bias is None else f"{name}/conv2d_transpose"
        sizes = b.ints(f"{name}/sizes", shape)
        kernel = weights(b, name, [3, 3, c, c], "quantized")
        attrs = {"strides": [1, 2, 2, 1], "dilations": [1, 1, 1, 1], "padding": b"SAME", "data_format": NHWC}
        b.add("Conv2DBackpropInput", product, sizes, kernel, array.name, **attrs)
        return Array(biased(b, name, product, c, bias), shape)

    return Piece(make)


def batch_norm(op: str) -> Piece:
    """Batch normalization with fixed statistics."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4)
        vectors = (("gamma", 1.5), ("beta", 0.5), ("mean", 0.25), ("variance", 2.0))
        rest = [b.const(f"{name}/{part}", [value], array.shape[-1:]) for part, value in vectors]
        more = {"U": DType.FLOAT} if op != "FusedBatchNorm" else {}
        b.add(op, name, array.name, *rest, epsilon=0.001, is_training=False, data_format=NHWC, **more)
        return Array(name, array.shape)

    return Piece(make)


def pool(op: str, padding: bytes = b"VALID") -> Piece:
    """2 x 2 pooling, stride 2."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4 and min(array.shape[1:3]) >= 2)
        n, h, w, c = array.shape
        attrs = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": padding, "data_format": NHWC}
        b.add(op, name, array.name, **attrs)
        up = 0 if padding == b"VALID" else 1
        return Array(name, (n, (h + up) // 2, (w + up) // 2, c))

    return Piece(make)


def lrn(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """Local response normalization."""
    (array,) = arrays
    need(len(array.shape) == 4)
    b.add("LRN", name, array.name, depth_radius=2, bias=1.0, alpha=1.0, beta=0.5)
    return Array(name, array.shape)


_DEPTHWISE = "DepthwiseConv2dNative"
LAYERS: dict[str, Piece] = {
    "Dense": dense(),
    "DenseRaw": dense("raw"),
    "DenseWide": dense("wide"),
    "DenseArgs": dense("args"),
    "DensePerChannel": dense("per-channel"),
    "DenseLowTwice": dense("low twice"),
    "DenseAdd": dense(bias="Add"),
    "DenseNoBias": dense(bias=None),
    "DenseBiasQuantized": dense(bias="quantized"),
    "DenseTransposed": dense(transposed=True),
    "MatMul": Piece(matmul, 2),
    "BatchMatMul": Piece(batch_matmul, 2),
    "Conv": convolution(),
    "ConvStride": convolution(stride=2),
    "ConvValid": convolution(padding=b"VALID"),
    "ConvDilated": convolution(dilation=2),
    "ConvRaw": convolution(how="raw"),
    "ConvWide": convolution(how="wide"),
    "ConvZeros": convolution(how="zeros"),
    "ConvPerChannel": convolution(how="per-channel"),
    "ConvNoBias": convolution(bias=None),
    "ConvAdd": convolution(bias="Add"),
    "ConvBiasQuantized": convolution(bias="quantized"),
    "ConvShared": Piece(shared_convolution),
    "DilatedConv": Piece(dilated_convolution),
    "Depthwise": convolution(_DEPTHWISE),
    "DepthwiseRaw": convolution(_DEPTHWISE, "raw"),
    "DepthwiseNoBias": convolution(_DEPTHWISE, bias=None),
    "Deconv": transposed_convolution("BiasAdd"),
    "DeconvNoBias": transposed_convolution(None),
    "BatchNorm": batch_norm("FusedBatchNorm"),
    "BatchNormV3": batch_norm("FusedBatchNormV3"),
    "MaxPool": pool("MaxPool"),
    "AvgPool": pool("AvgPool"),
    "AvgPoolSame": pool("AvgPool", b"SAME"),
    "LRN": Piece(lrn),
}
