"""What a piece of a generated graph is: it appends nodes to the graph in the making and says what they make.

NotApplicable is raised where a piece cannot read the arrays it gets (another rank, sizes that do not fit).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Scalar

Sizes = tuple[int, ...]
NHWC = b"NHWC"
_WITHOUT_T = frozenset({"Cast", "GatherNd", "GatherV2", "LogicalNot"})


class NotApplicable(Exception):
    """The piece cannot read arrays of these shapes or types."""


class Array(NamedTuple):
    """An array of the graph in the making."""

    name: str
    shape: Sizes
    dtype: DType = DType.FLOAT


class Maker(Builder):
    """A Builder that also makes constants that several nodes share."""

    def __init__(self) -> None:
        super().__init__()
        self._shared: set[str] = set()

    def add(self, op: str, name: str, *inputs: str, after: Sequence[str] = (), **attrs: Attr) -> str:
        """A node of any op; TensorFlow 1.15 refuses a `T` where the op has none."""
        super().add(op, name, *inputs, after=after, **attrs)
        if op in _WITHOUT_T:
            node = self._nodes[-1]
            kept = {key: value for key, value in node.attrs.items() if key != "T"}
            self._nodes[-1] = node._replace(attrs=kept)
        return name

    def const(
        self,
        name: str,
        values: Scalar | Sequence[Scalar],
        shape: Sequence[int] | None = None,
        dtype: DType = DType.FLOAT,
    ) -> str:
        """A constant; values that the shape has no room for are left out."""
        if shape is not None and not isinstance(values, (int, float, bytes)):
            values = list(values)[: math.prod(shape)]
        return super().const(name, values, shape, dtype)

    def ints(self, name: str, values: Sequence[int] | int, shape: Sequence[int] | None = None) -> str:
        """An int32 constant."""
        return self.const(name, values, shape, DType.INT32)

    def shared(self, name: str, value: float, shape: Sequence[int] = ()) -> str:
        """The one constant of that name."""
        if name in self._shared:
            return name
        self._shared.add(name)
        return self.const(name, value, list(shape))


Make = Callable[[Maker, str, Sequence[Array]], Array | tuple[Array, ...]]


@dataclass(frozen=True)
class Piece:
    """`reads` arrays of one shape and type go in; one array comes out, or several."""

    make: Make
    reads: int = 1
    dtype: DType = DType.FLOAT


def need(condition: bool) -> None:
    """Refuse arrays that do not fit."""
    if not condition:
        raise NotApplicable
