"""Behind the quantization: adaptors at the boundary, volatile pairs, and the checks that can fail.

Sources: post_quantize.cc; the verifiers of SameScalesOpInterface and of func.return.
"""

from __future__ import annotations

from minmax_lint.converters.mlir.conditions import axes_of
from minmax_lint.converters.mlir.failure import Refused
from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, RETURN, Function, Operation, Value
from minmax_lint.converters.mlir.optimizing import optimize, same_again
from minmax_lint.converters.mlir.quantizing import squash_late
from minmax_lint.converters.mlir.rewriting import Pattern, Rewriter
from minmax_lint.converters.mlir.scales import BIAS, Scale
from minmax_lint.converters.mlir.tables import (
    CONVOLUTIONS,
    FIXED,
    FOUR_BITS,
    FOUR_BITS_ALWAYS,
    NO_SIXTEEN_BITS,
    ONE_WIDTH,
    ONE_WIDTH_OF_OPERANDS,
    UNSIGNED_MIXES_SCALES,
    Version,
)
from minmax_lint.graph.dtype import DType


def finish(function: Function, version: Version, *, signed: bool) -> None:
    """Raises Refused where a check fails."""
    check(function, version, signed=signed)
    rescaled = rescale_at_once(version)
    Rewriter(function, {QUANTIZE: (rescaled,)}).run()
    types = None
    if not signed:
        remove_adaptors(function)
        types = [value.scale for value in function.returned.operands]
    Rewriter(function, {DEQUANTIZE: (remove_volatile,), QUANTIZE: (rescaled,)}).run()
    check(function, version, signed=signed)
    optimize(function, version, same_again if version.squashes_while_quantizing else squash_late)
    function.sweep()
    check(function, version, signed=signed)
    if types is not None:
        check_return(function, types)
    check_builtins(function)
    if types is not None and not version.stores_unsigned_widths:
        check_storable(function)


def remove_adaptors(function: Function) -> None:
    """Inputs and outputs take the quantized type where a quantize or dequantize stands alone."""
    for argument in function.arguments:
        user = argument.only_user
        if user is not None and user.name == QUANTIZE:
            argument.scale = user.result.scale
            user.result.replace_uses(argument)
            function.erase(user)
    for slot, value in enumerate(list(function.returned.operands)):
        op = value.op
        if op is not None and op.name == DEQUANTIZE and value.use_count == 1:
            function.returned.set_operand(slot, op.operands[0])
            function.erase(op)


def remove_volatile(rewriter: Rewriter, op: Operation) -> bool:
    """A pair that only the driver put in goes, but at inputs and outputs."""
    quantize = op.operands[0].op
    if quantize is None or quantize.name != QUANTIZE or not quantize.volatile:
        return False
    source = quantize.operands[0]
    if source.op is None:
        return False
    reader = op.result.only_user
    if reader is not None and reader.name == RETURN:
        return False
    rewriter.replace(op, source)
    return True


def rescale_at_once(version: Version) -> Pattern:
    """FoldTrivalRequantizeOp: what can make any scale makes that of the quantize behind it."""

    def pattern(rewriter: Rewriter, op: Operation) -> bool:
        source = op.operands[0]
        producer = source.op
        if source.scale is None or producer is None or source.use_count != 1:
            return False
        bound = producer.name in FIXED or producer.name in version.same_scale
        if bound or producer.name not in version.quantizable:
            return False
        source.scale = op.result.scale
        source.name = op.result.name
        rewriter.replace(op, source)
        return True

    return pattern


def check(function: Function, version: Version, *, signed: bool) -> None:
    """The verifiers of all operations: raises Refused at the first that has types or scales it cannot have."""
    for op in function:
        check_types(op, signed=signed)
        if op.name not in version.same_scale or (not signed and op.name in UNSIGNED_MIXES_SCALES):
            continue
        values = [value for value in (*op.operands, *op.results) if value.scale is not None]
        for value in values[1:]:
            if value.scale != values[0].scale:
                raise _conflict(op, values[0], value, signed=signed)


def check_types(op: Operation, *, signed: bool) -> None:
    """Raises Refused where an operation has no form for the widths of its operands and results."""
    if op.name in (CONST, QUANTIZE, DEQUANTIZE):
        return
    operands, results = (
        [value.scale for value in values if value.scale is not None] for values in (op.operands, op.results)
    )
    name = op.name.lower()
    if op.name in ONE_WIDTH and operands and results and operands[0].bits != results[0].bits:
        raise _mistyped(op, f"'tfl.{name}' op failed to verify that x and y must have same element type")
    if op.name in ONE_WIDTH_OF_OPERANDS and len({scale.bits for scale in operands}) > 1:
        raise _mistyped(
            op, f"'tfl.{name}' op failed to verify that binary op operands have same element type"
        )
    if op.name == "TRANSPOSE" and operands and operands[0].channels and not _last_stays_last(op):
        raise _mistyped(op, "'tfl.transpose' op has mismatched quantized axes of input and output")
    if op.name in CONVOLUTIONS and any(scale.bits == BIAS.bits for scale in results):
        raise _mistyped(op, f"'tfl.{name}' op result #0 must not be a quantized 32-bit integer")
    weighted = op.name in CONVOLUTIONS and len(op.operands) > 1
    weights = op.operands[1].scale if weighted else None
    for scale in (*operands, *results):
        if _impossible(op.name, scale.bits, of_weights=scale is weights, signed=signed):
            got = spelled(scale, signed=signed)
            raise _mistyped(
                op, f"'tfl.{name}' op has an operand or result of type {got}, which it cannot have"
            )


def _last_stays_last(transpose: Operation) -> bool:
    """Whether the axis of the channels, which a FakeQuant has last, is the last one of the result."""
    order = axes_of(transpose.operands[1])
    return order is not None and order[-1] == len(order) - 1


def _impossible(name: str, bits: int, *, of_weights: bool, signed: bool) -> bool:
    if bits == 8:
        return name == "ONE_HOT"
    if bits == 4:
        return not of_weights and name not in FOUR_BITS[signed] and name not in FOUR_BITS_ALWAYS
    return bits == 16 and (name in NO_SIXTEEN_BITS or (of_weights and not signed))


def _mistyped(op: Operation, message: str) -> Refused:
    reason = f"{op.name} has no form for the width of {op.result.name} or of what it reads."
    node = op.nodes[-1] if op.nodes else None
    return Refused("other", message, "bad-range", node=node, array=op.result.name, op=op.name, reason=reason)


def check_builtins(function: Function) -> None:
    """Raises the refusal of the first operation that is no builtin: these are found when the model is written."""
    for op in function:
        refused = op.attrs.get("refused")
        if isinstance(refused, Refused):
            raise refused


def check_storable(function: Function) -> None:
    """2.15 cannot write unsigned types of another width than 8: raises Refused at the first."""
    values = [*function.arguments, *(value for op in function for value in op.results)]
    for value in values:
        if value.scale is not None and value.scale.bits in (4, 16):
            element = spelled(value.scale, signed=False)
            raise Refused(
                "other",
                f"invalid TFLite type: '{_tensor(value, element)}'",
                "bad-range",
                node=value.op.nodes[-1] if value.op is not None and value.op.nodes else None,
                array=value.name,
                reason=f"There is no unsigned type of the width of {value.name}.",
            )


def _conflict(op: Operation, first: Value, other: Value, *, signed: bool) -> Refused:
    pair = " vs. ".join(spelled(value.scale, signed=signed) for value in (first, other) if value.scale)
    name = op.name.lower()
    return Refused(
        "scale-conflict",
        f"'tfl.{name}' op quantization parameters violate the same scale constraint: {pair}",
        "scale-conflict",
        node=op.nodes[-1] if op.nodes else None,
        array=op.result.name,
        op=op.name,
        reason=f"{op.name} needs one range for all it reads and makes; {first.name} and {other.name} have two.",
    )


def spelled(scale: Scale, *, signed: bool) -> str:
    """A quantized type as MLIR prints it."""
    zero_point = scale.zero_point - (1 << (scale.bits - 1) if signed else 0)
    letter = "i" if signed else "u"
    point = f":{zero_point}" if zero_point else ""
    return f"!quant.uniform<{letter}{scale.bits}:f32, {scale.scale!r}{point}>"


def check_return(function: Function, types: list[Scale | None]) -> None:
    """The TF1 flow: what is returned must still have the type that the function was given."""
    for slot, (value, wanted) in enumerate(zip(function.returned.operands, types, strict=True)):
        if value.dtype is DType.FLOAT and value.scale != wanted:
            found = spelled(value.scale, signed=False) if value.scale else "f32"
            want = spelled(wanted, signed=False) if wanted else "f32"
            raise Refused(
                "scale-conflict",
                f"type of return operand {slot} ('{_tensor(value, found)}') doesn't match function result type "
                f"('{_tensor(value, want)}') in function @main",
                "scale-conflict",
                node=value.op.nodes[-1] if value.op is not None and value.op.nodes else None,
                array=value.name,
                reason=f"The output {value.name} has two FakeQuants of different ranges in a row.",
            )


def _tensor(value: Value, element: str) -> str:
    sizes = "".join(f"{'?' if size is None else size}x" for size in value.shape or ())
    return f"tensor<{sizes}{element}>"
