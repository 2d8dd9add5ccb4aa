"""Calibrated ranges: where they stand, which of them are redundant, and the pairs that they become.

Source: the flatbuffer importer (a StatisticsOp on every tensor that the calibration recorded),
RemoveRedundantStatsOps and ConvertStatsToQDQs (quantization_utils.cc, quantization_utils.h).
"""

from minmax_lint.converters.mlir.fake_quant_support import CalibratedScale
from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.qdq import quantize_behind
from minmax_lint.converters.mlir.tables import FIXED
from minmax_lint.converters.mlir.version import Version


def calibrated_values(function: Function) -> list[Value]:
    """Every float value that the calibration records; constants are not recorded."""
    made = (op for op in function if op.name not in (CONST, QUANTIZE, DEQUANTIZE))
    results = (result for op in made for result in op.results)
    return [value for value in (*function.arguments, *results) if value.real]


def remove_redundant_stats(values: list[Value], version: Version) -> list[Value]:
    """The values that keep their range: around operations of one scale a single range is left.

    Forward, a range passes through operations of one scale with one float operand; an operation of fixed output
    range needs none. Backward, what an operation of one scale reads takes the range of its result. What nothing reads
    but through a FakeQuant has the FakeQuant's.
    """
    values = [
        value for value in values if not (value.users and all(user.name == QUANTIZE for user in value.users))
    ]
    redundant: set[Value] = set()
    calibrated = set(values)
    work = list(values)
    seen: set[Value] = set()
    while work:
        value = work.pop()
        if value.op is not None and value.op.name in FIXED:
            redundant.add(value)
        if value in seen:
            continue
        seen.add(value)
        for user in value.users:
            if user.name in version.same_scale and not prefers_result_scale(user):
                following = [result for result in user.results if result in calibrated]
                redundant.update(following)
                work += following
    work = [value for value in values if value not in redundant]
    seen.clear()
    while work:
        value = work.pop()
        if value in seen or value.op is None or value.op.name not in version.same_scale:
            continue
        seen.add(value)
        preceding = [operand for operand in value.op.operands if operand in calibrated]
        redundant.update(preceding)
        work += preceding
    return [value for value in values if value not in redundant]


def prefers_result_scale(op: Operation) -> bool:
    """PreferResultScale: whether several float operands make the result's range the one that counts."""
    return sum(operand.real for operand in op.operands) > 1


def convert_stats_to_qdq(function: Function, values: list[Value]) -> None:
    """A quantize/dequantize pair behind each value. Its scale is its own: known is only that scales differ.

    FakeQuants read the value itself: of one that has other readers as well they make another range.
    """
    for place, value in enumerate(values):
        trained = [(op, slot) for op, slot in value.uses if op.name == QUANTIZE]
        nodes = value.op.nodes if value.op is not None else (value.name,)
        scale = CalibratedScale(1.0 + place / 1024, 0)
        # Readers are met as before (measured).
        quantize_behind(function, value, scale, nodes, in_order=True, volatile=True)
        for op, slot in trained:
            op.set_operand(slot, value)
