"""Values of small integer arrays during shape inference: shapes, axes, paddings, in plain Python.

An element is None where it is an unknown dimension. Scalars and vectors are followed, of at most `LIMIT`
elements, and matrices of paddings that are packed of vectors, row by row: that is what shape arithmetic in real
graphs consists of.
"""

from collections.abc import Callable, Sequence
from math import prod
from operator import eq, ge, gt, le, lt, ne

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.inference.shape_arithmetic import Size, broadcast, elements

LIMIT = 256
INTEGERS = frozenset({DType.INT32, DType.INT64, DType.INT16, DType.INT8, DType.UINT8, DType.BOOL})

Values = tuple[Size, ...]
Operand = Callable[[int], Values]


def of_tensor(tensor: Tensor | None) -> Values | None:
    """The elements of a small integer constant; None for anything else."""
    if tensor is None or not tensor.known or tensor.dtype not in INTEGERS or tensor.size > LIMIT:
        return None
    return tuple(int(value) for value in tensor.values())


def evaluate(node: Node, operand: Operand, shape: Shape | None, input_shape: Shape | None) -> Values | None:
    """The values of output 0, or None where they are not known.

    `operand(slot)` gives an input's values and raises ValueError where it has none; `shape` is the
    output's shape, `input_shape` that of input 0.
    """
    if shape is not None and len(shape) > 1 and not _is_matrix_of_rows(node, len(shape)):
        return None
    if node.op == "StridedSlice":
        return _strided(node, operand, input_shape)
    rule = _RULES.get(node.op)
    if rule is not None:
        return rule(node, operand)
    if node.op in ("Shape", "ShapeN"):
        return input_shape
    if node.op == "Rank":
        return None if input_shape is None else (len(input_shape),)
    if node.op == "Size":
        return None if input_shape is None else (elements(input_shape),)
    if node.op == "Fill" and shape is not None:
        return operand(1) * min(elements(shape) or 0, LIMIT)
    return None


def _is_matrix_of_rows(node: Node, rank: int) -> bool:
    return rank == 2 and node.op in _OF_MATRICES and not (node.op == "Pack" and node.integer("axis", 0))


def _elementwise(function: Callable[[int, int], int]) -> Callable[[Node, Operand], Values]:
    def rule(node: Node, operand: Operand) -> Values:
        left, right = operand(0), operand(1)
        count = max(len(left), len(right))
        left, right = (side * count if len(side) == 1 else side for side in (left, right))
        return tuple(
            None if a is None or b is None else function(a, b) for a, b in zip(left, right, strict=True)
        )

    return rule


def _strided(node: Node, operand: Operand, shape: Shape | None) -> Values | None:
    """A piece of a vector or of a matrix: `shape[1:3]`, `paddings[1]`, `paddings[:, 0]`, `paddings[0:2]`."""
    values, begins, ends, steps = (operand(slot) for slot in range(4))
    rank, width = (2, shape[1]) if shape is not None and len(shape) == 2 else (1, 1)
    odd = any(node.integer(name, 0) for name in ("ellipsis_mask", "new_axis_mask"))
    if odd or not width or not 0 < len(begins) <= rank:
        return None

    def taken(axis: int) -> slice | None:
        """What is taken along an axis; None where it is not known."""
        if axis >= len(begins):
            return slice(None)
        begin, bit = begins[axis], 1 << axis
        if node.integer("shrink_axis_mask", 0) & bit:
            return None if begin is None else slice(begin, begin + 1 or None)
        low = None if node.integer("begin_mask", 0) & bit else begin
        return slice(low, None if node.integer("end_mask", 0) & bit else ends[axis], steps[axis])

    first, second = taken(0), taken(1)
    if first is None or second is None:
        return None
    if rank == 1:
        return values[first]
    rows = [values[place : place + width] for place in range(0, len(values), width)]
    return tuple(value for row in rows[first] for value in row[second])


def _gather(node: Node, operand: Operand) -> Values:
    values = operand(0)
    return tuple(None if i is None else values[i] for i in operand(1))


def _slice(node: Node, operand: Operand) -> Values | None:
    begin, size = operand(1)[0], operand(2)[0]
    if begin is None or size is None:
        return None
    values = operand(0)
    return values[begin:] if size == -1 else values[begin : begin + size]


def _pack(node: Node, operand: Operand) -> Values:
    """An operand that is not known is one unknown element: scalars are what shapes are packed of."""
    packed: list[Size] = []
    for slot in range(len(node.inputs)):
        try:
            packed += operand(slot)
        except ValueError:
            packed.append(None)
    return tuple(packed)


def _concat(node: Node, operand: Operand) -> Values:
    slots = range(1, len(node.inputs)) if node.op == "Concat" else range(len(node.inputs) - 1)
    return tuple(value for slot in slots for value in operand(slot))


def _range(node: Node, operand: Operand) -> Values | None:
    low, high, step = (operand(slot)[0] for slot in range(3))
    if low is None or high is None or not step or abs(high - low) > LIMIT * abs(step):
        return None
    return tuple(range(low, high, step))


def _chosen(node: Node, operand: Operand) -> Values | None:
    """`tf.where` of integers, where the condition and what it takes are known."""
    conditions, left, right = operand(0), operand(1), operand(2)
    count = max(map(len, (conditions, left, right)))
    rows = zip(*(side * count if len(side) == 1 else side for side in (conditions, left, right)), strict=True)
    chosen = tuple(None if truth is None else a if truth else b for truth, a, b in rows)
    return None if None in chosen else chosen


def _reduced(function: Callable[[Sequence[int]], int]) -> Callable[[Node, Operand], Values]:
    def rule(node: Node, operand: Operand) -> Values:
        values = [value for value in operand(0) if value is not None]
        return (function(values) if len(values) == len(operand(0)) else None,)

    return rule


_OF_MATRICES = frozenset({"Identity", "Pack", "Reshape", "StridedSlice"})
_RULES: dict[str, Callable[[Node, Operand], Values | None]] = {
    **dict.fromkeys(
        ("Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "StopGradient"),
        lambda node, operand: operand(0),
    ),
    **dict.fromkeys(("Add", "AddV2"), _elementwise(lambda a, b: a + b)),
    "ZerosLike": lambda node, operand: (0,) * len(operand(0)),
    "OnesLike": lambda node, operand: (1,) * len(operand(0)),
    "BroadcastArgs": lambda node, operand: broadcast(operand(0), operand(1)),
    "Sub": _elementwise(lambda a, b: a - b),
    "Mul": _elementwise(lambda a, b: a * b),
    "FloorDiv": _elementwise(lambda a, b: a // b),
    "FloorMod": _elementwise(lambda a, b: a % b),
    "Maximum": _elementwise(max),
    "Minimum": _elementwise(min),
    **{
        op: _elementwise(function)
        for op, function in (
            ("Equal", eq),
            ("NotEqual", ne),
            ("Less", lt),
            ("LessEqual", le),
            ("Greater", gt),
            ("GreaterEqual", ge),
        )
    },
    **dict.fromkeys(("Select", "SelectV2"), _chosen),
    "Pack": _pack,
    **dict.fromkeys(("Concat", "ConcatV2"), _concat),
    **dict.fromkeys(("Gather", "GatherV2"), _gather),
    "Slice": _slice,
    "Range": _range,
    "Max": _reduced(max),
    "Min": _reduced(min),
    "Prod": _reduced(prod),
    "Sum": _reduced(sum),
}
