"""Static facts about arrays: element type, shape, constant value, as TensorFlow would infer them."""

from __future__ import annotations

from collections.abc import Mapping

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.graph.trace import Kept


class Inference:
    """Facts about the arrays of a kept subgraph, computed on demand and remembered.

    `input_shapes`: input array -> shape, where the user gave one (an unknown first dimension counts as 1,
    as the converters set it).
    """

    def __init__(self, kept: Kept, input_shapes: Mapping[str, Shape | None]) -> None:
        self.kept = kept
        self.input_shapes = input_shapes

    def dtype(self, array: str) -> DType:
        """The element type of `array`; INVALID where not known."""
        raise NotImplementedError

    def shape(self, array: str) -> Shape | None:
        """The static shape of `array`; None where even the rank is unknown."""
        raise NotImplementedError

    def constant(self, array: str) -> Tensor | None:
        """The value of `array` if it depends on no input; constants are folded through ops we can evaluate."""
        raise NotImplementedError
