"""From the quantized function to a Prediction: its verdict, and why ops stay float."""

from __future__ import annotations

from minmax_lint.converters.mlir.ir import Function
from minmax_lint.converters.mlir.obstacles import obstacles
from minmax_lint.converters.mlir.prediction import outcomes, ranges
from minmax_lint.converters.mlir.tables import Version
from minmax_lint.converters.prediction import Prediction, Verdict, float_message
from minmax_lint.graph.dtype import DType


def answer(function: Function, version: Version, profile: str, *, float_boundary: bool) -> Prediction:
    """What came of the function. `float_boundary`: only ops count, not the types of inputs and outputs."""
    ops = outcomes(function)
    float_ops = tuple((op.op, op.output) for op in ops if not op.integer)
    plain = [v for v in function.returned.operands if v.dtype is DType.FLOAT and v.scale is None]
    verdict: Verdict = "float" if float_ops or (plain and not float_boundary) else "quantized"
    if verdict == "quantized":
        message = "MLIR quantizes every operator."
        return Prediction(profile, verdict, message=message, ops=ops, ranges=ranges(function))
    causes = obstacles(function, version, float_boundary=float_boundary)
    return Prediction(
        profile,
        verdict,
        float_ops=float_ops,
        message=float_message(causes, len(float_ops)),
        ops=ops,
        obstacles=causes,
        ranges=ranges(function),
    )
