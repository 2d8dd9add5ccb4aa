"""QuantizeModel of the legacy quantizer: operator by operator, in place, without any propagation of scales.

Source: quantize_model.cc. A tensor is quantized where the first operator that can asks for it, so that what else
reads it then reads integers; an operator without integer form dequantizes what it reads.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from minmax_lint.converters.mlir.bounds import Bounds
from minmax_lint.converters.mlir.failure import ConversionError
from minmax_lint.converters.mlir.fake_quant_support import BIAS, Scale
from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.legacy.operator_property import PROPERTIES, OperatorProperty
from minmax_lint.converters.mlir.matchers import constant_tensor, is_constant
from minmax_lint.converters.mlir.version import Version

_REFUSES_COMPUTED_FILTERS = Bounds(until=(2, 16))
"""A convolution whose filter is no constant ends the conversion (2.15 to 2.21 measured)."""
WEIGHTS = Scale(1.0, 0, 8)


@dataclass(frozen=True)
class LegacyCall:
    """How the legacy quantizer is called."""

    bits: int = 16
    """Of activations: 8 or 16."""
    allow_float: bool = True
    """Whether operators without integer form may stay float."""
    input_type: str = ""
    """The integer type of the model's inputs, `int16`; empty where they stay float."""
    output_type: str = ""

    @property
    def activation(self) -> Scale:
        """Any scale of an activation: ranges are not known."""
        return Scale(1.0, 0, self.bits)

    @property
    def title(self) -> str:
        """For people."""
        return "quantizer for 16x8" if self.bits == 16 else "old quantizer"


def quantize_model(function: Function, version: Version, call: LegacyCall) -> None:
    """Quantize the float model in place.

    Raises ConversionError for a tensor that needs a range and has none, for a computed filter, for an end that stays
    float where the call asks for an integer and, unless `allow_float`, for operators without integer form.
    """
    if all(op.name == CONST for op in function):
        return
    ops = [op for op in function if op.name != CONST and is_real(op, version, call)]
    fill_quantization_params(function, ops, version)
    refused = []
    for op in ops:
        found = property_of(op, version, call)
        if found is None:
            refused += [op] if op.name != QUANTIZE else []
            _dequantize_inputs(function, op)
        else:
            _check_filter(op, version, call)
            _quantize_inputs(function, op, found, call.activation)
            _quantize_outputs(op, found, call.activation)
    if refused and not call.allow_float:
        raise _unsupported(refused, call)
    for op in ops:
        found = property_of(op, version, call)
        if found is not None and found.bias is not None and found.bias < len(op.operands):
            bias = op.operands[found.bias]
            if bias.real and is_constant(bias):
                bias.scale = BIAS
    _set_input_and_output_types(function, call)


def property_of(op: Operation, version: Version, call: LegacyCall) -> OperatorProperty | None:
    """Its property; None where it has no form with activations of so many bits."""
    found = PROPERTIES.get(op.name)
    known = found is not None and (found.sixteen_bits or call.bits == 8) and version.since(found.since)
    return found if known else None


def is_real(op: Operation, version: Version, call: LegacyCall) -> bool:
    """PopulateRealValueOpSet: whether the quantizer looks at it at all. What it cannot quantize, it looks at."""
    found = property_of(op, version, call)
    if found is None:
        return True
    looked_at = [op.operands[slot] for slot in found.inputs if slot < len(op.operands)]
    looked_at += [op.results[slot] for slot in found.outputs]
    looked_at += op.operands[:1] if found.arbitrary_inputs else []
    looked_at += op.results[:1] if found.arbitrary_outputs else []
    return any(value.real for value in looked_at)


def fill_quantization_params(function: Function, ops: Iterable[Operation], version: Version) -> None:
    """Raises ConversionError at the first tensor without a calibrated range: integers, and what is quantized already.

    It asks for the operands of operators that the quantizer knows in 8 bits, even where it then leaves them float.
    """
    for op in ops:
        found = PROPERTIES.get(op.name)
        known = found is not None and version.since(found.since)
        for slot in found.inputs if found is not None and known else ():
            value = op.operands[slot] if slot < len(op.operands) else None
            if value is None or is_constant(value):
                continue
            if not value.real:
                raise _without_range(op, value, exported_name(function, value))


def _check_filter(op: Operation, version: Version, call: LegacyCall) -> None:
    """Raises ConversionError for a filter without a range for each channel."""
    if op.name not in ("CONV_2D", "DEPTHWISE_CONV_2D") or is_constant(op.operands[1]):
        return
    if version.has(_REFUSES_COMPUTED_FILTERS):
        array = op.operands[1].name
        message = "Mismatch between number of weight maxs and channels: 1 vs several"
        reason = f"{op.name} has a computed filter, {array}: the {call.title} needs a constant."
        raise ConversionError.at(op, "other", message, reason=reason, array=array)


def _quantize_inputs(function: Function, op: Operation, found: OperatorProperty, activation: Scale) -> None:
    for slot in range(len(op.operands)) if found.arbitrary_inputs else found.inputs:
        value = op.operands[slot] if slot < len(op.operands) else None
        if value is None or not value.real:
            continue
        if is_constant(value):
            value.scale = activation if found.constants_as_activations else WEIGHTS
        elif value.op is None:
            value.scale = activation
        else:
            quantize = function.insert_before(op, Operation(QUANTIZE, [value], op.nodes))
            op.set_operand(slot, quantize.add_result(value.name, value.dtype, value.shape, activation))


def _quantize_outputs(op: Operation, found: OperatorProperty, activation: Scale) -> None:
    for result in op.results if found.arbitrary_outputs else [op.results[slot] for slot in found.outputs]:
        if result.real:
            result.scale = activation


def _dequantize_inputs(function: Function, op: Operation) -> None:
    for slot, value in enumerate(op.operands):
        if value.scale is not None:
            dequantize = function.insert_before(op, Operation(DEQUANTIZE, [value], op.nodes))
            op.set_operand(slot, dequantize.add_result(value.name, value.dtype, value.shape))


def _set_input_and_output_types(function: Function, call: LegacyCall) -> None:
    """Float ends get an operator in between. Raises ConversionError where an end is float and has to be an integer."""
    for place, value in enumerate(function.arguments if call.input_type else ()):
        if value.real and not any(op.name == QUANTIZE for op, _ in value.uses):
            raise _float_end("input", value, str(place), call.input_type)
    for value in function.returned.operands if call.output_type else ():
        if value.real:
            raise _float_end("output", value, f"'{value.name}'", call.output_type)
    for place, argument in enumerate(list(function.arguments)):
        if argument.scale is None:
            continue
        outer = Value(argument.name, argument.dtype, argument.shape)
        quantize = function.insert_first(Operation(QUANTIZE, [outer], (argument.name,)))
        argument.replace_uses(
            quantize.add_result(argument.name, argument.dtype, argument.shape, argument.scale)
        )
        function.arguments[place] = outer
    for slot, value in enumerate(list(function.returned.operands)):
        if value.scale is not None:
            dequantize = function.append(Operation(DEQUANTIZE, [value], value.op.nodes if value.op else ()))
            function.returned.set_operand(slot, dequantize.add_result(value.name, value.dtype, value.shape))


def _float_end(end: str, value: Value, title: str, kind: str) -> ConversionError:
    message = f"Unsupported {end} type {kind.upper()} for {end} tensor {title} of type FLOAT32."
    reason = f"the {end} {value.name} stays float, and the call asks for {kind} there."
    return ConversionError("other", message, array=value.name, reason=reason)


def exported_name(function: Function, value: Value) -> str:
    """The tensor's name in the float model: arrays of one name are numbered as they are made (GetUniqueName).

    A constant that equals another has lost its name when they were merged (measured with 2.15, 2.18 and 2.21).
    """
    made = [result for op in function for result in op.results]
    before = made[: made.index(value)] if value in made else []
    alike = [one for one in before if one.name == value.name]
    count = sum(not _is_merged(one, made) for one in alike)
    return f"{value.name}{count or ''}"


def _is_merged(value: Value, made: Iterable[Value]) -> bool:
    content = _content(value)
    return content is not None and any(one is not value and _content(one) == content for one in made)


def _content(value: Value) -> object:
    """What a constant holds; None where it is none, or nothing is known. That of a RESHAPE is its shape."""
    if not is_constant(value):
        return None
    shaped = [op.result.shape for op, slot in value.uses if op.name == "RESHAPE" and slot == 1]
    tensor = constant_tensor(value)
    return shaped[0] if shaped else None if tensor is None else (tensor.dtype, tensor.shape, tensor.leading())


def _without_range(op: Operation, value: Value, name: str) -> ConversionError:
    message = (
        "Max and min for dynamic tensors should be recorded during calibration: Failed for tensor "
        f"{name}\nEmpty min/max for tensor {name}"
    )
    reason = f"{op.name} needs a range of {value.name}, which holds integers: the calibration records none."
    return ConversionError.at(op, "minmax", message, "no-range", reason=reason, array=name)


def _unsupported(found: Sequence[Operation], call: LegacyCall) -> ConversionError:
    to = " to 16x8-bit" if call.bits == 16 else ""
    lines = [f"Quantization{to} not yet supported for op: '{op.name}'." for op in found]
    reason = f"{found[0].name} has no form with activations of {call.bits} bits."
    return ConversionError.at(found[0], "unsupported-op", "\n".join(lines), "no-kernel", reason=reason)
