"""Functions of one number that ops compute on every element, and the op's only variable operand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference
from minmax_lint.rules.framework.replaceable import scalar_operand

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
"""Of the op Selu (relu_op_functor.h)."""


class ElementFunction(NamedTuple):
    """What an op makes of one element, its constant operand included: arrays of float64 to such."""

    op: str
    left: float | None = None
    right: float | None = None

    def __call__(self, x: Array) -> Array:
        """The values; NaN or infinite where there is none, as the logarithm of -1."""
        import numpy as np

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


def _numpy(name: str) -> Callable[[Array], Array]:
    def compute(x: Array) -> Array:
        import numpy as np

        found: Array = getattr(np, name)(x)
        return found

    return compute


def _each(function: Callable[[float], float]) -> Callable[[Array], Array]:
    def compute(x: Array) -> Array:
        import numpy as np

        return np.asarray(np.vectorize(function, otypes=["float64"])(x))

    return compute


def _elu(x: Array) -> Array:
    import numpy as np

    return np.where(x < 0, np.expm1(x), x)


def _selu(x: Array) -> Array:
    import numpy as np

    return SELU_SCALE * np.where(x < 0, SELU_ALPHA * np.expm1(x), x)


def _softplus(x: Array) -> Array:
    import numpy as np

    return np.logaddexp(x, 0.0)


def _floor_mod(x: Array, y: Array) -> Array:
    import numpy as np

    return np.asarray(x - np.floor(x / y) * y)


def _floor_divide(x: Array, y: Array) -> Array:
    import numpy as np

    return np.asarray(np.floor(x / y))


UNARY: Mapping[str, Callable[[Array], Array]] = {
    "Asinh": _numpy("arcsinh"),
    "Atan": _numpy("arctan"),
    "Atanh": _numpy("arctanh"),
    "Ceil": _numpy("ceil"),
    "Cos": _numpy("cos"),
    "Cosh": _numpy("cosh"),
    "Elu": _elu,
    "Erf": _each(math.erf),
    "Erfc": _each(math.erfc),
    "Exp": _numpy("exp"),
    "Expm1": _numpy("expm1"),
    "Floor": _numpy("floor"),
    "Inv": lambda x: 1.0 / x,
    "Log": _numpy("log"),
    "Log1p": _numpy("log1p"),
    "Reciprocal": lambda x: 1.0 / x,
    "Rint": _numpy("rint"),
    "Round": _numpy("rint"),
    "Rsqrt": lambda x: 1.0 / x**0.5,
    "Selu": _selu,
    "Sign": _numpy("sign"),
    "Sin": _numpy("sin"),
    "Sinh": _numpy("sinh"),
    "Softplus": _softplus,
    "Softsign": lambda x: x / (1.0 + abs(x)),
    "Sqrt": _numpy("sqrt"),
    "Tan": _numpy("tan"),
}
"""Op -> what it computes (tensorflow/core/ops/math_ops.cc, nn_ops.cc). Round goes to the even neighbour."""

BINARY: Mapping[str, Callable[[Array, Array], Array]] = {
    "Div": lambda x, y: x / y,
    "FloorDiv": _floor_divide,
    "FloorMod": _floor_mod,
    "Pow": lambda x, y: x**y,
    "RealDiv": lambda x, y: x / y,
}
"""Op of two operands -> what it computes."""
