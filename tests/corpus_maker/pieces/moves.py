"""Pieces that move values about: shapes, slices, pads, blocks, and reductions."""

import math
from collections.abc import Sequence

from minmax_lint.graph.dtype import DType
from tests.corpus_maker.pieces.piece import NHWC, Array, Maker, Piece, need

_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def reduce(op: str, *, keep: bool = False) -> Piece:
    """Over height and width, or over the last dimension."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        axes = [1, 2] if len(array.shape) == 4 else [len(array.shape) - 1]
        need(keep or len(array.shape) > 2)
        b.add(op, name, array.name, b.ints(f"{name}/axes", axes), Tidx=DType.INT32, keep_dims=keep)
        kept = [(1 if i in axes else size) for i, size in enumerate(array.shape) if keep or i not in axes]
        return Array(name, tuple(kept))

    return Piece(make)


def resize(op: str) -> Piece:
    """To twice the height and width."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4)
        n, h, w, c = array.shape
        size = b.ints(f"{name}/size", [2 * h, 2 * w])
        b.add(op, name, array.name, size, align_corners=False, half_pixel_centers=False)
        return Array(name, (n, 2 * h, 2 * w, c))

    return Piece(make)


def pad(op: str) -> Piece:
    """One row and column on every side."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4 and min(array.shape[1:3]) >= 2)
        n, h, w, c = array.shape
        operands = [array.name, b.ints(f"{name}/paddings", [0, 0, 1, 1, 1, 1, 0, 0], [4, 2])]
        if op == "PadV2":
            operands.append(b.const(f"{name}/value", -1.5))
        b.add(op, name, *operands, Tpaddings=DType.INT32, **({"mode": b"REFLECT"} if "Mirror" in op else {}))
        return Array(name, (n, h + 2, w + 2, c))

    return Piece(make)


def block(op: str) -> Piece:
    """SpaceToDepth or DepthToSpace by 2."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) == 4)
        n, h, w, c = array.shape
        need(h % 2 == 0 and w % 2 == 0 if op == "SpaceToDepth" else c % 4 == 0)
        shape = (n, h // 2, w // 2, 4 * c) if op == "SpaceToDepth" else (n, 2 * h, 2 * w, c // 4)
        return Array(b.add(op, name, array.name, block_size=2, data_format=NHWC), shape)

    return Piece(make)


def space_to_batch(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """SpaceToBatchND by 2 without padding."""
    (array,) = arrays
    need(len(array.shape) == 4 and array.shape[1] % 2 == 0 and array.shape[2] % 2 == 0)
    n, h, w, c = array.shape
    pads = b.ints(f"{name}/paddings", [0, 0, 0, 0], [2, 2])
    operands = (array.name, b.ints(f"{name}/block_shape", [2, 2]), pads)
    b.add("SpaceToBatchND", name, *operands, Tblock_shape=DType.INT32, Tpaddings=DType.INT32)
    return Array(name, (4 * n, h // 2, w // 2, c))


def reshape(*, computed: bool = False, static_batch: bool = True) -> Piece:
    """To [1, elements]; `computed`: the shape comes out of Shape, StridedSlice and Pack, as in tf.layers.flatten."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        shape = (array.shape[0], math.prod(array.shape[1:]))
        target = (
            _computed_shape(b, name, array, shape)
            if computed
            else b.ints(f"{name}/shape", shape if static_batch else (-1, shape[1]))
        )
        b.add("Reshape", name, array.name, target, Tshape=DType.INT32)
        return Array(name, shape)

    return Piece(make)


def _computed_shape(b: Maker, name: str, array: Array, shape: tuple[int, ...]) -> str:
    sizes = b.add("Shape", f"{name}/Shape", array.name, out_type=DType.INT32)
    bounds = [b.ints(f"{name}/slice/{part}", [value]) for part, value in (("a", 0), ("b", 1), ("c", 1))]
    masks = dict.fromkeys(_MASKS, 0) | {"shrink_axis_mask": 1}
    first = b.add("StridedSlice", f"{name}/batch", sizes, *bounds, T=DType.INT32, Index=DType.INT32, **masks)
    rest = b.ints(f"{name}/rest", shape[1])
    return b.add("Pack", f"{name}/shape", first, rest, T=DType.INT32, N=2, axis=0)


def transpose(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """The last two dimensions but the channels exchanged; of a matrix, both."""
    (array,) = arrays
    need(len(array.shape) in {2, 3, 4})
    order = {2: [1, 0], 3: [0, 2, 1], 4: [0, 2, 1, 3]}[len(array.shape)]
    b.add("Transpose", name, array.name, b.ints(f"{name}/perm", order), Tperm=DType.INT32)
    return Array(name, tuple(array.shape[i] for i in order))


def expand(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """A new dimension after the batch."""
    (array,) = arrays
    need(len(array.shape) in {2, 3})
    b.add("ExpandDims", name, array.name, b.ints(f"{name}/axis", 1), Tdim=DType.INT32)
    return Array(name, (array.shape[0], 1, *array.shape[1:]))


def squeeze(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """Height and width of 1 away."""
    (array,) = arrays
    need(len(array.shape) == 4 and array.shape[1:3] == (1, 1))
    return Array(b.add("Squeeze", name, array.name, squeeze_dims=[1, 2]), (array.shape[0], array.shape[3]))


def cut(op: str) -> Piece:
    """The first half of the last dimension."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(array.shape[-1] % 2 == 0)
        rank, half = len(array.shape), (*array.shape[:-1], array.shape[-1] // 2)
        begin = b.ints(f"{name}/begin", [0] * rank)
        size = b.ints(f"{name}/size", half)
        if op == "Slice":
            return Array(b.add(op, name, array.name, begin, size, Index=DType.INT32), half)
        strides = b.ints(f"{name}/strides", [1] * rank)
        masks = dict.fromkeys(_MASKS, 0)
        return Array(b.add(op, name, array.name, begin, size, strides, Index=DType.INT32, **masks), half)

    return Piece(make)


def gather(op: str) -> Piece:
    """The second and the first channel; GatherNd: the first entry."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(array.shape[-1] >= 2)
        if op == "GatherNd":
            indices = b.ints(f"{name}/indices", [0], [1, 1])
            b.add(op, name, array.name, indices, Tparams=DType.FLOAT, Tindices=DType.INT32)
            return Array(name, (1, *array.shape[1:]))
        indices = b.ints(f"{name}/indices", [1, 0])
        axis = b.ints(f"{name}/axis", len(array.shape) - 1)
        types = {"Tparams": DType.FLOAT, "Tindices": DType.INT32, "Taxis": DType.INT32}
        b.add(op, name, array.name, indices, axis, **types, batch_dims=0)
        return Array(name, (*array.shape[:-1], 2))

    return Piece(make)


def tile(axes: int) -> Piece:
    """Twice over the last `axes` dimensions."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) > axes)
        times = [1] * (len(array.shape) - axes) + [2] * axes
        b.add("Tile", name, array.name, b.ints(f"{name}/multiples", times), Tmultiples=DType.INT32)
        return Array(name, tuple(size * n for size, n in zip(array.shape, times, strict=True)))

    return Piece(make)


def broadcast(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """BroadcastTo: a batch of 2."""
    (array,) = arrays
    need(array.shape[0] == 1)
    shape = (2, *array.shape[1:])
    return Array(
        b.add("BroadcastTo", name, array.name, b.ints(f"{name}/shape", shape), Tidx=DType.INT32), shape
    )


def over_last(op: str) -> Piece:
    """Cumsum or ReverseV2 over the last dimension."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        last = len(array.shape) - 1
        axis = b.ints(f"{name}/axis", last if op == "Cumsum" else [last])
        more = {"exclusive": False, "reverse": False} if op == "Cumsum" else {}
        return Array(b.add(op, name, array.name, axis, Tidx=DType.INT32, **more), array.shape)

    return Piece(make)


MOVES: dict[str, Piece] = {
    "Mean": reduce("Mean"),
    "MeanKeep": reduce("Mean", keep=True),
    "Sum": reduce("Sum", keep=True),
    "Max": reduce("Max", keep=True),
    "Min": reduce("Min"),
    "Prod": reduce("Prod", keep=True),
    "ResizeBilinear": resize("ResizeBilinear"),
    "ResizeNearest": resize("ResizeNearestNeighbor"),
    "Pad": pad("Pad"),
    "PadV2": pad("PadV2"),
    "MirrorPad": pad("MirrorPad"),
    "SpaceToDepth": block("SpaceToDepth"),
    "DepthToSpace": block("DepthToSpace"),
    "SpaceToBatch": Piece(space_to_batch),
    "Flatten": reshape(),
    "FlattenAnyBatch": reshape(static_batch=False),
    "FlattenComputed": reshape(computed=True),
    "Transpose": Piece(transpose),
    "ExpandDims": Piece(expand),
    "Squeeze": Piece(squeeze),
    "Slice": cut("Slice"),
    "StridedSlice": cut("StridedSlice"),
    "Gather": gather("GatherV2"),
    "GatherNd": gather("GatherNd"),
    "Tile": tile(1),
    "TileTwo": tile(2),
    "BroadcastTo": Piece(broadcast),
    "Cumsum": over_last("Cumsum"),
    "Reverse": over_last("ReverseV2"),
}
