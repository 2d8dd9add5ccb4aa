"""TensorFlow ops that become something else than one operation of the same operands.

Sources: prepare_tf.cc, prepare_patterns.td, legalize_patterns.td, and the folding of TensorFlow's dialect.
"""

from __future__ import annotations

from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.canonicalize import (
    add,
    add_n,
    bound,
    broadcast,
    divide,
    hyperbolic_tangent,
    idempotent,
    logarithm,
    logical_not,
    multiply,
    negation,
    square,
    subtract,
    tile,
)
from minmax_lint.converters.mlir.legalize.einsum import batch_mat_mul, einsum
from minmax_lint.converters.mlir.legalize.fake_quant_utils import fake_quant
from minmax_lint.converters.mlir.legalize.importer import Importer, Rule
from minmax_lint.converters.mlir.legalize.prepare_tf import (
    batch_norm,
    convolution,
    mat_mul,
    transpose_convolution,
)
from minmax_lint.converters.mlir.legalize.reorder_fake_quant import pack, reshape, transpose
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.node import Node


def _concat(importer: Importer, node: Node) -> Value:
    slots = node.inputs[:-1] if node.op == "ConcatV2" else node.inputs[1:]
    operands = [importer.value(edge.array) for edge in slots]
    return operands[0] if len(operands) == 1 else importer.add("CONCATENATION", node, operands)


COMPOSED: dict[str, Rule] = {
    **dict.fromkeys(FAKE_QUANTS, fake_quant),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), batch_norm),
    **dict.fromkeys(("Conv2D", "DepthwiseConv2dNative"), convolution),
    **dict.fromkeys(("Concat", "ConcatV2"), _concat),
    **dict.fromkeys(
        ("Abs", "Ceil", "Floor", "Relu", "Relu6", "Rint", "Round", "Sign", "ZerosLike"), idempotent
    ),
    **dict.fromkeys(("Add", "AddV2", "BiasAdd", "BiasAddV1"), add),
    **dict.fromkeys(("Maximum", "Minimum"), bound),
    **dict.fromkeys(("RealDiv", "Div"), divide),
    **dict.fromkeys(("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), batch_mat_mul),
    "AddN": add_n,
    "Einsum": einsum,
    "BroadcastTo": broadcast,
    "Conv2DBackpropInput": transpose_convolution,
    "MatMul": mat_mul,
    "Log": logarithm,
    "LogicalNot": logical_not,
    "Mul": multiply,
    "Neg": negation,
    "Pack": pack,
    "Square": square,
    "Reshape": reshape,
    "SelectV2": lambda importer, node: importer.select(node, importer.inputs(node)),
    "Sub": subtract,
    "Tile": tile,
    "Tanh": hyperbolic_tangent,
    "Transpose": transpose,
}
"""TensorFlow op -> rule."""
