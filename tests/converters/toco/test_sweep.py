"""Each operator type in four places: the input's range reaches it, or has to come from a FakeQuant.

Quantized: input -> op -> FakeQuant. Forward: input -> op -> o + o -> FakeQuant. Final: input -> op.
Backward: pre = input + input -> op -> FakeQuant. Measured with the binaries (research/toco_minmax.md, section 6).
"""

from collections.abc import Callable

import pytest

from minmax_lint.graph.dtype import DType
from tests.converters.toco.nets import IMAGE, ROW, Net, answer

Op = Callable[[Net, str], str]
"""Adds the op `o` behind an array."""


def plain(op: str) -> Op:
    return lambda net, x: net.add(op, "o", x)


def twice(op: str) -> Op:
    return lambda net, x: net.add(op, "o", x, x)


def axes(op: str) -> Op:
    return lambda net, x: net.over(op, "o", x, net.ints("axes", 1, 2), keep_dims=True, Tidx=DType.INT32)


def padded(op: str, *operands: float) -> Op:
    def build(net: Net, x: str) -> str:
        paddings = net.const("paddings", [0, 0, 1, 1, 1, 1, 0, 0], [4, 2], DType.INT32)
        fill = [net.const("fill", value) for value in operands]
        mode = {"mode": b"REFLECT"} if op == "MirrorPad" else {}
        return net.add(op, "o", x, paddings, *fill, **mode)

    return build


def resized(op: str) -> Op:
    return lambda net, x: net.over(op, "o", x, net.ints("size", 16, 16))


def blocks(op: str) -> Op:
    return lambda net, x: net.add(op, "o", x, block_size=2)


def sliced(net: Net, x: str) -> str:
    begin, size = net.ints("begin", 0, 0, 0, 0), net.ints("size", 1, 4, 4, 4)
    return net.add("Slice", "o", x, begin, size, Index=DType.INT32)


def strided(net: Net, x: str) -> str:
    ends = [net.ints("begin", 0, 0, 0, 0), net.ints("end", 1, 4, 4, 4), net.ints("strides", 1, 1, 1, 1)]
    return net.add("StridedSlice", "o", x, *ends, Index=DType.INT32)


def gathered(net: Net, x: str) -> str:
    axis = net.const("axis", 3, dtype=DType.INT32)
    types = {"Tparams": DType.FLOAT, "Tindices": DType.INT32, "Taxis": DType.INT32, "batch_dims": 0}
    return net.add("GatherV2", "o", x, net.ints("indices", 0, 2), axis, **types)


def split(net: Net, x: str) -> str:
    return net.add("Split", "o", net.const("axis", 3, dtype=DType.INT32), x, num_split=2)


def split_by_sizes(net: Net, x: str) -> str:
    axis = net.const("axis", 3, dtype=DType.INT32)
    return net.add("SplitV", "o", x, net.ints("sizes", 1, 3), axis, num_split=2, Tlen=DType.INT32)


def tiled(*multiples: int) -> Op:
    return lambda net, x: net.over("Tile", "o", x, net.ints("multiples", *multiples))


def space_to_batch(net: Net, x: str) -> str:
    paddings = net.const("paddings", 0, [2, 2], DType.INT32)
    return net.add("SpaceToBatchND", "o", x, net.ints("block", 2, 2), paddings)


def top(net: Net, x: str) -> str:
    return net.over("TopKV2", "o", x, net.const("k", 2, dtype=DType.INT32))


def matmul(net: Net, x: str) -> str:
    weights = net.quant("weights_quant", net.const("weights", [0.5, -0.5, 0.25], [4, 4]))
    return net.add("MatMul", "o", x, weights)


ONWARDS: dict[str, Op] = {
    "AvgPool": lambda net, x: net.pool("o", x, "AvgPool"),
    "Concat": lambda net, x: net.concat("o", x, x),
    "Gather": gathered,
    "Max": axes("Max"),
    "MaxPool": lambda net, x: net.pool("o", x),
    "Mean": axes("Mean"),
    "Min": axes("Min"),
    "Pack": lambda net, x: net.add("Pack", "o", x, x, N=2, axis=0),
    "Pad": padded("Pad"),
    "ResizeBilinear": resized("ResizeBilinear"),
    "ResizeNearestNeighbor": resized("ResizeNearestNeighbor"),
    "Sigmoid": plain("Sigmoid"),
    "Slice": sliced,
    "Softmax": plain("Softmax"),
    "Split": split,
    "StridedSlice": strided,
    "Sum": axes("Sum"),
    "Tanh": plain("Tanh"),
    "Tile along one axis": tiled(1, 1, 1, 2),
    "Transpose": lambda net, x: net.transpose("o", x, 0, 3, 1, 2),
}
"""The output takes its range from the input."""

BOTH_WAYS: dict[str, Op] = {
    "ExpandDims": lambda net, x: net.over("ExpandDims", "o", x, net.const("dim", 0, dtype=DType.INT32)),
    "Pack of one": lambda net, x: net.add("Pack", "o", x, N=1, axis=0),
    "Reshape": lambda net, x: net.reshape("o", x, 1, 256),
    "Squeeze": lambda net, x: net.add("Squeeze", "o", x, squeeze_dims=[0]),
    "Transpose that moves nothing": lambda net, x: net.transpose("o", x, 1, 0, 2, 3),
}
"""A range on either side is the range of both."""

OWN_RANGE: dict[str, Op] = {
    "Add": twice("Add"),
    "AddN": lambda net, x: net.add("AddN", "o", x, x, N=2),
    "AddV2": twice("AddV2"),
    "BiasAdd": lambda net, x: net.bias("o", x),
    "Conv2D": lambda net, x: net.conv("o", x),
    "Conv2DBackpropInput": lambda net, x: net.transpose_conv("o", x),
    "Div": lambda net, x: net.scalar("RealDiv", "o", x, 2.0),
    "LeakyRelu": plain("LeakyRelu"),
    "MatMul": matmul,
    "Maximum": twice("Maximum"),
    "Minimum": twice("Minimum"),
    "MirrorPad": padded("MirrorPad"),
    "Mul": twice("Mul"),
    "PadV2": padded("PadV2", 0.0),
    "SpaceToBatchND": space_to_batch,
    "Sub": twice("Sub"),
}
"""The output needs a FakeQuant of its own, and none of the input's."""

COPIES: dict[str, Op] = {
    "DepthToSpace": blocks("DepthToSpace"),
    "LogSoftmax": plain("LogSoftmax"),
    "SpaceToDepth": blocks("SpaceToDepth"),
}
"""The same, but their scale does not come from their range: the last wording complains, not the second."""

UNQUANTIZABLE: dict[str, Op] = {
    "Abs": plain("Abs"),
    "AddN of three": lambda net, x: net.add("AddN", "o", x, x, x, N=3),
    "Ceil": plain("Ceil"),
    "Cumsum": lambda net, x: net.over("Cumsum", "o", x, net.const("axis", 1, dtype=DType.INT32)),
    "Elu": plain("Elu"),
    "Exp": plain("Exp"),
    "Floor": plain("Floor"),
    "FloorDiv": lambda net, x: net.scalar("FloorDiv", "o", x, 2.0),
    "Log": plain("Log"),
    "Neg": plain("Neg"),
    "Pow": twice("Pow"),
    "Prod": axes("Prod"),
    "ReverseV2": lambda net, x: net.over("ReverseV2", "o", x, net.ints("axes", 1)),
    "Round": plain("Round"),
    "Rsqrt": plain("Rsqrt"),
    "Sin": plain("Sin"),
    "Sqrt": plain("Sqrt"),
    "Square": plain("Square"),
    "SquaredDifference": twice("SquaredDifference"),
    "Tile along two axes": tiled(1, 2, 1, 2),
}


def table(ops: dict[str, Op], *answers: str) -> dict[str, tuple[Op, tuple[str, ...]]]:
    return {name: (op, answers) for name, op in ops.items()}


SWEEP = {
    **table(ONWARDS, "quantized", "quantized", "quantized", "F1 pre"),
    **table(BOTH_WAYS, "quantized", "quantized", "quantized", "quantized"),
    **table(OWN_RANGE, "quantized", "F1 o", "F2 o", "F1 pre"),
    **table(COPIES, "quantized", "F1 o", "F3 o", "F1 pre"),
    **table(UNQUANTIZABLE, "UNIMPL", "F1 o", "UNIMPL", "F1 pre"),
    "Relu": (plain("Relu"), ("quantized", "F1 o", "F3 o", "quantized")),
    "Relu6": (plain("Relu6"), ("quantized", "F1 o", "F3 o", "quantized")),
    "SplitV": (split_by_sizes, ("F2 o:1", "F1 o", "F2 o", "F1 pre")),
    "TopK": (top, ("quantized", "F1 o", "F2 o", "F1 pre")),
    "Unpack": (
        lambda net, x: net.add("Unpack", "o", x, num=8, axis=1),
        ("F3 o:1", "F1 o", "F3 o", "F1 pre"),
    ),
}
OLDER = {
    "Div": ("UNIMPL", "F1 o", "UNIMPL", "F1 pre"),
    "Pack": ("quantized", "F1 o", "F2 o", "F1 pre"),
    "Unpack": ("F2 o:1", "F1 o", "F2 o", "F1 pre"),
}
"""Answers of TF 1.15 that differ."""


def answers(op: Op, name: str, version: str) -> tuple[str, ...]:
    return tuple(_answer(place, op, name, version) for place in ("quantized", "forward", "final", "backward"))


def _answer(place: str, op: Op, name: str, version: str) -> str:
    net = Net(ROW if name == "MatMul" else IMAGE)
    x = net.add("Add", "pre", net.input, net.input) if place == "backward" else net.input
    output = op(net, x)
    if place == "forward":
        output = net.add("Add", "sum", output, output)
    if place != "final":
        output = net.quant("output", output)
    return answer(net, output, version=version)


@pytest.mark.parametrize("version", ["toco-1.15", "toco-2.15"])
@pytest.mark.parametrize("name", SWEEP)
def test_where_an_op_takes_its_range_from(name: str, version: str) -> None:
    op, newer = SWEEP[name]
    expected = OLDER.get(name, newer) if version == "toco-1.15" else newer
    found = answers(op, name, version)
    assert tuple("UNIMPL" if text.startswith("UNIMPL") else text for text in found) == expected
