"""Which ops the repairs `replace` and `approximate` can write out, and which FakeQuants `merge` gives one range."""

import math
from collections.abc import Iterable, Iterator, Mapping

from minmax_lint.converters.profile import profile
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.layers import IMPLEMENTS
from minmax_lint.graph.names import Edge, parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference
from minmax_lint.inference.new_axes import new_axes
from minmax_lint.rules.framework.attribution import PER_CHANNEL, Cause
from minmax_lint.rules.framework.coverage import Coverage
from minmax_lint.rules.framework.finding import Applicability, FixOffer

REPLACED: Mapping[str, Applicability] = {
    "Abs": "unsafe",
    "Add": "safe",
    "AddN": "unsafe",
    "AddV2": "safe",
    "BiasAdd": "safe",
    "BroadcastTo": "safe",
    "Div": "safe",
    "Neg": "safe",
    "Pow": "unsafe",
    "QuantizeAndDequantizeV2": "safe",
    "RealDiv": "safe",
    "ReverseV2": "safe",
    "Square": "safe",
    "SquaredDifference": "unsafe",
    "StridedSlice": "safe",
    "Sub": "safe",
    "Tile": "safe",
}
"""Op -> whether one op takes its place. Unsafe: several do, and in a trained graph what lies between them needs a
range."""

MOST_COPIES = 16
"""So many copies along an axis are concatenated at a time, twice at most: TFLite has no TILE of int16 (tile.cc)."""

POWERS = (2, 3, 4)
"""The exponents that are written out as products."""

APPROXIMATED = frozenset(
    """
    Asinh Atan Atanh Ceil Cos Cosh Elu Erf Erfc Exp Expm1 Floor Inv Log Log1p Reciprocal Rint Round Rsqrt Selu Sign
    Sin Sinh Softplus Softsign Sqrt Tan
    """.split()
)
"""Functions of one array that the repair `approximate` makes piecewise linear."""

APPROXIMATED_OF_TWO = frozenset({"Div", "FloorDiv", "FloorMod", "Pow", "RealDiv"})
"""The same, where one operand is a constant."""

SUMS = ("Add", "AddV2", "BiasAdd", "Sub")
"""With zeros they do nothing but change a sign, and in 16 bits zeros have a scale of 0 (see `mlir/running.py`)."""
_DIVISIONS = ("Div", "RealDiv")
_IN_ORDER = 9
"""Of so many operands AddN makes the sum in their order (aggregate_ops_cpu.h; measured with TF 2.15)."""


def replacement(coverage: Coverage, node: Node | None, profiles: Iterable[str]) -> FixOffer | None:
    """The offer to write an op out that is an obstacle of these profiles; None where that is not possible.

    Safe where the values stay the same, and where every new array has a range: after training calibration gives it
    one, in a trained graph the FakeQuant behind the one op that takes its place.
    """
    inference = coverage.inference
    if node is None or node.op not in REPLACED or not is_replaceable(inference, node):
        return None
    what = f"Write {node.name!r} out in ops that have a quantized form"
    trained = any(profile(name).trained for name in profiles)
    # EXPAND_DIMS shares the scale of what it reads.
    raw = node.op != "StridedSlice" and coverage.is_read_raw(node.name)
    if trained and (REPLACED[node.op] == "unsafe" or raw):
        return FixOffer("replace", "unsafe", f"{what}, and give what has no range one.")
    if not is_exact(inference, node):
        return FixOffer("replace", "unsafe", f"{what}; the last bit of its values may differ.")
    return FixOffer("replace", "safe", f"{what}.")


def is_replaceable(inference: Inference, node: Node) -> bool:
    """Whether an op of REPLACED has operands with which it can be written out."""
    if node.op == "QuantizeAndDequantizeV2":
        return node.flag("range_given")
    if node.op in _DIVISIONS:
        return inverse(inference, node) is not None
    if node.op == "Tile":
        return bool(copies(inference, node))
    if node.op in SUMS:
        return slot_of_zeros(inference, node) is not None
    if node.op == "StridedSlice":
        return new_axes(inference, node) is not None
    return node.op != "Pow" or scalar_operand(inference, node, 1) in POWERS


def copies(inference: Inference, node: Node) -> tuple[int, ...]:
    """How often a Tile repeats its input along each axis; empty where writing it out gains nothing.

    One axis is concatenated, if the copies are not too many; several axes become one op each.
    """
    times = integers(inference, node.inputs[1]) or ()
    shape = inference.shape(node.inputs[0].array)
    if shape is not None and len(shape) != len(times):
        return ()
    largest, axes = max(times, default=1), sum(value > 1 for value in times)
    return times if axes > 1 or 1 < largest <= MOST_COPIES**2 else ()


def integers(inference: Inference, edge: Edge) -> tuple[int, ...] | None:
    """The whole numbers of a constant; None where it is none."""
    tensor = inference.constant(edge.array)
    if tensor is None or not tensor.listed:
        return None
    return tuple(int(value) for value in tensor.values())


def approximation(inference: Inference, node: Node, profiles: Iterable[str]) -> FixOffer | None:
    """The offer to make a function of one array piecewise linear; its shape must be known, but for the batch.

    The ramps have FakeQuants of 8 bits, with which no op of 16 bits can work.
    """
    if all(profile(name).activations == "int16" for name in profiles):
        return None
    variable = [
        edge for slot, edge in enumerate(node.inputs) if scalar_operand(inference, node, slot) is None
    ]
    if node.op not in APPROXIMATED and not (node.op in APPROXIMATED_OF_TWO and len(variable) == 1):
        return None
    shape = inference.with_open_batch().shape(variable[0].array) if variable else None
    image = shape is not None and len(shape) in (2, 4) and shape[-1] is not None
    if not shape or (None in shape[1:] and not image):
        return None
    return FixOffer("approximate", "unsafe", f"Make {node.name!r} piecewise linear.")


def slot_of_zeros(inference: Inference, node: Node) -> int | None:
    """The operand of a sum that is zeros; None where neither is, or both are."""
    zeros = [scalar_operand(inference, node, slot) == 0.0 for slot in (0, 1)]
    return zeros.index(True) if zeros.count(True) == 1 else None


def is_list_of_lstm(kept: Kept, node: str) -> bool:
    """Whether a list belongs to an LSTM layer of Keras 2, which MLIR knows by its function and makes one op of.

    Other loops with lists do not convert with a batch of one either: the loop keeps the shapes that it was traced with.
    """
    readers = {use.node for use in kept.uses(node)}
    return any(kept.graph[name].text(IMPLEMENTS).startswith("lstm_") for name in readers)


def open_batches(inference: Inference) -> Iterator[tuple[str, Shape]]:
    """The inputs of which the first dimension is not known, and every other one is, with their shapes."""
    graph, opened = inference.kept.graph, inference.with_open_batch()
    for array in inference.kept.inputs:
        shape = opened.shape(array)
        if not shape or graph.op(parse_edge(array).node) != "Placeholder":
            continue
        if shape[0] is None and None not in shape[1:]:
            yield array, shape


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


def one_range(coverage: Coverage, cause: Cause) -> FixOffer | None:
    """Where the cause is a FakeQuant with a range for each channel, or an op that reads one and cannot have them."""
    if cause.node is None or cause.node not in coverage.graph:
        return None
    read = [edge.node for edge in coverage.graph[cause.node].inputs] if cause.kind == "bad-range" else []
    for name in (cause.node, *read):
        if coverage.op(name) == PER_CHANNEL:
            return FixOffer("merge", "unsafe", f"Give {name!r} one range for all channels.")
    return None
