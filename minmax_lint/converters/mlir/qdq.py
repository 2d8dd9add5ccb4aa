"""Pairs of a quantize and a dequantize (QDQs, in TensorFlow's words): how a range stands in a float function."""

from collections.abc import Iterable
from typing import Any

from minmax_lint.converters.mlir.fake_quant_support import Scale
from minmax_lint.converters.mlir.ir import DEQUANTIZE, QUANTIZE, Function, Operation, Value


def quantize_behind(
    function: Function,
    value: Value,
    scale: Scale | None,
    nodes: Iterable[str] = (),
    *,
    place: Operation | None = None,
    in_order: bool = False,
    **attrs: Any,
) -> None:
    """Let all that reads `value` read it through a pair, which stands right behind it or behind `place`.

    `in_order`: whether readers are met in the order of before. `attrs`: those of the quantize.
    """
    quantize = Operation(QUANTIZE, (), nodes, **attrs)
    if place is None:
        function.insert_behind(value, quantize)
    else:
        function.insert_after(place, quantize)
    stored = quantize.add_result(value.name, value.dtype, value.shape, scale)
    dequantize = function.insert_after(quantize, Operation(DEQUANTIZE, [stored], quantize.nodes))
    restored = dequantize.add_result(value.name, value.dtype, value.shape)
    value.replace_uses(restored, in_order=in_order)
    quantize.add_operand(value)
