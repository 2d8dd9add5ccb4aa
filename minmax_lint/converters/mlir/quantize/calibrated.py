"""Quantization with calibrated ranges: the float model is finished, calibrated, and quantized by the same passes.

Source: quantize_model.cc (tensorflow/compiler/mlir/lite/quantization/lite). That OptimizePass follows is measured: a
sum of two reshapes of what has a FakeQuant is moved in front of them, and aborts (2.12 to 2.21).
"""

from minmax_lint.converters.mlir.ir import QUANTIZE, Function
from minmax_lint.converters.mlir.optimize.passes import AFTER_QUANTIZATION, optimize
from minmax_lint.converters.mlir.quantize.optimize_op_order import optimize_op_order
from minmax_lint.converters.mlir.quantize.post_quantize import fold_trivial_requantize_op, remove_pairs
from minmax_lint.converters.mlir.quantize.quantization_config import QuantizationSpecs
from minmax_lint.converters.mlir.quantize.quantization_driver import Driver
from minmax_lint.converters.mlir.quantize.quantize_patterns import quantize
from minmax_lint.converters.mlir.quantize.statistics import (
    calibrated_values,
    convert_stats_to_qdq,
    remove_redundant_stats,
)
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.verify.verifiers import check
from minmax_lint.converters.mlir.version import Version


def quantize_calibrated(function: Function, version: Version, specs: QuantizationSpecs) -> None:
    """Quantize the finished float model in place. Raises ConversionError where a check fails, or Nondeterministic."""
    convert_stats_to_qdq(function, remove_redundant_stats(calibrated_values(function), version))
    deny(function, specs)
    specs = QuantizationSpecs(signed=True, unread_integer=specs.unread_integer)
    Driver(function, version, specs).run()
    quantize(function, version, specs)
    check(function, version, signed=True)
    Rewriter(function, {QUANTIZE: (fold_trivial_requantize_op,)}, version).run()
    remove_pairs(function, version)
    optimize_op_order(function, version)
    optimize(function, AFTER_QUANTIZATION, version)
    function.sweep()
    check(function, version, signed=True)


def deny(function: Function, specs: QuantizationSpecs) -> None:
    """Leave the ops float that QuantizationDebugger is told to.

    Only TFLite's own names of ops count, and names of arrays as a whole. An op of one scale between integers moves in
    front of the pair around it afterwards, and is integer all the same (2.15.1 and 2.21.0 measured).
    """
    for op in function:
        if op.name in specs.denied_ops or (op.results and op.result.name in specs.denied_nodes):
            op.attrs["stays_float"] = op.attrs["denied"] = True
