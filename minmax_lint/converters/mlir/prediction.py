"""From the function the converter leaves to a Prediction: verdict, ops, float ops, ranges, and why ops stay float."""

from collections.abc import Callable, Mapping

from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, Function, Operation
from minmax_lint.converters.mlir.quantize.prepare_quantize_dynamic_range import weights_of
from minmax_lint.converters.mlir.running import depends_on_data, refusals
from minmax_lint.converters.mlir.version import Version
from minmax_lint.converters.prediction import (
    SHAPE_OPS,
    Obstacle,
    OpOutcome,
    Prediction,
    Verdict,
    computing,
    float_message,
)
from minmax_lint.graph.dtype import DType

_BOUNDARY = frozenset({QUANTIZE, DEQUANTIZE})


def is_float(op: Operation) -> bool:
    """Contract: a float32 tensor among its operands or results, constants included."""
    return op.name not in _BOUNDARY and any(value.real for value in (*op.operands, *op.results))


def outcomes(function: Function, refused: Mapping[Operation, str]) -> tuple[OpOutcome, ...]:
    """The ops of the model to be written. `refused`: why the interpreter cannot run some of them."""
    return tuple(
        OpOutcome(
            op.name,
            op.output,
            op.nodes,
            not is_float(op),
            op.name not in _BOUNDARY and op.name not in SHAPE_OPS and _on_reals(op),
            refused=refused.get(op, ""),
            weights=None if op.name in _BOUNDARY else weights_of(op),
        )
        for op in function
        if op.name != CONST
    )


def _on_reals(op: Operation) -> bool:
    return any(value.dtype is DType.FLOAT for value in (*op.operands, *op.results))


def ranges(function: Function) -> dict[str, tuple[float, float]]:
    """Array -> the range with which it is quantized, as far as known."""
    found = {}
    for op in function:
        for value in op.results:
            if value.scale is not None and value.scale.bits <= 16 and not value.scale.channels:
                found[value.name] = value.scale.range
    for argument in function.arguments:
        if argument.scale is not None:
            found[argument.name] = argument.scale.range
    return found


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
    runs = False if refused else None if depends_on_data(function, signed=signed) else True
    ops = outcomes(function, refused)
    reason = next(iter(refused.values()), "")
    float_ops = tuple((op.op, op.output) for op in ops if not op.integer)
    plain = [v for v in function.returned.operands if v.dtype is DType.FLOAT and v.scale is None]
    verdict: Verdict = "float" if float_ops or (plain and not signed) else "quantized"
    causes: tuple[Obstacle, ...] = ()
    message = "MLIR quantizes every operator."
    if verdict == "float":
        causes = explain()
        message = float_message(causes, len(computing(float_ops) or float_ops))
    return Prediction(
        profile,
        verdict,
        float_ops=float_ops,
        message=message,
        ops=ops,
        obstacles=causes,
        ranges=ranges(function),
        runs=runs,
        refused=reason,
    )
