"""From the quantized function to a Prediction: its verdict, and why ops stay float."""

from __future__ import annotations

from collections.abc import Callable

from minmax_lint.converters.mlir.ir import Function
from minmax_lint.converters.mlir.prediction import outcomes, ranges
from minmax_lint.converters.mlir.running import refusals
from minmax_lint.converters.mlir.version import Version
from minmax_lint.converters.prediction import Obstacle, Prediction, Verdict, computing, float_message
from minmax_lint.graph.dtype import DType


def answer(
    function: Function,
    profile: str,
    version: Version,
    explain: Callable[[], tuple[Obstacle, ...]],
    *,
    signed: bool,
) -> Prediction:
    """What came of the function. `signed`: int8, where only ops count, not the types of inputs and outputs.

    `explain`: why ops stay float; asked where some do.
    """
    refused = refusals(function, version, signed=signed)
    runs = not refused
    ops = outcomes(function, refused)
    reason = next(iter(refused.values()), "")
    float_ops = tuple((op.op, op.output) for op in ops if not op.integer)
    plain = [v for v in function.returned.operands if v.dtype is DType.FLOAT and v.scale is None]
    verdict: Verdict = "float" if float_ops or (plain and not signed) else "quantized"
    if verdict == "quantized":
        message = "MLIR quantizes every operator."
        return Prediction(
            profile, verdict, message=message, ops=ops, ranges=ranges(function), runs=runs, refused=reason
        )
    causes = explain()
    return Prediction(
        profile,
        verdict,
        float_ops=float_ops,
        message=float_message(causes, len(computing(float_ops) or float_ops)),
        ops=ops,
        obstacles=causes,
        ranges=ranges(function),
        runs=runs,
        refused=reason,
    )
