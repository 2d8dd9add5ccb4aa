"""From the kept subgraph to the optimized TFLite function, in front of all quantization (tf_tfl_passes.cc)."""

from minmax_lint.converters.mlir.cse import merge_operations
from minmax_lint.converters.mlir.ir import DEQUANTIZE, Function
from minmax_lint.converters.mlir.legalize.explicit_broadcasting import apply_explicit_broadcasting
from minmax_lint.converters.mlir.legalize.fake_quant_utils import quantize_results
from minmax_lint.converters.mlir.legalize.flex_ops import verify_tfl_runtime_constraints
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.rules import RULES_BY_OP
from minmax_lint.converters.mlir.optimize.passes import BEFORE_QUANTIZATION, optimize
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference

_PREPARED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"})
"""Operations that PrepareTFPass makes, in front of LegalizeTFPass."""


def float_model(kept: Kept, inference: Inference, version: Version) -> Function:
    """The function of TFLite operations; ranges of FakeQuants stand in it as quantize/dequantize pairs.

    Raises ConversionError or Unmodeled.
    """
    function = Importer(kept, inference, version, RULES_BY_OP).run()
    apply_explicit_broadcasting(function, version)
    verify_tfl_runtime_constraints(function, version)
    quantize_results(function, version)
    _turn_uses(function)
    optimize(function, BEFORE_QUANTIZATION, version)
    merge_operations(function)
    return function


def _turn_uses(function: Function) -> None:
    """What reads a dequantize is met in its order, what PrepareTFPass makes first.

    That pass replaces each FakeQuant, which turns the order of its uses, and LegalizeTFPass makes the other operations
    anew. What OptimizePass makes later is met before all of them (measured with TF 2.21).
    """
    for op in function:
        if op.name == DEQUANTIZE:
            uses = op.result.uses[::-1]
            op.result.order_uses(sorted(uses, key=lambda use: use[0].name not in _PREPARED))
