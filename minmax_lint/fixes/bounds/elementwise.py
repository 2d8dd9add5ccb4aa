"""Functions of one number that ops compute on every element, and the op's only variable operand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference
from minmax_lint.rules.framework.replaceable import scalar_operand

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class ElementFunction(NamedTuple):
    """What an op makes of one element, its constant operand included: arrays of float64 to such."""

    op: str
    left: float | None = None
    right: float | None = None

    def __call__(self, x: Array) -> Array:
        """The values; NaN or infinite where there is none, as the logarithm of -1."""
        import numpy as np

        from minmax_lint.fixes.bounds.element_functions import BINARY, UNARY

        with np.errstate(all="ignore"):
            if self.op in UNARY:
                return np.asarray(UNARY[self.op](x), dtype="float64")
            left, right = (x if operand is None else np.full_like(x, operand) for operand in self[1:])
            return np.asarray(BINARY[self.op](left, right), dtype="float64")


class Elementwise(NamedTuple):
    """An op as a function of one of its operands."""

    source: Edge
    function: ElementFunction


def elementwise(inference: Inference, node: Node) -> Elementwise | None:
    """`node` as a function of one float array of any shape; None where it is no such op.

    Of two operands one must be a constant of one value, which gives the result no other shape.
    """
    from minmax_lint.fixes.bounds.element_functions import BINARY, UNARY

    if not node.inputs or inference.dtype(node.output(0)) is not DType.FLOAT:
        return None
    if node.op in UNARY:
        return Elementwise(node.inputs[0], ElementFunction(node.op))
    if node.op not in BINARY or len(node.inputs) != 2:
        return None
    left, right = (scalar_operand(inference, node, slot) for slot in (0, 1))
    if (left is None) is (right is None):
        return None
    return Elementwise(node.inputs[0 if left is None else 1], ElementFunction(node.op, left, right))
