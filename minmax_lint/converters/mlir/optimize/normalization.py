"""Several operations that together are one: recognized by what they compute (optimize_patterns.td)."""

from __future__ import annotations

from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import (
    axes_of,
    is_number,
    number,
    producer,
    quantize_of,
)
from minmax_lint.converters.mlir.pattern import pattern
from minmax_lint.converters.mlir.rewriter import Rewriter


@pattern(
    "MUL",
    tf_name="L2NormalizePattern1, L2NormalizePattern2, L2NormalizePattern3",
    source="optimize_patterns.td",
    before=lambda n: n.op("Mul", x := n.x(), n.op("Rsqrt", n.sum(n.op("Square", x)))),
    after="L2_NORMALIZATION",
)
def l2_normalize_pattern_mul_rsqrt(rewriter: Rewriter, op: Operation) -> bool:
    """Recognize x * RSQRT(SUM(SQUARE(x))), perhaps with a small number added or as a lower bound."""
    return _l2_normalize(rewriter, op, "RSQRT")


@pattern(
    "DIV",
    tf_name="L2NormalizePattern1, L2NormalizePattern2, L2NormalizePattern3",
    source="optimize_patterns.td",
    before=lambda n: n.op("RealDiv", x := n.x(), n.op("Pow", n.sum(n.op("Square", x)), n.c(0.5))),
    after="L2_NORMALIZATION",
)
def l2_normalize_pattern_div_sqrt(rewriter: Rewriter, op: Operation) -> bool:
    """Recognize x / SQRT(SUM(SQUARE(x))), perhaps with a small number added or as a lower bound."""
    return _l2_normalize(rewriter, op, "SQRT")


def _l2_normalize(rewriter: Rewriter, op: Operation, root: str) -> bool:
    x, norm = op.operands[0], producer(op.operands[1], root)
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
    fused = rewriter.create("L2_NORMALIZATION", [x], op, [square, total, *parts])
    rewriter.replace(op, fused.result)
    return True


def _last_axis(op: Operation) -> bool:
    axes, shape = axes_of(op.operands[1]), op.operands[0].shape
    if not axes:
        return False
    if shape is None:
        return axes[0] == -1
    return axes[0] in (len(shape) - 1, -1) or axes == list(range(len(shape)))


@pattern(
    "MUL",
    tf_name="MatchHardSwishPattern1, MatchHardSwishPattern2, MatchHardSwishPattern3, MatchHardSwishPattern4, "
    "MatchHardSwishPattern5, MatchHardSwishPattern6, MatchHardSwishQuantized",
    source="optimize_patterns.td",
    before=lambda n: n.op(
        "Mul", n.op("Mul", x := n.x(), n.op("Relu6", n.op("AddV2", x, n.c(3.0)))), n.c(1 / 6)
    ),
    after="HARD_SWISH(float)",
)
def match_hard_swish_pattern(rewriter: Rewriter, op: Operation) -> bool:
    """Recognize x * RELU6(x + 3) / 6, in any order of the factors; also with FakeQuants behind both products."""
    if op.activation:
        return False
    for factors in (_six_outside, _six_inside, _six_outside_quantized):
        found = factors(op)
        if found is not None:
            x, parts = found
            rewriter.replace(op, rewriter.create("HARD_SWISH", [x], op, parts).result)
            return True
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
