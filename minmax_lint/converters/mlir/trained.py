"""Quantization with the ranges of FakeQuants: PrepareQuantizePass, QuantizePass, PostQuantizePass."""

from __future__ import annotations

from collections.abc import Mapping

from minmax_lint.converters.mlir.ir import DEQUANTIZE, Function
from minmax_lint.converters.mlir.quantize.post_quantize import finish
from minmax_lint.converters.mlir.quantize.prepare_quantize import (
    leave_repeated_biases,
    quantize_inputs,
    return_quantized,
)
from minmax_lint.converters.mlir.quantize.quantization_driver import Driver
from minmax_lint.converters.mlir.quantize.quantize_patterns import quantize
from minmax_lint.converters.mlir.verify.verifiers import check_states
from minmax_lint.converters.mlir.version import Version


def quantize_trained(
    function: Function,
    version: Version,
    stats: Mapping[str, tuple[float, float]],
    *,
    signed: bool,
    infers: bool | None = None,
    chance: bool | None = None,
) -> None:
    """Quantize the float model in place. Raises ConversionError where a check fails, Nondeterministic without `chance`.

    `signed`: int8, as in the TF2 flow, where inputs get no range of `stats`.
    """
    if not signed:
        quantize_inputs(function, stats)
    return_quantized(function)
    leave_repeated_biases(function, version)
    if infers or any(op.name == DEQUANTIZE for op in function):
        Driver(function, version, signed=signed, infers=infers).run()
        quantize(function, version, chance)
    check_states(function)
    finish(function, version, signed=signed)
