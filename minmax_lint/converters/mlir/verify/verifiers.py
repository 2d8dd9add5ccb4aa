"""The verifiers of operations and of the finished function: what makes the converter fail behind the quantization.

Sources: tfl_ops.td, tfl_ops.cc; the verifiers of SameScalesOpInterface and of func.return.
"""

from minmax_lint.converters.mlir.behaviours import (
    CHECKS_CHANNELS_OF_RESHAPES,
    DIVIDES_EIGHT_BITS,
    QUANTIZES_GATHER_ND,
)
from minmax_lint.converters.mlir.failure import ConversionError, spell_tensor
from minmax_lint.converters.mlir.fake_quant_support import BIAS, Scale
from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.matchers import axes_of, is_stored
from minmax_lint.converters.mlir.tables import (
    CONVOLUTIONS,
    EIGHT_BIT_WEIGHTS,
    NO_SIXTEEN_BITS,
    NO_UNSIGNED_SIXTEEN_BITS,
    ONE_WIDTH,
    ONE_WIDTH_OF_OPERANDS,
    SCALES_FIRST,
    UNSIGNED_MIXES_SCALES,
)
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape


def check(function: Function, version: Version, *, signed: bool) -> None:
    """The verifiers of all operations: raises ConversionError at the first that has types or scales it cannot have."""
    for op in function:
        if op.name in SCALES_FIRST:
            check_scales(op, signed=signed)
        check_types(op, signed=signed)
        if op.name == "DIV":
            _check_eight_bits(op, version, signed=signed)
        if op.name == "RESHAPE":
            _check_channels(op, version)
        if op.name in version.same_scale and (signed or op.name not in UNSIGNED_MIXES_SCALES):
            check_scales(op, signed=signed)


SAME_SHAPE = frozenset("GELU LEAKY_RELU LOGISTIC RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1".split())
"""Activations that patterns make of ops with broadcasting: their result has the shape of their operand."""


def check_shapes(function: Function) -> None:
    """The trait SameOperandsAndResultShape: raises ConversionError at the first activation that lacks it.

    Numbers of a larger shape than the array beside them give the result theirs, and the activation that takes the place
    of both keeps the result's type (measured on 2.15 and 2.21).
    """
    for op in function:
        if op.name in SAME_SHAPE:
            check_shape(op, f"tfl.{op.name.lower()}", op.operands[0], op.result.shape)


def check_shape(place: Operation | Node, name: str, operand: Value, shape: Shape | None) -> None:
    """The same of one activation, by MLIR's name of it."""
    if operand.shape is None or shape is None:
        return
    if len(operand.shape) == len(shape) and all(
        None in sizes or sizes[0] == sizes[1] for sizes in zip(operand.shape, shape, strict=True)
    ):
        return
    message = f"'{name}' op requires the same shape for all operands and results"
    reason = f"the numbers of {name} have a larger shape than the array: make them scalars"
    raise ConversionError.at(place, "other", message, reason=reason)


def check_trained(function: Function, version: Version, *, signed: bool) -> None:
    """What the quantization of trained ranges does and that of calibrated ones does not: raises ConversionError.

    2.21 refuses the result of EMBEDDING_LOOKUP, 2.15 its table (measured).
    """
    for op in function:
        if op.name == "EMBEDDING_LOOKUP" and op.result.scale is not None:
            types = "32-bit float or 8-bit signless integer or 8-bit unsigned integer values"
            got = spell_type(op.result.scale, signed=signed)
            raise _type_error(
                op, f"'tfl.embedding_lookup' op result #0 must be tensor of {types}, but got {got}"
            )
        slot = {"GATHER_ND": 0, "SCATTER_ND": 1}.get(op.name)
        scale = op.operands[slot].scale if slot is not None else None
        if scale is not None and (op.name == "SCATTER_ND" or not version.has(QUANTIZES_GATHER_ND)):
            got = spell_type(scale, signed=signed)
            message = (
                f"'tfl.{op.name.lower()}' op operand #{slot} must be tensor of 32-bit float, but got {got}"
            )
            raise _type_error(op, message)


def check_states(function: Function) -> None:
    """A recurrent op gets its states each by itself, which is only done with float constants.

    Raises ConversionError at the first that has become integer. One that stays float has its states in float again: the
    quantization folds constants back that float ops read. Source: split_merged_operands.cc.
    """
    for op in function:
        if op.name == "UNIDIRECTIONAL_SEQUENCE_LSTM" and any(
            value.scale is not None for value in op.operands[1:]
        ):
            raise ConversionError.at(
                op,
                "other",
                "We cannot duplicate the value since it's not constant.",
                "control-flow",
                reason=f"the LSTM layer of {op.placed} becomes one op, which is integer between these FakeQuants; "
                "its states cannot be",
            )


def check_scales(op: Operation, *, signed: bool) -> None:
    """Raises ConversionError where the scales of a same-scale operation are not the same."""
    values = [value for value in (*op.operands, *op.results) if value.scale is not None]
    for value in values[1:]:
        if value.scale != values[0].scale:
            raise _conflict(op, values[0], value, signed=signed)
    channels = op.name == "TRANSPOSE" and values and values[0].scale and values[0].scale.channels
    if channels and not _last_stays_last(op):
        raise _type_error(op, "'tfl.transpose' op has mismatched quantized axes of input and output")


def check_types(op: Operation, *, signed: bool) -> None:
    """Raises ConversionError where an operation has no form for the widths of its operands and results."""
    if op.name in (CONST, QUANTIZE, DEQUANTIZE):
        return
    read = op.operands[2:3] if op.name == "TRANSPOSE_CONV" else op.operands
    operands, results = (
        [value.scale for value in values if value.scale is not None] for values in (read, op.results)
    )
    name = op.name.lower()
    if op.name in ONE_WIDTH and operands and results and operands[0].bits != results[0].bits:
        ends = "input and output" if op.name in ("SOFTMAX", "TANH") else "x and y"
        raise _type_error(op, f"'tfl.{name}' op failed to verify that {ends} must have same element type")
    one_width = op.name in ONE_WIDTH_OF_OPERANDS or (op.name == "ADD" and not signed)
    if one_width and len({scale.bits for scale in operands}) > 1:
        raise _type_error(
            op, f"'tfl.{name}' op failed to verify that binary op operands have same element type"
        )
    if (
        op.name in NO_UNSIGNED_SIXTEEN_BITS
        and results
        and results[0].bits == 16
        and not _sixteen_bits(op, signed=signed)
    ):
        raise _type_error(op, f"'tfl.{name}' op failed to verify that Operands do not have valid shapes")
    if op.name in CONVOLUTIONS and any(scale.bits == BIAS.bits for scale in results):
        raise _type_error(op, f"'tfl.{name}' op result #0 must not be a quantized 32-bit integer")


def check_kernels(function: Function, version: Version, *, signed: bool) -> None:
    """The last verifier: raises ConversionError at the first operation that has no kernel for the width of a value."""
    for op in function:
        if op.name in (CONST, QUANTIZE, DEQUANTIZE):
            continue
        weights = op.operands[1] if op.name in CONVOLUTIONS and is_stored(op.operands[1]) else None
        for value in (*op.operands, *op.results):
            scale = value.scale
            if scale and _impossible(
                op.name, scale.bits, version, of_weights=value is weights, signed=signed
            ):
                got, name = spell_type(scale, signed=signed), op.name.lower()
                raise _type_error(
                    op, f"'tfl.{name}' op has an operand or result of type {got}, which it cannot have"
                )


def _check_eight_bits(op: Operation, version: Version, *, signed: bool) -> None:
    for kind, values in (("operand", op.operands), ("result", op.results)):
        for number, value in enumerate(values):
            if value.scale and value.scale.bits != 8 and version.has(DIVIDES_EIGHT_BITS):
                got = spell_type(value.scale, signed=signed)
                raise _type_error(
                    op, f"'tfl.{op.name.lower()}' op {kind} #{number} must be of 8 bits, but got {got}"
                )


def _check_channels(reshape: Operation, version: Version) -> None:
    source, result = reshape.operands[0].shape, reshape.result.shape
    scale = reshape.result.scale
    moved = scale and scale.channels and source and result and source[-1] != result[-1]
    if moved and version.has(CHECKS_CHANNELS_OF_RESHAPES):
        message = "'tfl.reshape' op requires 'output' type to be cast compatible with expected type"
        raise _type_error(reshape, message)


def _last_stays_last(transpose: Operation) -> bool:
    """Whether the axis of the channels, which a FakeQuant has last, is the last one of the result."""
    order = axes_of(transpose.operands[1])
    return order is not None and order[-1] == len(order) - 1


def _sixteen_bits(op: Operation, *, signed: bool) -> bool:
    """Whether a sum, difference or product can be of 16 bits; ADD does not broadcast in this width (measured)."""
    return signed and (op.name != "ADD" or op.operands[0].shape == op.operands[1].shape)


def _impossible(name: str, bits: int, version: Version, *, of_weights: bool, signed: bool) -> bool:
    if bits == 8:
        return name == "ONE_HOT"
    if bits == 4:
        return not of_weights and name not in version.four_bits
    return bits == 16 and (name in NO_SIXTEEN_BITS or (of_weights and name in EIGHT_BIT_WEIGHTS[signed]))


def _type_error(op: Operation, message: str) -> ConversionError:
    reason = f"{op.name} has no form for the width of {op.result.name} or of what it reads."
    return ConversionError.at(op, "other", message, "bad-range", reason=reason)


def check_builtins(function: Function) -> None:
    """Raises the refusal of the first operation that is no builtin: these are found when the model is written."""
    for op in function:
        refused = op.attrs.get("refused")
        if isinstance(refused, ConversionError):
            raise refused


def check_storable(function: Function) -> None:
    """2.15 cannot write unsigned types of another width than 8: raises ConversionError at the first."""
    values = [*function.arguments, *(value for op in function for value in op.results)]
    for value in values:
        if value.scale is not None and value.scale.bits in (4, 16):
            element = spell_type(value.scale, signed=False)
            raise ConversionError(
                "other",
                f"invalid TFLite type: '{spell_tensor(value.shape, element)}'",
                "bad-range",
                node=value.op.nodes[-1] if value.op is not None and value.op.nodes else None,
                array=value.name,
                reason=f"There is no unsigned type of the width of {value.name}.",
            )


def _conflict(op: Operation, first: Value, other: Value, *, signed: bool) -> ConversionError:
    pair = " vs. ".join(spell_type(value.scale, signed=signed) for value in (first, other) if value.scale)
    return ConversionError.at(
        op,
        "scale-conflict",
        f"'tfl.{op.name.lower()}' op quantization parameters violate the same scale constraint: {pair}",
        "scale-conflict",
        reason=f"{op.name} needs one range for all it reads and makes; {first.name} and {other.name} have two.",
    )


def spell_type(scale: Scale, *, signed: bool) -> str:
    """A quantized type as MLIR prints it."""
    zero_point = scale.zero_point - (1 << (scale.bits - 1) if signed else 0)
    letter = "i" if signed else "u"
    point = f":{zero_point}" if zero_point else ""
    return f"!quant.uniform<{letter}{scale.bits}:f32, {scale.scale!r}{point}>"


def check_return(function: Function, types: list[Scale | None]) -> None:
    """The TF1 flow: what is returned must still have the type that the function was given."""
    for slot, (value, wanted) in enumerate(zip(function.returned.operands, types, strict=True)):
        if value.dtype is DType.FLOAT and value.scale != wanted:
            found = spell_type(value.scale, signed=False) if value.scale else "f32"
            want = spell_type(wanted, signed=False) if wanted else "f32"
            raise ConversionError(
                "scale-conflict",
                f"type of return operand {slot} ('{spell_tensor(value.shape, found)}') doesn't match function "
                f"result type ('{spell_tensor(value.shape, want)}') in function @main",
                "scale-conflict",
                node=value.op.nodes[-1] if value.op is not None and value.op.nodes else None,
                array=value.name,
                reason=f"The output {value.name} has two FakeQuants of different ranges in a row.",
            )
