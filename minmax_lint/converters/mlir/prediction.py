"""From the function the converter leaves to a Prediction: ops, float ops, ranges."""

from __future__ import annotations

from collections.abc import Mapping

from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, Function, Operation
from minmax_lint.converters.mlir.quantize.prepare_quantize_dynamic_range import weights_of
from minmax_lint.converters.prediction import SHAPE_OPS, OpOutcome
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
            op.result.name,
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
