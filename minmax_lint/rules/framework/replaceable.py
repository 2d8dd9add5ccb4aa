"""Which ops the repair `replace` can write out in others, and whether their values then stay the same."""

from __future__ import annotations

import math
from collections.abc import Mapping

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference
from minmax_lint.rules.framework.finding import Applicability

REPLACED: Mapping[str, Applicability] = {
    "Abs": "unsafe",
    "AddN": "unsafe",
    "BroadcastTo": "safe",
    "Div": "safe",
    "Neg": "safe",
    "Pow": "unsafe",
    "QuantizeAndDequantizeV2": "safe",
    "RealDiv": "safe",
    "ReverseV2": "safe",
    "Square": "safe",
    "SquaredDifference": "unsafe",
    "Tile": "safe",
}
"""Op -> whether one op takes its place. Unsafe: several do, and what lies between them needs a range."""

POWERS = (2, 3, 4)
"""The exponents that are written out as products."""

_DIVISIONS = ("Div", "RealDiv")
_IN_ORDER = 9
"""Of so many operands AddN makes the sum in their order (aggregate_ops_cpu.h; measured with TF 2.15)."""


def is_replaceable(inference: Inference, node: Node) -> bool:
    """Whether an op of REPLACED has operands with which it can be written out."""
    if node.op == "QuantizeAndDequantizeV2":
        return node.flag("range_given")
    if node.op in _DIVISIONS:
        return inverse(inference, node) is not None
    return node.op != "Pow" or scalar_operand(inference, node, 1) in POWERS


def is_exact(inference: Inference, node: Node) -> bool:
    """Whether TensorFlow computes the same values, to the last bit, where the op is written out.

    Measured with TF 2.15: all do, but a division by what is no power of two, any power, and a long sum. What
    is rounded to a grid anyway may differ where a value lies right in the middle.
    """
    if node.op in _DIVISIONS:
        divisor = scalar_operand(inference, node, 1)
        return divisor is not None and abs(math.frexp(divisor)[0]) == 0.5
    return node.op != "Pow" and (node.op != "AddN" or len(node.inputs) <= _IN_ORDER)


def inverse(inference: Inference, node: Node) -> float | None:
    """What a division multiplies with; None where the divisor is no such constant, or its inverse no float32."""
    divisor = scalar_operand(inference, node, 1)
    largest = 3.4028234e38
    return 1.0 / divisor if divisor and abs(1.0 / divisor) <= largest else None


def scalar_operand(inference: Inference, node: Node, slot: int) -> float | None:
    """The value that all elements of a constant operand of a binary op have, where the result has the other's shape."""
    if len(node.inputs) != 2 or not inference.is_constant(node.inputs[slot].array):
        return None
    tensor = inference.constant(node.inputs[slot].array)
    if tensor is None or not tensor.known or tensor.dtype is not DType.FLOAT or not tensor.size:
        return None
    if tensor.shape and inference.shape(node.inputs[1 - slot].array) != inference.shape(node.output(0)):
        return None
    if tensor.size == 1:
        return float(tensor.item())
    values = tensor.numpy()
    return float(values.flat[0]) if (values == values.flat[0]).all() else None
