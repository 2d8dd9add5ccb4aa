"""Normalizations: operations that together are one, and SOFTMAX with what does not change it around it.

Source: optimize.cc, optimize_patterns.td.
"""

import math

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.behaviours import HARD_SWISH_OF_ANY_SHAPE
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import (
    axes_of,
    is_number,
    keeps_dimensions,
    number,
    producer,
    producers,
    quantize_of,
    rank,
)
from minmax_lint.converters.mlir.pattern import optimize_cc, optimize_patterns_td
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.graph.dtype import DType

_LOWEST = -3.4028234663852886e38


def _two_l2_norms(n: Net) -> str:
    product = n.op("Mul", x := n.x(), n.op("Rsqrt", n.sum(n.op("Square", x))))
    quotient = n.op("RealDiv", y := n.op("Exp", x), n.op("Pow", n.sum(n.op("Square", y)), n.c(0.5)))
    return n.op("AddV2", product, quotient)


@optimize_patterns_td(
    "DIV",
    "MUL",
    tf_name="L2NormalizePattern1, L2NormalizePattern2, L2NormalizePattern3",
    before=_two_l2_norms,
    after="EXP(float) L2_NORMALIZATION(float) L2_NORMALIZATION ADD(float)",
)
def l2_normalize_pattern(rewriter: Rewriter, op: Operation) -> bool:
    """Recognize x * RSQRT(SUM(SQUARE(x))) and x / SQRT(SUM(SQUARE(x))).

    A small number may be added to the sum, or be its lower bound.
    """
    x, norm = op.operands[0], producer(op.operands[1], "RSQRT" if op.name == "MUL" else "SQRT")
    if norm is None or op.activation:
        return False
    total = norm.operands[0].op
    parts = [norm]
    if total is not None and total.name in ("ADD", "MAXIMUM"):
        small = number(total.operands[1])
        if small is None or not abs(small) < 1e-3 or total.activation:
            return False
        parts.append(total)
        total = total.operands[0].op
    if total is None or total.name != "SUM" or not _last_axis(total):
        return False
    square = producer(total.operands[0], "SQUARE")
    if square is None or square.operands[0] is not x:
        return False
    return rewriter.replace_with_new(op, "L2_NORMALIZATION", [x], [square, total, *parts])


def _last_axis(op: Operation) -> bool:
    axes, shape = axes_of(op.operands[1]), op.operands[0].shape
    if not axes:
        return False
    if shape is None:
        return axes[0] == -1
    return axes[0] in (len(shape) - 1, -1) or axes == list(range(len(shape)))


@optimize_patterns_td(
    "MUL",
    tf_name="MatchHardSwishPattern1, MatchHardSwishPattern2, MatchHardSwishPattern3, MatchHardSwishPattern4, "
    "MatchHardSwishPattern5, MatchHardSwishPattern6, MatchHardSwishQuantized",
    before=lambda n: n.op(
        "Mul", n.op("Mul", x := n.x(), n.op("Relu6", n.op("AddV2", x, n.c(3.0)))), n.c(1 / 6)
    ),
    after="HARD_SWISH(float)",
)
def match_hard_swish_pattern(rewriter: Rewriter, op: Operation) -> bool:
    """Recognize x * RELU6(x + 3) / 6, in any order of the factors; also with FakeQuants behind both products.

    The numbers are scalars. Since 2.19 they may have more dimensions where 6 divides the RELU6 (36 orders and shapes
    measured with each of 2.15, 2.18, 2.19, 2.20 and 2.21).
    """
    if op.activation:
        return False
    for factors in (_six_outside, _six_inside, _six_outside_quantized):
        found = factors(op)
        if found is None:
            continue
        x, parts = found
        numbers = [one.operands[1] for one in (*parts, op) if one.name == "ADD" or _sixth(one)]
        if all(value.shape == () for value in numbers) or (
            factors is _six_inside and rewriter.version.has(HARD_SWISH_OF_ANY_SHAPE)
        ):
            return rewriter.replace_with_new(op, "HARD_SWISH", [x], parts)
    return False


def _gate(value: Value, x: Value) -> Operation | None:
    """RELU6(x + 3), fused."""
    added = producer(value, "ADD")
    if added is None or added.activation != "RELU6" or added.operands[0] is not x:
        return None
    return added if is_number(added.operands[1], 3.0) else None


def _sixth(op: Operation) -> bool:
    return op.name == "MUL" and not op.activation and is_number(op.operands[1], 1 / 6)


def _six_outside(op: Operation) -> tuple[Value, list[Operation]] | None:
    product = producer(op.operands[0], "MUL")
    if not _sixth(op) or product is None or product.activation:
        return None
    x = product.operands[0]
    gate = _gate(product.operands[1], x)
    return None if gate is None else (x, [gate, product])


def _six_inside(op: Operation) -> tuple[Value, list[Operation]] | None:
    for x, other in (op.operands, reversed(op.operands)):
        scaled = producer(other, "MUL")
        if scaled is None or not _sixth(scaled):
            continue
        gate = _gate(scaled.operands[0], x)
        if gate is not None:
            return x, [gate, scaled]
    return None


def _six_outside_quantized(op: Operation) -> tuple[Value, list[Operation]] | None:
    quantize = quantize_of(op.operands[0])
    product = producer(quantize.operands[0], "MUL") if quantize is not None else None
    if not _sixth(op) or product is None or product.activation:
        return None
    inner = quantize_of(product.operands[1])
    gate = _gate(inner.operands[0], product.operands[0]) if inner is not None else None
    return None if gate is None else (product.operands[0], [gate, product])


@optimize_patterns_td(
    "DIV", before=lambda n: n.op("RealDiv", e := n.op("Exp", n.x()), n.sum(e)), after="SOFTMAX"
)
def optimize_to_softmax(rewriter: Rewriter, op: Operation) -> bool:
    """EXP(x) / SUM(EXP(x)) over the last axis is SOFTMAX."""
    exponential, total = producer(op.operands[0], "EXP"), producer(op.operands[1], "SUM")
    if exponential is None or total is None or op.activation or not keeps_dimensions(total):
        return False
    if total.operands[0] is not exponential.result or not _over_last_axis(total):
        return False
    if exponential.result.use_count != 2 or total.result.use_count != 1:
        return False
    return rewriter.replace_with_new(op, "SOFTMAX", exponential.operands, [exponential, total])


@optimize_patterns_td(
    "SOFTMAX", before=lambda n: n.op("Softmax", n.op("Sub", x := n.x(), n.sum(x, op="Max"))), after="SOFTMAX"
)
def fold_normalization_into_softmax(rewriter: Rewriter, op: Operation) -> bool:
    """SOFTMAX(x - REDUCE_MAX(x)) is SOFTMAX(x)."""
    difference = _match_normalization(op.operands[0])
    if difference is None or difference.result.use_count != 1:
        return False
    return rewriter.take_in(op, 0, difference)


def _softmax_of_bounded_difference(n: Net) -> str:
    largest = n.op("Maximum", n.sum(x := n.op("Elu", n.x()), 1, "Max", keep_dims=False), n.c(-math.inf))
    return n.op("Softmax", n.op("Sub", x, n.reshape(largest, 1, 1)))


@optimize_patterns_td(
    "SOFTMAX",
    tf_name="FoldNormalizationIntoSoftmaxJaxWithAxisMinus1",
    since=(2, 17),
    before=_softmax_of_bounded_difference,
    after="ELU(float) SOFTMAX(float)",
)
def fold_normalization_into_softmax_jax(rewriter: Rewriter, op: Operation) -> bool:
    """SOFTMAX(x - RESHAPE(MAXIMUM(REDUCE_MAX(x), -inf))) is SOFTMAX(x)."""
    difference = producer(op.operands[0], "SUB")
    if difference is None or difference.activation:
        return False
    x, found = difference.operands[0], producers(difference.operands[1], "RESHAPE", "MAXIMUM", "REDUCE_MAX")
    if found is None or found[-1].operands[0] is not x:
        return False
    reshape, bounded, largest = found
    lowest = number(bounded.operands[1])
    if keeps_dimensions(largest) or not _over_last_axis(largest) or lowest is None or lowest > _LOWEST:
        return False
    parts = (largest, bounded, reshape, difference)
    if any(part.result.use_count != 1 for part in parts):
        return False
    op.nodes = tuple(dict.fromkeys(node for part in (*parts, op) for node in part.nodes))
    rewriter.set_operand(op, 0, x)
    return True


@optimize_cc(
    "SUB",
    since=(2, 15),
    before=lambda n: n.op(
        "Sub", d := n.op("Sub", x := n.x(), n.sum(x, op="Max")), n.op("Log", n.sum(n.op("Exp", d)))
    ),
    after="LOG_SOFTMAX",
)
def fuse_log_softmax(rewriter: Rewriter, op: Operation) -> bool:
    """LOG_SOFTMAX: d - LOG(SUM(EXP(d))), d being x - REDUCE_MAX(x)."""
    found = producers(op.operands[1], "LOG", "SUM", "EXP")
    difference = _match_normalization(op.operands[0])
    if found is None or difference is None or op.activation:
        return False
    logarithm, total, exponential = found
    if exponential.operands[0] is not difference.result or difference.result.use_count != 2:
        return False
    parts = [difference, exponential, total, logarithm]
    if any(part.result.use_count != 1 for part in parts[1:]):
        return False
    if not keeps_dimensions(total) or not _over_last_axis(total):
        return False
    return rewriter.replace_with_new(op, "LOG_SOFTMAX", difference.operands[:1], parts)


def _match_normalization(value: Value) -> Operation | None:
    """The difference that makes `value` = x - REDUCE_MAX(x)."""
    difference = producer(value, "SUB")
    if difference is None or difference.activation:
        return None
    x, largest = difference.operands[0], producer(difference.operands[1], "REDUCE_MAX")
    if largest is None or largest.result.use_count != 1 or largest.operands[0] is not x:
        return None
    return difference if keeps_dimensions(largest) and _over_last_axis(largest) else None


@optimize_patterns_td(
    "ARG_MAX",
    "ARG_MIN",
    tf_name="RemoveSoftmaxOpBefore, RemoveLogSoftmaxOpBefore",
    before=lambda n: n.op("ArgMax", n.op("Softmax", n.op("Elu", n.x())), n.i(1), output_type=DType.INT32),
    after="ELU(float) ARG_MAX(float)",
)
def remove_softmax_op_before_arg_min_max(rewriter: Rewriter, op: Operation) -> bool:
    """ARG_MAX and ARG_MIN over the last axis need no SOFTMAX or LOG_SOFTMAX that only they read."""
    softmax = producer(op.operands[0], "SOFTMAX") or producer(op.operands[0], "LOG_SOFTMAX")
    if softmax is None or softmax.result.use_count != 1 or not _over_last_axis(op):
        return False
    return rewriter.take_in(op, 0, softmax)


def _over_last_axis(op: Operation) -> bool:
    axes = axes_of(op.operands[1])
    fits = axes is not None and op.operands[1].dtype is DType.INT32 and len(axes) == 1
    return fits and axes is not None and axes[0] in (rank(op.operands[0]) - 1, -1)
