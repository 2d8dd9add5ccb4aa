"""OptimizeOpOrderPass: what makes an array smaller stands in front of the dequantize, and so becomes integer.

Source: optimize_op_order.cc. The driver gives an argument the scale that one reader asks for after it has visited
another; that reader then has no scale for its result, and this pass makes it integer all the same.
"""

from math import prod

from minmax_lint.converters.mlir.ir import DEQUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.version import Version


def push_down_dequantize(rewriter: Rewriter, op: Operation) -> bool:
    """PushDownDequantize: DEQUANTIZE -> SLICE becomes SLICE -> DEQUANTIZE; only calibrated models reach it.

    SLICE stands for every operation of one scale with one result that has fewer elements.
    """
    reader = op.result.only_user
    if reader is None or reader.name not in rewriter.version.same_scale or len(reader.results) != 1:
        return False
    stored, result = op.operands[0], reader.result
    fewer = _elements(result) < _elements(op.result)
    if stored.scale is None or not fewer or result.scale is not None:
        return False
    reader.set_operand(reader.operands.index(op.result), stored)
    result.scale = stored.scale
    dequantize = Operation(DEQUANTIZE, (), reader.nodes)
    rewriter.function.insert_after(reader, dequantize)
    result.replace_uses(dequantize.add_result(result.name, result.dtype, result.shape))
    dequantize.add_operand(result)
    rewriter.erase(op)
    rewriter.visit([dequantize])
    return True


def optimize_op_order(function: Function, version: Version) -> None:
    """Push every dequantize down as far as it goes."""
    Rewriter(function, {DEQUANTIZE: (push_down_dequantize,)}, version).run()


def _elements(value: Value) -> float:
    """How many elements it has, an open dimension counted as 1; of an unknown rank endlessly many."""
    return float("inf") if value.shape is None else prod(1 if size is None else size for size in value.shape)
