"""Shape functions: op -> shapes of its outputs. Facts of TensorFlow's op registrations (core/ops/*.cc)."""

from math import ceil

from minmax_lint.graph.tensor import Shape
from minmax_lint.inference.control_flow_shapes import loop, merge, switch
from minmax_lint.inference.einsum_equation import shape_of_einsum
from minmax_lint.inference.element_types import LOOPS
from minmax_lint.inference.image_shapes import (
    batch_norm,
    batch_to_space,
    conv,
    depth_space,
    pool,
    resize,
    space_to_batch,
)
from minmax_lint.inference.shape_arithmetic import (
    MOST_DIMENSIONS,
    Size,
    broadcast,
    reduce,
    reshape,
    squeeze,
    strided,
)
from minmax_lint.inference.shape_call import Call, ShapeRule, constant_axis, times
from minmax_lint.ops.table import OPS


def _reduction(call: Call) -> list[Shape | None]:
    shape, keep = call.shape(0), call.node.flag("keep_dims")
    if shape is None:
        return [None]
    try:
        axes = [axis for axis in call.values(1) if axis is not None]
    except ValueError:
        return [(None,) * len(shape) if keep else None]
    return [reduce(shape, axes, keep)]


def _matmul(call: Call) -> list[Shape | None]:
    left, right = call.known(0), call.known(1)
    flip_left = call.node.flag("transpose_a") or call.node.flag("adj_x")
    flip_right = call.node.flag("transpose_b") or call.node.flag("adj_y")
    rows = left[-1] if flip_left else left[-2]
    columns = right[-2] if flip_right else right[-1]
    batch = broadcast(left[:-2], right[:-2]) or ()
    return [(*batch, rows, columns)]


def _reshape(call: Call) -> list[Shape | None]:
    try:
        wanted = call.values(1)
    except ValueError:
        rank = call.known(1)[0]
        return [None if rank is None or rank > MOST_DIMENSIONS else (None,) * rank]
    return [reshape(call.shape(0), wanted)]


def _expand_dims(call: Call) -> list[Shape | None]:
    shape = call.known(0)
    axis = constant_axis(call, 1, len(shape) + 1)
    return [(*shape[:axis], 1, *shape[axis:])]


def _concat(call: Call) -> list[Shape | None]:
    count = len(call.node.inputs) - 1
    axis_slot, slots = (count, range(count)) if call.node.op == "ConcatV2" else (0, range(1, count + 1))
    shapes = [call.known(slot) for slot in slots]
    axis = constant_axis(call, axis_slot, len(shapes[0]))
    sizes = [shape[axis] for shape in shapes]
    total = sum(size for size in sizes if size is not None) if None not in sizes else None
    merged = [max((s for s in beside if s is not None), default=None) for beside in zip(*shapes, strict=True)]
    return [(*merged[:axis], total, *merged[axis + 1 :])]


def _pack(call: Call) -> list[Shape | None]:
    shape = call.known(0)
    axis = call.node.integer("axis", 0) % (len(shape) + 1)
    return [(*shape[:axis], len(call.node.inputs), *shape[axis:])]


def _unpack(call: Call) -> list[Shape | None]:
    shape = call.known(0)
    axis = call.node.integer("axis", 0) % len(shape)
    return [shape[:axis] + shape[axis + 1 :]] * min(call.node.integer("num", 1), 10_000)


def _split(call: Call) -> list[Shape | None]:
    shape, count = call.known(1), call.node.integer("num_split", 1)
    axis = constant_axis(call, 0, len(shape))
    size = shape[axis]
    part = None if size is None else size // count
    return [(*shape[:axis], part, *shape[axis + 1 :])] * min(count, 10_000)


def _split_v(call: Call) -> list[Shape | None]:
    shape, parts = call.known(0), list(call.values(1))
    axis = constant_axis(call, 2, len(shape))
    size = shape[axis]
    rest = sum(part for part in parts if part is not None and part >= 0)
    sizes = [(None if size is None else size - rest) if part == -1 else part for part in parts]
    return [(*shape[:axis], part, *shape[axis + 1 :]) for part in sizes]


def _slice(call: Call) -> list[Shape | None]:
    shape, begins, sizes = call.known(0), call.numbers(1), call.numbers(2)
    return [
        tuple(
            (None if whole is None or low is None else whole - low) if size == -1 else size
            for whole, low, size in zip(shape, begins, sizes, strict=True)
        )
    ]


def _strided_slice(call: Call) -> list[Shape | None]:
    node = call.node
    masks = {
        key: node.integer(f"{key}_mask", 0) for key in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    begins, ends, steps = map(call.numbers, range(1, 4))
    return [strided(call.known(0), begins, ends, steps, masks)]


def _gather(call: Call) -> list[Shape | None]:
    shape, indices = call.known(0), call.known(1)
    axis = constant_axis(call, 2, len(shape)) if len(call.node.inputs) > 2 else 0
    shared = call.node.integer("batch_dims", 0)
    rest = indices[shared:] if shared >= 0 else indices[len(indices) + shared :]
    return [shape[:axis] + rest + shape[axis + 1 :]]


def _gather_nd(call: Call) -> list[Shape | None]:
    shape, indices = call.known(0), call.known(1)
    depth = indices[-1]
    return [None if depth is None else indices[:-1] + shape[depth:]]


def _pad(call: Call) -> list[Shape | None]:
    shape, pads = call.known(0), call.values(1)
    sizes: list[Size] = []
    for i, size in enumerate(shape):
        low, high = pads[2 * i], pads[2 * i + 1]
        sizes.append(None if size is None or low is None or high is None else size + low + high)
    return [tuple(sizes)]


def _tile(call: Call) -> list[Shape | None]:
    return [tuple(times(a, b) for a, b in zip(call.known(0), call.values(1), strict=True))]


def _transpose(call: Call) -> list[Shape | None]:
    shape = call.known(0)
    return [tuple(shape[axis] for axis in call.values(1) if axis is not None)]


def _one_hot(call: Call) -> list[Shape | None]:
    shape = call.known(0)
    axis = call.node.integer("axis", -1) % (len(shape) + 1)
    return [(*shape[:axis], call.values(1)[0], *shape[axis:])]


def _top_k(call: Call) -> list[Shape | None]:
    shape = call.known(0)
    count = call.values(1)[0] if len(call.node.inputs) > 1 else call.node.integer("k", 0)
    return [(*shape[:-1], count)] * 2


def _range(call: Call) -> list[Shape | None]:
    low, high, step = map(call.number, range(3))
    return [(None if low is None or high is None or not step else max(0, ceil((high - low) / step)),)]


def _einsum(call: Call) -> list[Shape | None]:
    shapes = [call.known(slot) for slot in range(len(call.node.inputs))]
    return [shape_of_einsum(call.node.text("equation"), shapes)]


def _rfft(call: Call) -> list[Shape | None]:
    length = call.values(1)[0]
    return [(*call.known(0)[:-1], None if length is None else length // 2 + 1)]


def _from_values(slot: int) -> ShapeRule:
    return lambda call: [tuple(call.values(slot))]


def _segments(call: Call) -> list[Shape | None]:
    """One row a segment, of the shape of the data behind the dimensions of the segment ids."""
    return [(call.values(2)[0], *call.known(0)[len(call.known(1)) :])]


_BY_ROW: dict[str, ShapeRule] = {
    "input": lambda call: [call.shape(0)],
    "broadcast": lambda call: [broadcast(call.shape(0), call.shape(1))],
    "reduced": _reduction,
}

SHAPE_RULES: dict[str, ShapeRule] = {
    **{op: _BY_ROW[row.shape] for op, row in OPS.items() if row.shape},
    **dict.fromkeys(("Conv2D", "Conv3D", "DepthwiseConv2dNative"), conv),
    **dict.fromkeys(("AvgPool", "AvgPool3D", "MaxPool", "MaxPool3D"), pool),
    **dict.fromkeys(("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), _matmul),
    **dict.fromkeys(("Concat", "ConcatV2"), _concat),
    **dict.fromkeys(("Gather", "GatherV2", "ResourceGather"), _gather),
    **dict.fromkeys(("Pad", "PadV2", "MirrorPad"), _pad),
    **dict.fromkeys(("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic"), resize),
    **dict.fromkeys(("DepthToSpace", "SpaceToDepth"), depth_space),
    **dict.fromkeys(("TopK", "TopKV2"), _top_k),
    **dict.fromkeys(
        ("ArgMax", "ArgMin"),
        lambda call: [reduce(call.known(0), [constant_axis(call, 1, len(call.known(0)))], False)],
    ),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), batch_norm),
    **dict.fromkeys(("L2Loss", "LookupTableSizeV2", "Rank", "Size", "ToBool"), lambda call: [()]),
    **dict.fromkeys(LOOPS, loop),
    "Switch": switch,
    "Merge": merge,
    **dict.fromkeys(
        ("Bucketize", "FFT", "FFT2D", "IFFT", "IFFT2D", "XlaDynamicUpdateSlice"), _BY_ROW["input"]
    ),
    "IdentityN": lambda call: [call.shape(slot) for slot in range(len(call.node.inputs))],
    **dict.fromkeys(
        ("MatrixDiag", "MatrixDiagV2", "MatrixDiagV3"), lambda call: [(*call.known(0), call.known(0)[-1])]
    ),
    "SegmentSum": lambda call: [(None, *call.known(0)[1:])],
    "UnidirectionalSequenceLSTM": lambda call: [(*call.known(0)[:2], call.known(1)[-1])],
    "Where": lambda call: [(None, len(call.known(0)))],
    "Squeeze": lambda call: [squeeze(call.known(0), call.node.integers("squeeze_dims"))],
    **dict.fromkeys(
        (
            *("Empty", "Fill", "RandomStandardNormal", "RandomUniform", "RandomUniformInt"),
            *("StatelessRandomUniform", "StatelessRandomUniformV2", "TruncatedNormal"),
        ),
        _from_values(0),
    ),
    **dict.fromkeys(
        ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"),
        lambda call: [call.known(0)[:1], call.known(0)],
    ),
    **dict.fromkeys(
        ("UnsortedSegmentMax", "UnsortedSegmentMin", "UnsortedSegmentProd", "UnsortedSegmentSum"), _segments
    ),
    "RFFT": _rfft,
    "VarHandleOp": lambda call: [shape if isinstance(shape := call.node.attribute("shape"), tuple) else None],
    **dict.fromkeys(("BroadcastTo", "SparseToDense"), _from_values(1)),
    "ScatterNd": _from_values(2),
    "Multinomial": lambda call: [(*call.known(0)[:1], *call.values(1))],
    **dict.fromkeys(("Conv2DBackpropInput", "Conv3DBackpropInputV2"), _from_values(0)),
    "Reshape": _reshape,
    "ExpandDims": _expand_dims,
    "Pack": _pack,
    "Unpack": _unpack,
    "Split": _split,
    "SplitV": _split_v,
    "Slice": _slice,
    "StridedSlice": _strided_slice,
    "GatherNd": _gather_nd,
    "Tile": _tile,
    "Transpose": _transpose,
    "SpaceToBatchND": space_to_batch,
    "BatchToSpaceND": batch_to_space,
    "OneHot": _one_hot,
    "SelectV2": lambda call: [broadcast(broadcast(call.shape(0), call.shape(1)), call.shape(2))],
    "Select": lambda call: [call.shape(1) if call.shape(1) is not None else call.shape(2)],
    "Range": _range,
    "Einsum": _einsum,
    "Shape": lambda call: [None if (shape := call.shape(0)) is None else (len(shape),)],
    "BroadcastArgs": lambda call: [(len(broadcast(call.values(0), call.values(1)) or ()),)],
    "ShapeN": lambda call: [(len(call.known(slot)),) for slot in range(len(call.node.inputs))],
    "AddN": lambda call: [
        next((s for s in map(call.shape, range(len(call.node.inputs))) if s is not None), None)
    ],
}
