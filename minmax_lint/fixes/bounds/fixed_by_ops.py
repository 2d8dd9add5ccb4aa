"""Ranges that ops fix or hand on: a FakeQuant behind such an op must not contradict them.

A kernel that copies bytes, or picks among them, writes them in the scale of its input; a result whose scale is fixed
is written in that scale, whatever range stands behind it. TOCO takes the range of a FakeQuant there all the same, and
reads the bytes in another scale: three calibrated top_k heads were off by 155 to 216 of 255 steps.

Source: tensorflow/lite/toco/graph_transformations/quantize.cc (fixed outputs) and tensorflow/lite/kernels (topk_v2.cc,
gather.cc and the others copy; they have no scales).
"""

from collections.abc import Mapping

from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED, legalized_to
from minmax_lint.converters.mlir.tables import FIXED
from minmax_lint.graph.fakequant import Range
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge, parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.trace import Kept
from minmax_lint.ops.table import WITHIN_INPUT, row


def _range(builtin: str) -> Range:
    scale, zero_point = FIXED[builtin]
    return Range(-zero_point * scale, (255 - zero_point) * scale)


FIXED_BY_OPS: Mapping[str, Range] = {op: _range(LEGALIZED[op]) for op in legalized_to(FIXED)}
"""TensorFlow op -> the range of its quantized result: scale and zero point that no range changes."""

COPYING = WITHIN_INPUT - {"Mean"}
"""Ops whose kernels write the bytes of their data, or bytes between them, without a change of scale."""


def fixed_range(graph: Graph, node: Node) -> Range | None:
    """The range of the quantized result of an op that fixes it; None for other ops."""
    return _range("L2_NORMALIZATION") if _is_l2_normalization(graph, node) else FIXED_BY_OPS.get(node.op)


def origin_of(kept: Kept, array: str) -> str:
    """The array whose bytes `array` holds: through copying ops to the front."""
    edge = parse_edge(array)
    while edge.node in kept and not kept.is_cut(edge.node):
        node = kept.graph[edge.node]
        if node.op not in COPYING or not node.inputs or (node.op in ("TopK", "TopKV2") and edge.port):
            break
        edge = node.inputs[row(node.op).data][0]
    return edge.array


def _is_l2_normalization(graph: Graph, node: Node) -> bool:
    """X * rsqrt(sum(x * x)), with or without a least value: what tf.nn.l2_normalize makes."""
    if node.op != "Mul" or len(node.inputs) != 2:
        return False
    return any(_is_norm(graph, scale, data) for data, scale in (node.inputs, tuple(reversed(node.inputs))))


def _is_norm(graph: Graph, scale: Edge, data: Edge) -> bool:
    wanted = ("Rsqrt", "Maximum", "Sum", "Square")
    for op in wanted:
        node = graph[scale.node]
        if op == "Maximum" and node.op != op:
            continue
        if node.op != op or not node.inputs:
            return False
        scale = node.inputs[0]
    return scale == data
