"""Shape functions of ops on images: convolutions, pools, resizes, and moves between space, depth and batch.

Sources: core/ops/nn_ops.cc, array_ops.cc, image_ops.cc; core/framework/common_shape_fns.cc.
"""

from collections.abc import Sequence

from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape
from minmax_lint.inference.shape_arithmetic import (
    Size,
    windowed,
)
from minmax_lint.inference.shape_call import Call, times


def conv(call: Call) -> list[Shape | None]:
    """Conv2D, Conv3D and DepthwiseConv2dNative."""
    image, filters = call.known(0), call.known(1)
    depth = times(filters[2], filters[3]) if call.node.op == "DepthwiseConv2dNative" else filters[-1]
    return [_spatial(call.node, image, filters[:-2], depth)]


def pool(call: Call) -> list[Shape | None]:
    """MaxPool and AvgPool, over two and three dimensions."""
    image, sizes = call.known(0), call.node.integers("ksize")
    window = [sizes[place] for place in _places(call.node)]
    return [_spatial(call.node, image, window, image[_channel_place(call.node)])]


def _spatial(node: Node, image: Shape, window: Sequence[Size], depth: Size) -> Shape:
    strides, dilations = node.integers("strides"), node.integers("dilations") or (1,) * len(image)
    explicit = node.integers("explicit_paddings") or (0, 0) * len(image)
    result: list[Size] = list(image)
    for place, extent in zip(_places(node), window, strict=True):
        pads = (explicit[2 * place], explicit[2 * place + 1])
        result[place] = windowed(
            image[place], extent, strides[place], dilations[place], node.text("padding", "VALID"), pads
        )
    result[_channel_place(node)] = depth
    return tuple(result)


def _places(node: Node) -> range:
    first = 2 if node.text("data_format").startswith("NC") else 1
    return range(first, first + (3 if "3D" in node.op else 2))


def _channel_place(node: Node) -> int:
    return 1 if node.text("data_format").startswith("NC") else -1


def resize(call: Call) -> list[Shape | None]:
    """ResizeBilinear, ResizeNearestNeighbor and ResizeBicubic."""
    image = call.known(0)
    try:
        height, width = call.values(1)
    except ValueError:
        height = width = None
    return [(image[0], height, width, image[3])]


def space_to_batch(call: Call) -> list[Shape | None]:
    """SpaceToBatchND."""
    shape, block, pads = list(call.known(0)), call.values(1), call.values(2)
    for i, factor in enumerate(block):
        size, low, high = shape[i + 1], pads[2 * i], pads[2 * i + 1]
        if size is None or factor is None or low is None or high is None:
            shape[i + 1] = None
        else:
            shape[i + 1] = (size + low + high) // factor
        shape[0] = times(shape[0], factor)
    return [tuple(shape)]


def batch_to_space(call: Call) -> list[Shape | None]:
    """BatchToSpaceND."""
    shape, block, crops = list(call.known(0)), call.values(1), call.values(2)
    for i, factor in enumerate(block):
        size, low, high = shape[i + 1], crops[2 * i], crops[2 * i + 1]
        if size is None or factor is None or low is None or high is None:
            shape[i + 1] = None
        else:
            shape[i + 1] = size * factor - low - high
        shape[0] = None if shape[0] is None or factor is None else shape[0] // factor
    return [tuple(shape)]


def depth_space(call: Call) -> list[Shape | None]:
    """DepthToSpace and SpaceToDepth."""
    batch, height, width, depth = call.known(0)
    block = call.node.integer("block_size", 1)
    if call.node.op == "DepthToSpace":
        return [(batch, times(height, block), times(width, block), depth and depth // (block * block))]
    return [(batch, height and height // block, width and width // block, times(depth, block * block))]


def batch_norm(call: Call) -> list[Shape | None]:
    """FusedBatchNorm in all its versions."""
    return [call.shape(0), *([call.shape(1)] * 5)]
