"""What ops compute on every element, in numpy: loaded where values are computed."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

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
