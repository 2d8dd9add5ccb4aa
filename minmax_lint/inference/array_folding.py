"""What constant folding computes of arrays, in numpy: loaded where there is something to fold."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.ops.table import SPLITS

Array = np.ndarray[Any, Any]

MAX_GROWN = 1 << 22
"""Elements up to which a result may have more than its largest operand: a few bytes must not fill a memory."""

_UNARY = {
    **{
        op: op.lower()
        for op in "Abs Ceil Cos Cosh Exp Expm1 Floor Log Log1p Sign Sin Sinh Sqrt Square Tan Tanh".split()
    },
    **{f"A{name}": f"arc{name}" for name in ("cos", "cosh", "sin", "sinh", "tan", "tanh")},
    "OnesLike": "ones_like",
    "ZerosLike": "zeros_like",
    "Neg": "negative",
    "Rint": "rint",
    "Round": "rint",
    "LogicalNot": "logical_not",
}
_BINARY = {
    **{op: op.lower() for op in ("Add", "Equal", "Greater", "Less", "Maximum", "Minimum")},
    "AddV2": "add",
    "Atan2": "arctan2",
    "Div": "divide",
    "RealDiv": "divide",
    "Mul": "multiply",
    "Sub": "subtract",
    "FloorDiv": "floor_divide",
    "FloorMod": "mod",
    "Mod": "fmod",
    "TruncateMod": "fmod",
    "Pow": "power",
    "NotEqual": "not_equal",
    "GreaterEqual": "greater_equal",
    "LessEqual": "less_equal",
    "LogicalAnd": "logical_and",
    "LogicalOr": "logical_or",
}
_REDUCTIONS = {op: op.lower() for op in ("All", "Any", "Max", "Mean", "Min", "Prod", "Sum")}


def fold_arrays(node: Node, port: int, *inputs: Tensor) -> Tensor | None:
    """An output of a node of known inputs; None where numpy takes them for none."""
    try:
        with np.errstate(all="ignore"):
            values = [tensor.numpy() for tensor in inputs]
            if _elements(node.op, values) > max(MAX_GROWN, *(value.size for value in values)):
                return None
            value = _piece(node, port, values) if node.op in SPLITS else _evaluate(node, values)
    except (ValueError, TypeError, IndexError, OverflowError, MemoryError, ZeroDivisionError):
        return None
    return None if value is None else tensor_of(value)


def _elements(op: str, values: list[Array]) -> int:
    """How many elements the result will have, at most."""
    if op in _GROWS:
        return int(_GROWS[op](values))
    if op in _BINARY or op in _BROADCASTS:
        return math.prod(np.broadcast_shapes(*(value.shape for value in values)))
    sizes = [value.size for value in values]
    return sum(sizes) if op in _JOINS else max(sizes)


def tensor_of(value: Array) -> Tensor | None:
    """A numpy array as a Tensor; float64 results of float32 arithmetic do not occur, numpy keeps the type."""
    dtype = next((d for d in DType if d.numpy_name and value.dtype == d.numpy_name), None)
    return None if dtype is None else Tensor(dtype, value.shape, value.tobytes())


def _evaluate(node: Node, values: list[Array]) -> Array | None:
    op = node.op
    if op in _UNARY:
        return np.asarray(getattr(np, _UNARY[op])(values[0]))
    if op in _BINARY:
        return np.asarray(getattr(np, _BINARY[op])(values[0], values[1]))
    if op in _REDUCTIONS:
        axes = tuple(int(axis) for axis in values[1].reshape(-1))
        keep = node.flag("keep_dims")
        return np.asarray(getattr(np, _REDUCTIONS[op])(values[0], axis=axes, keepdims=keep)).astype(
            values[0].dtype
        )
    rule = _RULES.get(op)
    return None if rule is None else np.asarray(rule(node, values))


def _piece(node: Node, port: int, values: list[Array]) -> Array:
    """One of the pieces of an array."""
    if node.op == "Unpack":
        unpacked: Array = np.take(values[0], port, axis=node.integer("axis", 0))
        return unpacked
    if node.op == "Split":
        split: Array = np.split(values[1], node.integer("num_split", 1), axis=int(values[0]))[port]
        return split
    value, sizes, axis = values
    rest = value.shape[int(axis)] - sum(int(size) for size in sizes if size >= 0)
    ends = np.cumsum([rest if size < 0 else int(size) for size in sizes])
    piece: Array = np.split(value, ends[:-1], axis=int(axis))[port]
    return piece


def _cast(node: Node, values: list[Array]) -> Array:
    target = node.dtype("DstT")
    if target is None or target.numpy_name is None:
        raise ValueError("no numeric type to cast to")
    cast: Array = values[0].astype(target.numpy_name)
    return cast


def _strided(node: Node, values: list[Array]) -> Array:
    value, begins, ends, steps = values
    index: list[Any] = []
    for i in range(len(begins)):
        bit = 1 << i
        if node.integer("ellipsis_mask", 0) & bit:
            index.append(Ellipsis)
        elif node.integer("new_axis_mask", 0) & bit:
            index.append(None)
        elif node.integer("shrink_axis_mask", 0) & bit:
            index.append(int(begins[i]))
        else:
            low = None if node.integer("begin_mask", 0) & bit else int(begins[i])
            high = None if node.integer("end_mask", 0) & bit else int(ends[i])
            index.append(slice(low, high, int(steps[i])))
    part: Array = value[tuple(index)]
    return part


def _slice(node: Node, values: list[Array]) -> Array:
    value, begins, sizes = values
    index = tuple(
        slice(int(low), None if size == -1 else int(low) + int(size))
        for low, size in zip(begins, sizes, strict=True)
    )
    part: Array = value[index]
    return part


def _softmax(node: Node, values: list[Array]) -> Array:
    raised = np.exp(values[0] - values[0].max(axis=-1, keepdims=True))
    result: Array = raised / raised.sum(axis=-1, keepdims=True)
    return result


def _shared(node: Node, indices: Array) -> int:
    shared = node.integer("batch_dims", 0)
    return shared if shared >= 0 else shared + int(indices.ndim)


def _take(values: Array, indices: Array, axis: int, shared: int) -> Any:
    if not shared:
        return np.take(values, indices, axis=axis)
    parts = zip(values, indices, strict=True)
    return np.stack([_take(part, its, axis - 1, shared - 1) for part, its in parts])


def _turn(node: Node, side: str, value: Array) -> Array:
    return value.T if node.flag(f"transpose_{side}") else value


def _add_bias(node: Node, values: list[Array]) -> Array:
    value, bias = values
    axes = value.ndim - 2 if node.text("data_format") == "NCHW" else 0
    biased: Array = value + bias.reshape(-1, *[1] * axes)
    return biased


def _matrix_diag(node: Node, values: list[Array]) -> Array:
    """The main diagonal of square matrices alone, with zeros beside it, as `eye` makes them."""
    diagonal, *options = values
    if any(np.any(value != wanted) for value, wanted in zip(options, (0, -1, -1, 0), strict=False)):
        raise ValueError("another diagonal")
    square: Array = diagonal[..., np.newaxis] * np.eye(diagonal.shape[-1], dtype=diagonal.dtype)
    return square


_GROWS: dict[str, Callable[[list[Array]], float]] = {
    "BroadcastTo": lambda v: math.prod(map(int, v[1].flat)),
    "Fill": lambda v: math.prod(map(int, v[0].flat)),
    "Gather": lambda v: v[0][:1].size * v[1].size,
    "GatherV2": lambda v: v[0].size // max(v[0].shape[int(v[2])], 1) * v[1].size,
    "MatMul": lambda v: max(v[0].shape) * max(v[1].shape),
    **dict.fromkeys(("MatrixDiag", "MatrixDiagV2", "MatrixDiagV3"), lambda v: v[0].size * v[0].shape[-1]),
    **dict.fromkeys(
        ("Pad", "PadV2"),
        lambda v: math.prod(size + int(sum(pads)) for size, pads in zip(v[0].shape, v[1], strict=True)),
    ),
    "Range": lambda v: abs(float(v[1]) - float(v[0])) / abs(float(v[2])),
    "Tile": lambda v: v[0].size * math.prod(map(int, v[1].flat)),
}
"""Op -> how many elements its result has, at most; the values of shapes count, not only their number."""
_JOINS = frozenset({"Concat", "ConcatV2", "Pack"})
_BROADCASTS = frozenset(
    "AddN DivNoNan MulNoNan Select SelectV2 SquaredDifference TruncateDiv Xdivy Xlog1py Xlogy".split()
)


def _each(function: Callable[[float], float]) -> Callable[[Node, list[Array]], Array]:
    """A function of single numbers, of which numpy has none."""
    return lambda node, v: np.vectorize(function, otypes=[v[0].dtype])(v[0])


def _unless_zero(slot: int, function: Callable[[Any, Any], Any]) -> Callable[[Node, list[Array]], Array]:
    """The function, but 0 where that operand is 0, whatever the other one is."""
    return lambda node, v: np.where(v[slot] == 0, np.zeros_like(v[slot]), function(*v))


def _selu(node: Node, values: list[Array]) -> Array:
    x, scale, alpha = values[0], 1.0507009873554805, 1.6732632423543772
    selected: Array = np.where(x > 0, scale * x, scale * alpha * np.expm1(x)).astype(x.dtype)
    return selected


_RULES: dict[str, Callable[[Node, list[Any]], Array]] = {
    "AddN": lambda node, v: sum(v[1:], v[0]),
    "BiasAdd": _add_bias,
    "DivNoNan": _unless_zero(1, lambda x, y: x / y),
    "Elu": lambda node, v: np.where(v[0] > 0, v[0], np.expm1(v[0])),
    "Erf": _each(math.erf),
    "Erfc": _each(math.erfc),
    "Lgamma": _each(math.lgamma),
    "MulNoNan": _unless_zero(1, lambda x, y: x * y),
    "Pad": lambda node, v: np.pad(v[0], v[1]),
    "PadV2": lambda node, v: np.pad(v[0], v[1], constant_values=v[2]),
    "ReverseV2": lambda node, v: np.flip(v[0], tuple(int(axis) for axis in v[1])),
    "Selu": _selu,
    "Softsign": lambda node, v: v[0] / (1 + np.abs(v[0])),
    "TruncateDiv": lambda node, v: np.trunc(v[0] / v[1]).astype(v[0].dtype),
    "Xdivy": _unless_zero(0, lambda x, y: x / y),
    "Xlog1py": _unless_zero(0, lambda x, y: x * np.log1p(y)),
    "Xlogy": _unless_zero(0, lambda x, y: x * np.log(y)),
    "Cast": _cast,
    "StridedSlice": _strided,
    "Slice": _slice,
    "Softmax": _softmax,
    "Rsqrt": lambda node, v: (1 / np.sqrt(v[0])).astype(v[0].dtype),
    "Relu": lambda node, v: np.maximum(v[0], 0),
    "Relu6": lambda node, v: np.clip(v[0], 0, 6),
    "Sigmoid": lambda node, v: 1 / (1 + np.exp(-v[0])),
    "SquaredDifference": lambda node, v: np.square(v[0] - v[1]),
    "Transpose": lambda node, v: np.transpose(v[0], [int(a) for a in v[1]]),
    "Reshape": lambda node, v: v[0].reshape([int(size) for size in v[1].reshape(-1)]),
    "ExpandDims": lambda node, v: np.expand_dims(v[0], int(v[1].reshape(-1)[0])),
    "Squeeze": lambda node, v: np.squeeze(v[0], axis=node.integers("squeeze_dims") or None),
    "ConcatV2": lambda node, v: np.concatenate(v[:-1], axis=int(v[-1])),
    "Concat": lambda node, v: np.concatenate(v[1:], axis=int(v[0])),
    "Pack": lambda node, v: np.stack(v, axis=node.integer("axis", 0)),
    "Gather": lambda node, v: np.take(v[0], v[1], axis=0),
    "MatMul": lambda node, v: _turn(node, "a", v[0]) @ _turn(node, "b", v[1]),
    "GatherV2": lambda node, v: _take(v[0], v[1], int(v[2]) % v[0].ndim, _shared(node, v[1])),
    "Fill": lambda node, v: np.full([int(n) for n in v[0]], v[1]),
    "BroadcastTo": lambda node, v: np.broadcast_to(v[0], [int(n) for n in v[1]]),
    **dict.fromkeys(("MatrixDiag", "MatrixDiagV2", "MatrixDiagV3"), _matrix_diag),
    "Range": lambda node, v: np.arange(v[0], v[1], v[2], dtype=v[0].dtype),
    "Tile": lambda node, v: np.tile(v[0], [int(n) for n in v[1]]),
    "Select": lambda node, v: np.where(v[0], v[1], v[2]),
    "SelectV2": lambda node, v: np.where(v[0], v[1], v[2]),
}
