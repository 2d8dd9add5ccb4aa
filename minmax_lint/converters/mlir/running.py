"""Whether the interpreter can run what the converter makes of a function."""

from __future__ import annotations

from minmax_lint.converters.kernels import ANY_TYPE, BY_DATA, NO_INT8, NO_INT16, NO_UINT8
from minmax_lint.converters.mlir.ir import CONST, Function, Operation, Value
from minmax_lint.converters.mlir.matchers import is_constant

_FILTERED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})


def refusals(function: Function, *, signed: bool) -> dict[Operation, str]:
    """Every operator that the interpreter cannot run -> its own reason, in the order of the operators."""
    found = ((op, _refusal(op, signed=signed)) for op in function if op.name != CONST)
    return {op: reason for op, reason in found if reason}


def depends_on_data(function: Function) -> bool:
    """Whether an integer kernel refuses some values."""
    return any(op.name in BY_DATA and any(value.scale for value in op.results) for op in function)


def _refusal(op: Operation, *, signed: bool) -> str:
    values = [*op.operands, *op.results]
    widths = {value.scale.bits for value in values if value.scale is not None}
    if 16 in widths and op.name in NO_INT16:
        return f"{op.name}: {NO_INT16[op.name]}"
    if 8 in widths and 16 not in widths:
        missing = NO_INT8 if signed else NO_UINT8
        if op.name in missing:
            return f"{op.name}: {missing[op.name]}"
    if widths and op.name not in ANY_TYPE and any(value.real for value in values):
        integer, real = _first(values, real=False), _first(values, real=True)
        return f"{op.name}: {integer} is integer and {real} is float, and no kernel takes both."
    if signed and op.name in _FILTERED and 8 in widths and _is_computed(op.operands[1]):
        return f"{op.name}: a filter that is computed has a zero point, which the kernel refuses."
    return ""


def _first(values: list[Value], *, real: bool) -> str:
    return next(value.name for value in values if (value.real if real else value.scale is not None))


def _is_computed(value: Value) -> bool:
    source = value.op.operands[0] if value.op is not None and value.op.name == "QUANTIZE" else value
    return not is_constant(source)
