"""The attributes of a node, decoded."""

from dataclasses import dataclass

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Shape, Tensor


@dataclass(frozen=True)
class FunctionRef:
    """An attribute that names a function of the library (PartitionedCall, If, While)."""

    name: str


@dataclass(frozen=True)
class UnknownRank:
    """A shape attribute that says nothing, not even the rank."""


Attr = (
    int
    | float
    | bool
    | bytes
    | DType
    | Shape
    | UnknownRank
    | Tensor
    | FunctionRef
    | list[int]
    | list[float]
    | list[bool]
    | list[bytes]
    | list[DType]
    | list[Shape | UnknownRank]
    | list[FunctionRef]
    | list[Tensor]
)
"""A decoded attribute. Shapes are tuples, lists are lists; an enum DataType is a DType."""
