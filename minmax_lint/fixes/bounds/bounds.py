"""What ops themselves fix: arrays whose values cannot leave a range, whatever the input is."""

import math
from collections.abc import Callable, Iterable, Mapping

from minmax_lint.graph.fakequant import Range, is_fake_quant, read_fake_quant
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference
from minmax_lint.ops.table import row

Interval = tuple[float, float]
Operand = Callable[[int], Interval]

UNBOUNDED: Interval = (-math.inf, math.inf)
_DEPTH = 32
"""How far a bound is followed: past that, intervals only grow."""


class Bounds:
    """The bounds of the arrays of one kept subgraph; each is computed once.

    FakeQuants, ops of bounded image and interval arithmetic of the common ops between them are followed.
    A bound may be wider than what values really reach.
    """

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._known: dict[str, Interval] = {}

    def of(self, array: str) -> Range | None:
        """The range that the ops in front of `array` hold its values to; None where there is none."""
        low, high = self._interval(array, _DEPTH)
        if not (math.isfinite(low) and math.isfinite(high)) or low > high:
            return None
        return Range(low, high)

    def _interval(self, array: str, depth: int) -> Interval:
        if array not in self._known:
            self._known[array] = UNBOUNDED  # an array on a cycle bounds nothing
            self._known[array] = self._follow(array, depth) if depth else UNBOUNDED
        return self._known[array]

    def _follow(self, array: str, depth: int) -> Interval:
        kept, name = self._inference.kept, parse_edge(array).node
        if name not in kept:
            return UNBOUNDED
        if self._inference.is_constant(array):
            return _constant(self._inference, array)
        if kept.is_cut(name):
            return UNBOUNDED
        node = kept.graph[name]
        image = row(node.op).image
        if image is not None and all(map(math.isfinite, image)):
            return image
        if is_fake_quant(node.op):
            found = read_fake_quant(kept.graph, node).range
            known = found is not None and found.known
            return (min(found.min, 0.0), max(found.max, 0.0)) if found and known else UNBOUNDED
        try:
            return _of_operands(node, lambda slot: self._interval(node.inputs[slot].array, depth - 1))
        except IndexError:
            return UNBOUNDED


def _of_operands(node: Node, operand: Operand) -> Interval:
    facts = row(node.op)
    if facts.values:
        data = [operand(slot) for slot in range(len(node.inputs))[facts.data]]
        return _union([*data, (0.0, 0.0)] if facts.values == "padded" else data)
    if facts.rises:
        return _image_of_rising(node, operand)
    rule = _RULES.get(node.op)
    return UNBOUNDED if rule is None else rule(node, operand)


def _constant(inference: Inference, array: str) -> Interval:
    tensor = inference.constant(array)
    if tensor is None or not tensor.known or tensor.dtype.numpy_name is None or not tensor.size:
        return UNBOUNDED
    if tensor.stored < tensor.size:
        return float(min(tensor.leading())), float(max(tensor.leading()))
    value = tensor.numpy()
    return float(value.min()), float(value.max())


def _union(intervals: Iterable[Interval]) -> Interval:
    listed = list(intervals)
    return min(low for low, _ in listed), max(high for _, high in listed)


def _sum(node: Node, operand: Operand) -> Interval:
    terms = [operand(slot) for slot in range(len(node.inputs))]
    return sum(low for low, _ in terms), sum(high for _, high in terms)


def _product(node: Node, operand: Operand) -> Interval:
    left, right = operand(0), operand(1)
    if not all(map(math.isfinite, (*left, *right))):
        return UNBOUNDED
    corners = [a * b for a in left for b in right]
    return min(corners), max(corners)


def _image_of_rising(node: Node, operand: Operand) -> Interval:
    if not all(map(math.isfinite, operand(0))):
        return UNBOUNDED
    import numpy as np

    from minmax_lint.fixes.bounds.elementwise import ElementFunction

    low, high = ElementFunction(node.op)(np.array(operand(0)))
    return UNBOUNDED if math.isnan(low) or math.isnan(high) else (float(low), float(high))


def _leaky_relu(node: Node, operand: Operand) -> Interval:
    low, high = operand(0)
    slope = node.real("alpha", 0.2)
    ends = [value if value >= 0 else slope * value for value in (low, min(max(0.0, low), high), high)]
    return min(ends), max(ends)


def _of_both(bound: Callable[[float, float], float]) -> Callable[[Node, Operand], Interval]:
    return lambda node, operand: (bound(operand(0)[0], operand(1)[0]), bound(operand(0)[1], operand(1)[1]))


_RULES: Mapping[str, Callable[[Node, Operand], Interval]] = {
    **dict.fromkeys(("Add", "AddN", "AddV2", "BiasAdd"), _sum),
    "LeakyRelu": _leaky_relu,
    "Maximum": _of_both(max),
    "Minimum": _of_both(min),
    "Mul": _product,
    "Relu": lambda node, operand: (max(operand(0)[0], 0.0), max(operand(0)[1], 0.0)),
    "Sub": lambda node, operand: (operand(0)[0] - operand(1)[1], operand(0)[1] - operand(1)[0]),
}
