"""How many multiply-accumulates a node computes: the usual measure of what an op costs."""

from collections.abc import Callable, Mapping
from math import prod

from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape
from minmax_lint.inference.inference import Inference

Sizes = tuple[int, ...]


def multiply_accumulates(inference: Inference, node: Node) -> int | None:
    """The multiply-accumulates of one run of `node`; 0 for ops without, None where a shape is not known.

    Convolutions and matrix products count, nothing else: that is how model zoos count. A malformed node
    counts as one whose shapes are not known.
    """
    count = COUNTS.get(node.op)
    if count is None:
        return 0
    shapes = [_static_sizes(inference.shape(edge.array)) for edge in node.inputs[:3]]
    output = _static_sizes(inference.shape(node.name))
    if output is None or len(shapes) < 2 or any(shape is None for shape in shapes[:2]):
        return None
    try:
        return count(node, [shape or () for shape in shapes], output)
    except (IndexError, ValueError):
        return None


def _static_sizes(shape: Shape | None) -> Sizes | None:
    if shape is None:
        return None
    sizes = tuple(size for size in shape if size is not None)
    return sizes if len(sizes) == len(shape) else None


def _convolution(node: Node, shapes: list[Sizes], output: Sizes) -> int:
    height, width, depth, _ = shapes[1]
    return prod(output) * height * width * depth


def _depthwise(node: Node, shapes: list[Sizes], output: Sizes) -> int:
    return prod(output) * shapes[1][0] * shapes[1][1]


def _transposed(node: Node, shapes: list[Sizes], output: Sizes) -> int:
    """Conv2DBackpropInput: input 2 is what is convolved, the filter is [height, width, out, in]."""
    height, width, depth, _ = shapes[1]
    return prod(shapes[2]) * height * width * depth


def _product(node: Node, shapes: list[Sizes], output: Sizes) -> int:
    across = node.flag("transpose_a") or node.flag("adj_x")
    return prod(output) * shapes[0][-2 if across else -1]


COUNTS: Mapping[str, Callable[[Node, list[Sizes], Sizes], int]] = {
    "BatchMatMul": _product,
    "BatchMatMulV2": _product,
    "BatchMatMulV3": _product,
    "Conv2D": _convolution,
    "Conv2DBackpropInput": _transposed,
    "DepthwiseConv2dNative": _depthwise,
    "MatMul": _product,
}
"""Op -> its count, of node, shapes of the inputs, shape of the output."""
