"""Functions of one number that ops compute on every element, and the op's only variable operand."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference
from minmax_lint.rules.framework.replaceable import scalar_operand

Array = np.ndarray[Any, Any]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
"""Of the op Selu (relu_op_functor.h)."""

UNARY: Mapping[str, Callable[[Array], Array]] = {
    "Asinh": np.arcsinh,
    "Atan": np.arctan,
    "Atanh": np.arctanh,
    "Ceil": np.ceil,
    "Cos": np.cos,
    "Cosh": np.cosh,
    "Elu": lambda x: np.where(x < 0, np.expm1(x), x),
    "Erf": np.vectorize(math.erf, otypes=["float64"]),
    "Erfc": np.vectorize(math.erfc, otypes=["float64"]),
    "Exp": np.exp,
    "Expm1": np.expm1,
    "Floor": np.floor,
    "Inv": lambda x: 1.0 / x,
    "Log": np.log,
    "Log1p": np.log1p,
    "Reciprocal": lambda x: 1.0 / x,
    "Rint": np.rint,
    "Round": np.rint,
    "Rsqrt": lambda x: 1.0 / x**0.5,
    "Selu": lambda x: SELU_SCALE * np.where(x < 0, SELU_ALPHA * np.expm1(x), x),
    "Sign": np.sign,
    "Sin": np.sin,
    "Sinh": np.sinh,
    "Softplus": lambda x: np.logaddexp(x, 0.0),
    "Softsign": lambda x: x / (1.0 + abs(x)),
    "Sqrt": np.sqrt,
    "Tan": np.tan,
}
"""Op -> what it computes (tensorflow/core/ops/math_ops.cc, nn_ops.cc). Round goes to the even neighbour."""

BINARY: Mapping[str, Callable[[Array, Array], Array]] = {
    "Div": lambda x, y: x / y,
    "FloorDiv": lambda x, y: np.floor(x / y),
    "FloorMod": lambda x, y: x - np.floor(x / y) * y,
    "Pow": lambda x, y: x**y,
    "RealDiv": lambda x, y: x / y,
}
"""Op of two operands -> what it computes."""


class ElementFunction(NamedTuple):
    """What an op makes of one element, its constant operand included: arrays of float64 to such."""

    op: str
    left: float | None = None
    right: float | None = None

    def __call__(self, x: Array) -> Array:
        """The values; NaN or infinite where there is none, as the logarithm of -1."""
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
