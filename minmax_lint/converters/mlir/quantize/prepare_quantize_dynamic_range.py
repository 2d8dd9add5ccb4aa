"""PrepareDynamicRangeQuantizePass: where no range is known, large weights become int8, or all constants float16.

Source: prepare_quantize_dynamic_range.cc; measured op by op with TF 2.12 to 2.22.
"""

from collections.abc import Iterator

from minmax_lint.converters.mlir.fake_quant_support import Scale
from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, RETURN, Function, Operation, Value
from minmax_lint.converters.mlir.matchers import elements_of
from minmax_lint.converters.mlir.quantize.optimize_op_order import optimize_op_order
from minmax_lint.converters.mlir.tables import INT8_WEIGHTS
from minmax_lint.converters.mlir.version import Version
from minmax_lint.converters.prediction import Weights
from minmax_lint.graph.dtype import DType

MIN_ELEMENTS = 1024
"""Constants with fewer elements stay float (minimum_elements_for_weights)."""
PER_TENSOR = Scale(1.0, 0)
PER_CHANNEL = Scale(1.0, 0, channels=((1.0, 0),))
LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
"""Its weights are no operands here. Where one matrix of a gate is small, none becomes int8."""


def quantize_weights(function: Function, version: Version) -> None:
    """Make weights int8 in place.

    A hybrid operator reads them as they are; in front of another stands a DEQUANTIZE, which moves behind what picks
    few of them, as a lookup in a table of embeddings does.
    """
    for op in function:
        if op.name == LSTM and _has_large_gates(op):
            op.attrs["weights"] = Weights("int8", hybrid=True)
    for const in _float_constants(function):
        made: dict[tuple[bool, bool], Value] = {}
        for op, slot in const.result.uses:
            row = INT8_WEIGHTS.get(op.name)
            if row is None or slot != row.operand or (elements_of(const.result) or 0) < MIN_ELEMENTS:
                continue
            form = version.since(row.per_channel), version.since(row.hybrid)
            if form not in made:
                made[form] = _as_int8(function, const, *form)
            op.set_operand(slot, made[form])
    optimize_op_order(function, version)
    function.sweep()


def halve_constants(function: Function) -> None:
    """Store every float constant as float16 in place, with one DEQUANTIZE for all that read it."""
    for op in function:
        if op.name == LSTM:
            op.attrs["weights"] = Weights("float16")
    for const in _float_constants(function):
        readers = [(op, slot) for op, slot in const.result.uses if op.name != RETURN]
        if readers:
            stored = _store(function, const, DType.HALF, None)
            dequantized = _dequantize(function, stored, const)
            for op, slot in readers:
                op.set_operand(slot, dequantized)
    function.sweep()


def _float_constants(function: Function) -> Iterator[Operation]:
    return iter([op for op in function if op.name == CONST and op.result.real])


def weights_of(op: Operation) -> Weights | None:
    """In which form the model holds the weights of an operator; None where they are plain, or there are none."""
    own = op.attrs.get("weights")
    if isinstance(own, Weights):
        return own
    for value in op.operands:
        source = value.op
        if value.scale is not None and _is_stored(value):
            return Weights("int8", hybrid=op.result.real, per_channel=bool(value.scale.channels))
        if source is not None and source.name == DEQUANTIZE and _is_stored(source.operands[0]):
            stored = source.operands[0]
            per_channel = stored.scale is not None and bool(stored.scale.channels)
            return Weights("int8" if stored.scale else "float16", per_channel=per_channel)
    return None


def _is_stored(value: Value) -> bool:
    return value.op is not None and bool(value.op.attrs.get("stored_weights"))


def _has_large_gates(op: Operation) -> bool:
    """Whether both matrices of each gate, for the input and for the state, are large."""
    sizes = [None if value.shape is None else value.shape[-1] for value in op.operands[:2]]
    features, units = (size or 0 for size in sizes)
    return min(features, units) * units >= MIN_ELEMENTS


def _as_int8(function: Function, const: Operation, per_channel: bool, hybrid: bool) -> Value:
    stored = _store(function, const, const.result.dtype, PER_CHANNEL if per_channel else PER_TENSOR)
    return stored if hybrid else _dequantize(function, stored, const)


def _store(function: Function, const: Operation, dtype: DType, scale: Scale | None) -> Value:
    copy = function.insert_after(const, Operation(CONST, (), const.nodes, **const.attrs, stored_weights=True))
    return copy.add_result(const.result.name, dtype, const.result.shape, scale)


def _dequantize(function: Function, stored: Value, const: Operation) -> Value:
    dequantize = function.insert_behind(stored, Operation(DEQUANTIZE, [stored], const.nodes))
    return dequantize.add_result(const.result.name, const.result.dtype, const.result.shape)
