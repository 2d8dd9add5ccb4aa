"""Quantization with the ranges of FakeQuants: PrepareQuantizePass, QuantizePass, PostQuantizePass."""

from minmax_lint.converters.mlir.ir import DEQUANTIZE, Function
from minmax_lint.converters.mlir.pattern import Pattern
from minmax_lint.converters.mlir.quantize import (
    post_quantize,
    prepare_quantize,
    quantization_driver,
    quantize_patterns,
)
from minmax_lint.converters.mlir.quantize.quantization_config import QuantizationSpecs
from minmax_lint.converters.mlir.quantize.quantization_driver import Driver
from minmax_lint.converters.mlir.verify.verifiers import check_states
from minmax_lint.converters.mlir.version import Version

STEPS: tuple[Pattern[..., object], ...] = (
    prepare_quantize.quantize_inputs,
    quantization_driver.set_constant_result_params,
    quantization_driver.get_quant_params_for_same_scale_constraint,
    quantization_driver.get_fixed_output_range,
    quantization_driver.get_bias_params,
    quantize_patterns.squash_dequantize_quantize,
    quantize_patterns.tfl_full_quantization_reverse,
    quantize_patterns.tfl_full_quantization,
    quantize_patterns.restore_constant,
    post_quantize.fold_trivial_requantize_op,
    post_quantize.remove_quantization_adaptor_ops,
    post_quantize.remove_volatile_ops,
)
"""The patterns and steps of the quantization, in the order in which they come first."""


def quantize_trained(function: Function, version: Version, specs: QuantizationSpecs) -> None:
    """Quantize the float model in place. Raises ConversionError where a check fails, or Nondeterministic."""
    if not specs.signed:
        prepare_quantize.quantize_inputs(function)
    prepare_quantize.return_quantized(function)
    prepare_quantize.leave_repeated_biases(function, version)
    if specs.infer_tensor_range or any(op.name == DEQUANTIZE for op in function):
        Driver(function, version, specs).run()
        quantize_patterns.quantize(function, version, specs)
    check_states(function)
    post_quantize.finish(function, version, signed=specs.signed)
