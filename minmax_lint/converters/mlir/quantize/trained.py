"""Quantization with the ranges of FakeQuants: PrepareQuantizePass, QuantizePass, PostQuantizePass."""

from minmax_lint.converters.mlir.ir import DEQUANTIZE, Function
from minmax_lint.converters.mlir.quantize import post_quantize, prepare_quantize, quantize_patterns
from minmax_lint.converters.mlir.quantize.quantization_config import QuantizationSpecs
from minmax_lint.converters.mlir.quantize.quantization_driver import FIXED_SIXTEEN, Driver
from minmax_lint.converters.mlir.verify.verifiers import check_states
from minmax_lint.converters.mlir.version import Version


def quantize_trained(function: Function, version: Version, specs: QuantizationSpecs) -> None:
    """Quantize the float model in place. Raises ConversionError where a check fails, or Nondeterministic."""
    if specs.activation_bits == FIXED_SIXTEEN.bits and prepare_quantize.lacks_input_ranges(function):
        quantize_patterns.quantize(function, version, specs)
        post_quantize.finish(function, version, signed=False)
        return
    if not specs.signed:
        prepare_quantize.quantize_inputs(function)
    prepare_quantize.return_quantized(function)
    prepare_quantize.leave_repeated_biases(function, version)
    if specs.infer_tensor_range or any(op.name == DEQUANTIZE for op in function):
        Driver(function, version, specs).run()
        quantize_patterns.quantize(function, version, specs)
    check_states(function)
    post_quantize.finish(function, version, signed=specs.signed, integer_ends=not specs.signed)
