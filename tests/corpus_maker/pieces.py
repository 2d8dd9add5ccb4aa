"""The ops that generated graphs are made of: each appends its nodes and says what it made.

A piece gets a Builder, the name of its result and the arrays it reads; NotApplicable is raised where it
cannot read them (another rank, sizes that do not fit).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType

Sizes = tuple[int, ...]
NHWC = b"NHWC"


class NotApplicable(Exception):
    """The piece cannot read arrays of these shapes."""


class Array(NamedTuple):
    """An array of the graph in the making."""

    name: str
    shape: Sizes


Make = Callable[[Builder, str, Sequence[Array]], Array]


@dataclass(frozen=True)
class Piece:
    """`reads` arrays of the same shape go in; one array comes out."""

    make: Make
    reads: int = 1


def need(condition: bool) -> None:
    """Refuse arrays that do not fit."""
    if not condition:
        raise NotApplicable


def ints(b: Builder, name: str, values: Sequence[int] | int, shape: Sequence[int] | None = None) -> str:
    """An int32 constant."""
    return b.const(name, values, shape, DType.INT32)


def elementwise(op: str, **attrs: float) -> Piece:
    """Any number of arrays of one shape to one of the same shape."""
    reads = 2 if op in BINARY else 1

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        return Array(b.add(op, name, *(a.name for a in arrays), **attrs), arrays[0].shape)

    return Piece(make, reads)


def with_constant(op: str, value: float, *, vector: bool = False, first: bool = False) -> Piece:
    """A binary op whose other operand is a constant: a scalar, or one value per channel."""

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        shape = array.shape[-1:] if vector else []
        constant = b.const(f"{name}/constant", [value, value / 2] if vector else value, shape)
        operands = (constant, array.name) if first else (array.name, constant)
        return Array(b.add(op, name, *operands), array.shape)

    return Piece(make)


def weights(b: Builder, name: str, shape: Sequence[int], how: str) -> str:
    """Constant weights: `quantized` by a FakeQuant, `raw`, or `per-channel` (over the last dimension)."""
    constant = b.const(f"{name}/weights", [0.5, -0.5, 0.25, -0.125, 0.375], shape)
    if how == "quantized":
        return b.fake_quant(f"{name}/weights_quant", constant, -1.0, 1.0, narrow_range=True)
    if how == "per-channel":
        low = b.const(f"{name}/weights_quant/min", [-1.0], [shape[-1]])
        high = b.const(f"{name}/weights_quant/max", [1.0], [shape[-1]])
        return b.add(
            "FakeQuantWithMinMaxVarsPerChannel",
            f"{name}/weights_quant",
            *(constant, low, high),
            num_bits=8,
            narrow_range=True,
        )
    return constant


def dense(how: str = "quantized", bias: str | None = "BiasAdd") -> Piece:
    """MatMul with constant weights, to 4 units."""

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 2)
        matrix = weights(b, name, [array.shape[1], 4], how)
        product = name if bias is None else f"{name}/MatMul"
        b.add("MatMul", product, array.name, matrix, transpose_a=False, transpose_b=False)
        return Array(biased(b, name, product, 4, bias), (array.shape[0], 4))

    return Piece(make)


def convolution(
    op: str = "Conv2D", how: str = "quantized", bias: str | None = "BiasAdd", stride: int = 1
) -> Piece:
    """A 3 x 3 convolution that keeps the number of channels, SAME padding."""

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4)
        n, h, w, channels = array.shape
        last = channels if op == "Conv2D" else 1
        product = name if bias is None else f"{name}/{op}"
        b.add(
            op,
            product,
            array.name,
            weights(b, name, [3, 3, channels, last], how),
            strides=[1, stride, stride, 1],
            dilations=[1, 1, 1, 1],
            padding=b"SAME",
            data_format=NHWC,
        )
        shape = (n, math.ceil(h / stride), math.ceil(w / stride), channels)
        return Array(biased(b, name, product, channels, bias), shape)

    return Piece(make)


def biased(b: Builder, name: str, product: str, channels: int, op: str | None) -> str:
    """The product with a constant vector added, unless `op` is None."""
    if op is None:
        return product
    vector = b.const(f"{name}/bias", [0.1, -0.1], [channels])
    return b.add(op, name, product, vector, **({"data_format": NHWC} if op == "BiasAdd" else {}))


def batch_norm(op: str) -> Piece:
    """Batch normalization with fixed statistics."""

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4)
        vectors = (("gamma", 1.5), ("beta", 0.5), ("mean", 0.25), ("variance", 2.0))
        rest = [b.const(f"{name}/{part}", [value], array.shape[-1:]) for part, value in vectors]
        more = {"U": DType.FLOAT} if op != "FusedBatchNorm" else {}
        b.add(op, name, array.name, *rest, epsilon=0.001, is_training=False, data_format=NHWC, **more)
        return Array(name, array.shape)

    return Piece(make)


def pool(op: str) -> Piece:
    """2 x 2 pooling, stride 2."""

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4 and array.shape[1] >= 2)
        n, h, w, c = array.shape
        b.add(
            op, name, array.name, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding=b"VALID", data_format=NHWC
        )
        return Array(name, (n, h // 2, w // 2, c))

    return Piece(make)


def reduce(op: str, *, keep: bool = False) -> Piece:
    """Over height and width, or over the channels of a matrix."""

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        axes = [1, 2] if len(array.shape) == 4 else [len(array.shape) - 1]
        need(keep or len(array.shape) > 2)
        b.add(op, name, array.name, ints(b, f"{name}/axes", axes), Tidx=DType.INT32, keep_dims=keep)
        kept = [(1 if i in axes else size) for i, size in enumerate(array.shape) if keep or i not in axes]
        return Array(name, tuple(kept))

    return Piece(make)


def resize(op: str) -> Piece:
    """To twice the height and width."""

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4)
        n, h, w, c = array.shape
        size = ints(b, f"{name}/size", [2 * h, 2 * w])
        b.add(op, name, array.name, size, align_corners=False, half_pixel_centers=False)
        return Array(name, (n, 2 * h, 2 * w, c))

    return Piece(make)


def pad(op: str) -> Piece:
    """One row and column on every side."""

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4 and array.shape[1] >= 2)
        n, h, w, c = array.shape
        operands = [array.name, ints(b, f"{name}/paddings", [0, 0, 1, 1, 1, 1, 0, 0], [4, 2])]
        if op == "PadV2":
            operands.append(b.const(f"{name}/value", -1.5))
        b.add(op, name, *operands, Tpaddings=DType.INT32, **({"mode": b"REFLECT"} if "Mirror" in op else {}))
        return Array(name, (n, h + 2, w + 2, c))

    return Piece(make)


def block(op: str) -> Piece:
    """SpaceToDepth or DepthToSpace by 2."""

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4)
        n, h, w, c = array.shape
        need(h % 2 == 0 and w % 2 == 0 if op == "SpaceToDepth" else c % 4 == 0)
        shape = (n, h // 2, w // 2, 4 * c) if op == "SpaceToDepth" else (n, 2 * h, 2 * w, c // 4)
        return Array(b.add(op, name, array.name, block_size=2, data_format=NHWC), shape)

    return Piece(make)


def flatten(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
    """To [1, elements]."""
    (array,) = arrays
    shape = (1, math.prod(array.shape))
    b.add("Reshape", name, array.name, ints(b, f"{name}/shape", shape), Tshape=DType.INT32)
    return Array(name, shape)


def transpose(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
    """Height and width exchanged."""
    (array,) = arrays
    need(len(array.shape) == 4)
    b.add("Transpose", name, array.name, ints(b, f"{name}/perm", [0, 2, 1, 3]), Tperm=DType.INT32)
    n, h, w, c = array.shape
    return Array(name, (n, w, h, c))


def expand(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
    """A new dimension after the batch."""
    (array,) = arrays
    need(len(array.shape) == 2)
    b.add("ExpandDims", name, array.name, ints(b, f"{name}/axis", 1), Tdim=DType.INT32)
    return Array(name, (array.shape[0], 1, array.shape[1]))


def squeeze(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
    """Height and width of 1 away."""
    (array,) = arrays
    need(len(array.shape) == 4 and array.shape[1:3] == (1, 1))
    return Array(b.add("Squeeze", name, array.name, squeeze_dims=[1, 2]), (array.shape[0], array.shape[3]))


def cut(op: str) -> Piece:
    """The first half of the last dimension."""

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(array.shape[-1] % 2 == 0)
        rank, half = len(array.shape), (*array.shape[:-1], array.shape[-1] // 2)
        begin = ints(b, f"{name}/begin", [0] * rank)
        size = ints(b, f"{name}/size", half)
        if op == "Slice":
            return Array(b.add(op, name, array.name, begin, size, Index=DType.INT32), half)
        strides = ints(b, f"{name}/strides", [1] * rank)
        masks = dict.fromkeys(
            ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0
        )
        return Array(b.add(op, name, array.name, begin, size, strides, Index=DType.INT32, **masks), half)

    return Piece(make)


def split(port: int) -> Piece:
    """In two halves over the last dimension, of which one is read."""

    def make(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(array.shape[-1] % 2 == 0)
        b.add("Split", name, ints(b, f"{name}/axis", len(array.shape) - 1), array.name, num_split=2)
        shape = (*array.shape[:-1], array.shape[-1] // 2)
        return Array(name if port == 0 else f"{name}:{port}", shape)

    return Piece(make)


def concat(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
    """Over the last dimension."""
    names = [a.name for a in arrays]
    shape = arrays[0].shape
    b.add("ConcatV2", name, *names, ints(b, f"{name}/axis", len(shape) - 1), N=len(names), Tidx=DType.INT32)
    return Array(name, (*shape[:-1], shape[-1] * len(names)))


def pack(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
    """Over a new dimension after the batch."""
    need(len(arrays[0].shape) == 2)
    names = [a.name for a in arrays]
    shape = arrays[0].shape
    return Array(b.add("Pack", name, *names, N=len(names), axis=1), (shape[0], len(names), shape[1]))


def add_n(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
    """The sum of all."""
    return Array(b.add("AddN", name, *(a.name for a in arrays), N=len(arrays)), arrays[0].shape)


def tile(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
    """Twice over the last dimension."""
    (array,) = arrays
    multiples = ints(b, f"{name}/multiples", [*([1] * (len(array.shape) - 1)), 2])
    b.add("Tile", name, array.name, multiples, Tmultiples=DType.INT32)
    return Array(name, (*array.shape[:-1], 2 * array.shape[-1]))


def fake_quant_args(b: Builder, name: str, arrays: Sequence[Array]) -> Array:
    """A FakeQuant whose range stands in attributes."""
    (array,) = arrays
    attrs = {"min": -2.0, "max": 2.0, "num_bits": 8, "narrow_range": False}
    return Array(b.add("FakeQuantWithMinMaxArgs", name, array.name, **attrs), array.shape)


BINARY = ("Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "SquaredDifference")
_UNARY = (
    "Relu", "Relu6", "Elu", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Softplus", "Identity", "StopGradient",
    "Abs", "Neg", "Square", "Sqrt", "Rsqrt", "Exp", "Log", "Floor", "Sin",
)  # fmt: skip

PIECES: dict[str, Piece] = {
    **{op: elementwise(op) for op in (*_UNARY, *BINARY)},
    "LeakyRelu": elementwise("LeakyRelu", alpha=0.25),
    "AddConstant": with_constant("Add", 0.5),
    "AddVector": with_constant("AddV2", 0.5, vector=True),
    "SubConstant": with_constant("Sub", 0.5),
    "ConstantSub": with_constant("Sub", 1.0, first=True),
    "MulConstant": with_constant("Mul", 0.5),
    "MulVector": with_constant("Mul", 0.5, vector=True),
    "MulOne": with_constant("Mul", 1.0),
    "DivConstant": with_constant("RealDiv", 2.0),
    "MaximumZero": with_constant("Maximum", 0.0),
    "MinimumGuard": with_constant("Minimum", 1e6),
    "MinimumClip": with_constant("Minimum", 0.75),
    "Dense": Piece(dense().make),
    "DenseRaw": dense("raw"),
    "DensePerChannel": dense("per-channel"),
    "DenseAdd": dense(bias="Add"),
    "DenseNoBias": dense(bias=None),
    "Conv": convolution(),
    "ConvStride": convolution(stride=2),
    "ConvRaw": convolution(how="raw"),
    "ConvPerChannel": convolution(how="per-channel"),
    "ConvNoBias": convolution(bias=None),
    "Depthwise": convolution("DepthwiseConv2dNative"),
    "DepthwiseNoBias": convolution("DepthwiseConv2dNative", bias=None),
    "BatchNorm": batch_norm("FusedBatchNorm"),
    "BatchNormV3": batch_norm("FusedBatchNormV3"),
    "MaxPool": pool("MaxPool"),
    "AvgPool": pool("AvgPool"),
    "Mean": reduce("Mean"),
    "MeanKeep": reduce("Mean", keep=True),
    "Sum": reduce("Sum", keep=True),
    "Max": reduce("Max", keep=True),
    "ResizeBilinear": resize("ResizeBilinear"),
    "ResizeNearest": resize("ResizeNearestNeighbor"),
    "Pad": pad("Pad"),
    "PadV2": pad("PadV2"),
    "MirrorPad": pad("MirrorPad"),
    "SpaceToDepth": block("SpaceToDepth"),
    "DepthToSpace": block("DepthToSpace"),
    "Flatten": Piece(flatten),
    "Transpose": Piece(transpose),
    "ExpandDims": Piece(expand),
    "Squeeze": Piece(squeeze),
    "Slice": cut("Slice"),
    "StridedSlice": cut("StridedSlice"),
    "Split": split(0),
    "SplitSecond": split(1),
    "Concat": Piece(concat, 2),
    "Pack": Piece(pack, 2),
    "AddN": Piece(add_n, 3),
    "Tile": Piece(tile),
    "FakeQuantArgs": Piece(fake_quant_args),
}
