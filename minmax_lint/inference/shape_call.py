"""One node whose shapes are inferred, as a shape rule sees it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape
from minmax_lint.inference.shape_arithmetic import Size

RANKS: Mapping[str, tuple[int, ...]] = {
    "MatMul": (2, 2),
    **dict.fromkeys(("Conv2D", "DepthwiseConv2dNative"), (4, 4)),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), (4, 1, 1, 1, 1)),
    "BatchNormWithGlobalNormalization": (4, 1, 1, 1, 1),
    **dict.fromkeys(("AvgPool", "MaxPool", "LRN", "DepthToSpace", "SpaceToDepth"), (4,)),
    **dict.fromkeys(("ResizeBilinear", "ResizeNearestNeighbor"), (4, 1)),
}
"""Op -> the ranks that its operands must have, and so have where nothing else is known (`WithRank`)."""


class Call(Protocol):
    """One node whose shapes are inferred."""

    node: Node

    def shape(self, slot: int) -> Shape | None:
        """Shape of input `slot`; None where the rank is unknown."""

    def known(self, slot: int) -> Shape:
        """Shape of input `slot`; raises ValueError where the rank is unknown."""

    def values(self, slot: int) -> tuple[Size, ...]:
        """The integers of a small constant input, flat; raises ValueError where it is not constant."""


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
