"""One node whose shapes are inferred, as a shape rule sees it."""

from collections.abc import Callable, Mapping, Sequence

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape
from minmax_lint.inference.shape_arithmetic import MOST_DIMENSIONS, Size
from minmax_lint.inference.small_values import Values

RANKS: Mapping[str, tuple[int, ...]] = {
    "MatMul": (2, 2),
    **dict.fromkeys(("Conv2D", "DepthwiseConv2dNative"), (4, 4)),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), (4, 1, 1, 1, 1)),
    "BatchNormWithGlobalNormalization": (4, 1, 1, 1, 1),
    **dict.fromkeys(("AvgPool", "MaxPool", "LRN", "DepthToSpace", "SpaceToDepth"), (4,)),
    **dict.fromkeys(("ResizeBilinear", "ResizeNearestNeighbor"), (4, 1)),
}
"""Op -> the ranks that its operands must have, and so have where nothing else is known (`WithRank`)."""


class Call:
    """One node whose shapes are inferred: what is known of its inputs."""

    def __init__(
        self, node: Node, shapes: Mapping[str, Shape | None], values: Mapping[str, Values], graph: Graph
    ) -> None:
        self.node = node
        self._shapes = shapes
        self._values = values
        self._graph = graph

    def shape(self, slot: int) -> Shape | None:
        """Shape of input `slot`; None where the rank is unknown."""
        shape = self._shapes.get(self.node.inputs[slot].array)
        if shape is None and slot < len(ranks := RANKS.get(self.node.op, ())):
            return (None,) * ranks[slot]
        return shape

    def known(self, slot: int) -> Shape:
        """Shape of input `slot`; raises ValueError where the rank is unknown."""
        shape = self.shape(slot)
        if shape is None:
            raise ValueError("unknown rank")
        return shape

    def values(self, slot: int) -> tuple[Size, ...]:
        """The integers of a small constant input, flat; raises ValueError where it is not constant."""
        values = self._values.get(self.node.inputs[slot].array)
        if values is None:
            raise ValueError("not a constant")
        return values

    def numbers(self, slot: int) -> tuple[Size, ...]:
        """The integers of a small vector, each unknown where it is computed; raises ValueError without a length."""
        values = self._values.get(self.node.inputs[slot].array)
        if values is None:
            (length,) = self.known(slot)
            if length is None or length > MOST_DIMENSIONS:
                raise ValueError("not a list of sizes")
            return (None,) * length
        return values

    def number(self, slot: int) -> float | None:
        """The constant scalar of input `slot`, whole or not; None where it is computed."""
        edge = self.node.inputs[slot]
        values = self._values.get(edge.array)
        if values is not None:
            return values[0]
        tensor = self._graph[edge.node].tensor() if self._graph.op(edge.node) == "Const" else None
        return None if tensor is None or not tensor.listed else float(next(iter(tensor.values())))


ShapeRule = Callable[[Call], "Sequence[Shape | None]"]


def times(a: Size, b: Size) -> Size:
    """The product of two sizes; None where one is not known."""
    return None if a is None or b is None else a * b


def constant_axis(call: Call, slot: int, rank: int) -> int:
    """The axis that constant input `slot` names, counted from 0; raises ValueError where it is not known."""
    axis = call.values(slot)[0]
    if axis is None or not -rank <= axis < rank:
        raise ValueError("axis unknown or out of range")
    return axis % rank
