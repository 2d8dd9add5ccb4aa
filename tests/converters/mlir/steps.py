"""The patterns and steps of the quantization, which have examples as those of the optimization have."""

from minmax_lint.converters.mlir.pattern import Pattern
from minmax_lint.converters.mlir.quantize import (
    post_quantize,
    prepare_quantize,
    quantization_driver,
    quantize_patterns,
)

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
    quantize_patterns.fold_tensorflow_op,
    post_quantize.fold_trivial_requantize_op,
    post_quantize.remove_quantization_adaptor_ops,
    post_quantize.remove_volatile_ops,
)
"""In the order in which they come first."""
