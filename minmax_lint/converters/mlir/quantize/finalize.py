"""From the scales that the driver found to quantize/dequantize pairs (quantization_driver.cc, Finalize)."""

from dataclasses import dataclass, field

from minmax_lint.converters.mlir.fake_quant_support import Scale
from minmax_lint.converters.mlir.ir import DEQUANTIZE, QUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.matchers import only_quantize
from minmax_lint.converters.mlir.qdq import quantize_behind
from minmax_lint.graph.dtype import DType

Slot = tuple[Operation, int]


@dataclass
class State:
    """What is known about a value's scale."""

    scale: Scale | None
    immutable: bool


@dataclass
class Rescale:
    """A value that has one scale and is wanted with another."""

    scale: Scale
    on_input: bool
    users: list[Slot] = field(default_factory=list)


def materialize(function: Function, value: Value, state: State, rescales: list[Rescale]) -> None:
    """Put in the pairs that give `value` the scale of its state, and those that rescale it for some readers."""
    if state.scale is None or (state.immutable and not rescales):
        return
    if not state.immutable and value.dtype is DType.FLOAT:
        quantize_behind(function, value, state.scale, volatile=True, inserted=True)
    if rescales:
        _rescale(function, value, rescales)


def _rescale(function: Function, value: Value, rescales: list[Rescale]) -> None:
    on_input = rescales[0].on_input
    if value.op is None:
        quantize = only_quantize(value)
        place = quantize.result if quantize is not None else value
    elif any(rescale.on_input is not on_input for rescale in rescales):
        return
    else:
        user = value.users[0] if value.use_count else None
        inside = not on_input and user is not None and user.name == QUANTIZE
        place = user.result if inside and user is not None else value
    if on_input:
        if place.scale is None:
            again = _requantize(function, place, rescales[0].scale)
            place.replace_uses(again.result, keep=again)
        return
    reader = place.only_user
    if reader is None or reader.name != DEQUANTIZE:
        return
    clobber = reader.result.use_count <= len(rescales)
    for rescale in rescales:
        again = _requantize(function, place, rescale.scale)
        if clobber:
            reader.set_operand(0, again.result)
            clobber = False
            continue
        dequantize = function.insert_after(again, Operation(DEQUANTIZE, [again.result]))
        restored = dequantize.add_result(value.name, DType.FLOAT, value.shape)
        for op, slot in rescale.users:
            op.set_operand(slot, restored)


def _requantize(function: Function, place: Value, scale: Scale) -> Operation:
    again = function.insert_behind(place, Operation(QUANTIZE, [place], inserted=True))
    again.add_result(place.name, DType.FLOAT, place.shape, scale)
    return again
