"""Pairs of quantize and dequantize that the optimization takes out (optimize_pass.cc, optimize_patterns.td)."""

from __future__ import annotations

from minmax_lint.converters.mlir.ir import DEQUANTIZE, QUANTIZE, Operation
from minmax_lint.converters.mlir.pattern import pattern
from minmax_lint.converters.mlir.rewriter import Rewriter


@pattern(
    QUANTIZE,
    tf_name="eliminate_dq_q_pairs, EliminateQDQPairs",
    source="optimize_patterns.td",
    before=lambda n: n.fq(n.fq(n.op("Abs", n.x()))),
    after="ABS",
)
def eliminate_qdq_pairs(rewriter: Rewriter, op: Operation) -> bool:
    """A quantize of what was dequantized from the same type goes."""
    before = op.operands[0].op
    if before is None or before.name != DEQUANTIZE or before.operands[0].scale != op.result.scale:
        return False
    stored = before.operands[0]
    stored.name = op.result.name
    rewriter.replace(op, stored)
    return True


@pattern(
    QUANTIZE,
    tf_name="SquashDqQ",
    source="optimize_patterns.td",
    since=(2, 20),
    before=lambda n: n.fake_quant("again", n.fq(n.op("Abs", n.x())), -2, 2),
    after="",
)
def squash_dq_q(rewriter: Rewriter, op: Operation) -> bool:
    """A quantize of what was dequantized goes, unless a quantize of another type made that."""
    before = op.operands[0].op
    stored = before.operands[0] if before is not None and before.name == DEQUANTIZE else None
    if stored is None:
        return False
    if stored.op is not None and stored.op.name == QUANTIZE and stored.scale != op.result.scale:
        return False
    rewriter.replace(op, stored)
    return True
