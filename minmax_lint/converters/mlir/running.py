"""Whether the interpreter can run what the converter makes of a function."""

from minmax_lint.converters.kernels import (
    ANY_TYPE,
    FLOAT_DEQUANTIZE,
    KERNELS,
    NO_COMPUTED_FILTER,
    NO_EMPTY_RANGE,
    NO_STATE,
    NO_UINT8_PER_CHANNEL,
    NO_VALUE,
    PER_CHANNEL,
    Kernel,
)
from minmax_lint.converters.mlir.bounds import Bounds
from minmax_lint.converters.mlir.control_flow.resource_variables import INITIALIZED
from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.matchers import all_equal, is_constant, is_stored
from minmax_lint.converters.mlir.quantize.prepare_quantize_dynamic_range import LSTM, weights_of
from minmax_lint.converters.mlir.version import Version

_SUB_OF_ITSELF_ENDS = Bounds(until=(2, 16))
"""SUB of an array and itself ends the process (2.12 to 2.21 measured); SQUARED_DIFFERENCE does in all of them."""
TO_SCALAR = "Output shape must be broadcastable from input shape."
_FINE = 1 / 256
_NEG_TAKES_INT16 = Bounds(since=(2, 20))
"""NEG runs on what the quantizer for 16x8 leaves half quantized (2.15 to 2.21 measured)."""


def refusals(function: Function, version: Version, *, signed: bool) -> dict[Operation, str]:
    """Every operator that the interpreter cannot run -> its own reason, in the order of the operators."""
    ops = [op for op in function if op.name != CONST]
    found = [(op, _refusal(op, version, signed=signed)) for op in ops]
    if any(value.scale is not None and value.scale.bits == 16 for op in ops for value in op.results):
        found = [(op, NO_STATE if op.name == LSTM else reason) for op, reason in found]
    return {op: f"{op.name}: {reason}" for op, reason in found if reason}


def depends_on_data(function: Function, *, signed: bool) -> bool:
    """Whether the data decides if the interpreter can run an operator.

    The kernel of DIV in int8 (2.20 to 2.22) refuses a divisor whose integer is 0, the middle of the range; constant
    divisors have become factors of a MUL (2.21 measured).
    """
    return signed and any(
        op.name == "DIV" and op.operands[1].scale is not None and op.operands[1].scale.bits == 8
        for op in function
    )


def is_spread_to_scalar(op: Operation) -> bool:
    """Whether the BROADCAST_TO has no sizes, as explicit broadcasting writes it (broadcast_to.cc)."""
    return op.operands[1].shape == (0,) and op.operands[0].shape != ()


def lacking_kernel(op: Operation, version: Version, *, signed: bool) -> str:
    """What its kernel says of the integers that it reads or makes; empty where it takes them."""
    widths = {value.scale.bits for value in (*op.operands, *op.results) if value.scale is not None}
    bits = 16 if 16 in widths else 8 if 8 in widths else 0
    kind = "int16" if bits == 16 else "int8" if signed else "uint8"
    return _missing(KERNELS[op.name], kind, version) if bits and op.name in KERNELS else ""


def _refusal(op: Operation, version: Version, *, signed: bool) -> str:
    values = [*op.operands, *op.results]
    if op.name == "READ_VARIABLE" and _is_uninitialized(op.operands[0]):
        return NO_VALUE
    if op.name == DEQUANTIZE and op.operands[0].real and not is_constant(op.operands[0]):
        return FLOAT_DEQUANTIZE
    if op.name == "BROADCAST_TO" and is_spread_to_scalar(op):
        return TO_SCALAR
    widths = {value.scale.bits for value in values if value.scale is not None}
    bits = 16 if 16 in widths else 8 if 8 in widths else 0
    missing = lacking_kernel(op, version, signed=signed)
    if missing:
        return missing
    if bits == 16 and op.name in ("ADD", "SUB") and any(all_equal(value, 0.0) for value in op.operands):
        return "one operand is always 0, has a scale of 0, and the kernel ends the process at it."
    if bits == 8 and not signed and op.name in PER_CHANNEL and _has_channels(op.operands[1]):
        return NO_UINT8_PER_CHANNEL
    mixed = widths and op.name not in ANY_TYPE and any(value.real for value in values) and not weights_of(op)
    if mixed and not (op.name == "NEG" and version.has(_NEG_TAKES_INT16)):
        integer, real = _first(values, real=False), _first(values, real=True)
        return f"{integer} is integer and {real} is float, and no kernel takes both."
    if signed and (op.name, bits) in NO_COMPUTED_FILTER and not is_stored(op.operands[1]):
        return NO_COMPUTED_FILTER[op.name, bits]
    always_zero = bits and op.name in NO_EMPTY_RANGE and op.operands[0] is op.operands[1]
    if always_zero and (op.name != "SUB" or (not _is_fine(op) and version.has(_SUB_OF_ITSELF_ENDS))):
        return f"{op.result.name} is always 0, and its kernel ends the process at such a range."
    return ""


def _is_uninitialized(variable: Value) -> bool:
    node = variable.op.node if variable.op is not None else None
    return node is not None and node.op == "VarHandleOp" and not node.flag(INITIALIZED)


def _missing(kernel: Kernel, kind: str, version: Version) -> str:
    """What the interpreter says of a type that the kernel does not take; empty where it does."""
    since = kernel.since.get(kind)
    lacks = kind in kernel.lacks or (since is not None and not version.has(Bounds(since)))
    return kernel.refusal(kind) if lacks else ""


def _is_fine(op: Operation) -> bool:
    """Whether it reads steps so small, those of SOFTMAX, that the multiplier of SUB stays below 1 (sub.cc)."""
    scale = op.operands[0].scale
    return scale is not None and scale.bits == 8 and scale.scale <= _FINE


def _first(values: list[Value], *, real: bool) -> str:
    return next(value.name for value in values if (value.real if real else value.scale is not None))


def _has_channels(value: Value) -> bool:
    return value.scale is not None and len(value.scale.channels) > 1
