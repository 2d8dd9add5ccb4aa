"""Patterns of ops that a converter fuses, or fails to: activations and batch normalizations."""

import re
from collections.abc import Iterable

from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.graph.node import Node
from minmax_lint.ops.table import BATCH_NORMS
from minmax_lint.rules.framework.coverage import Coverage

LINEAR = frozenset(
    {
        "Add",
        "AddV2",
        "BatchMatMul",
        "BatchMatMulV2",
        "BiasAdd",
        "Conv2D",
        "Conv2DBackpropInput",
        "DepthwiseConv2dNative",
        "MatMul",
        "Mul",
        "Sub",
    }
)
"""Ops into which converters fuse an activation."""

ACTIVATIONS = frozenset({"Maximum", "Minimum", "Relu", "Relu6"})
"""Activations that converters fuse; Minimum and Maximum are the halves of a clip."""

BACKWARD = re.compile(r"(^|/)gradients(_\d+)?/")
"""In the names of nodes of the backward pass (tf.gradients)."""

PRODUCTS = frozenset({"Div", "Mul", "RealDiv"})
SCALINGS = BATCH_NORMS | PRODUCTS
"""Ops that converters multiply into the weights in front of them."""


def is_batch_norm(coverage: Coverage, node: Node) -> bool:
    """FusedBatchNorm, or the scale or the shift of an unfused one: Mul, then Add, by constant vectors."""
    if node.op in BATCH_NORMS:
        return True
    graph = coverage.graph
    if node.op == "Mul" and _by_vector(coverage, node):
        return any(
            graph.op(use.node) in ("Add", "AddV2", "Sub") and _by_vector(coverage, graph[use.node])
            for use in coverage.kept.uses(node.name)
        )
    if node.op in ("Add", "AddV2") and _by_vector(coverage, node):
        source = graph[coverage.value_edge(node).node]
        return source.op == "Mul" and _by_vector(coverage, source)
    return False


def _by_vector(coverage: Coverage, node: Node) -> bool:
    inference = coverage.inference
    return any(
        edge.node in coverage.from_constants and len(inference.shape(edge.array) or ()) == 1
        for edge in node.inputs[:2]
    )


def batch_norm_at(coverage: Coverage, array: str, nodes: Iterable[str]) -> str | None:
    """The batch normalization among `nodes`, or that reads `array`: its FusedBatchNorm, or its Mul."""
    graph = coverage.graph
    around = [graph[node] for node in nodes if node in graph]
    around += [graph[use.node] for use in coverage.kept.uses(array)]
    for found in around:
        if is_batch_norm(coverage, found):
            return coverage.value_edge(found).node if found.op in ("Add", "AddV2") else found.name
    return None


def scaling_in(coverage: Coverage, nodes: Iterable[str]) -> str | None:
    """The op among `nodes` that scales what a linear op gives by a constant."""
    for name in nodes:
        if name in coverage.graph and coverage.graph.op(name) in SCALINGS:
            inputs = coverage.graph[name].inputs
            if any(edge.node in coverage.from_constants for edge in inputs):
                return name
    return None


def is_split_activation(coverage: Coverage, node: Node | None) -> bool:
    """Whether a FakeQuant stands between a linear op and this activation of it."""
    if node is None or node.op not in ACTIVATIONS or not node.inputs or coverage.kept.is_cut(node.name):
        return False
    before = coverage.graph[coverage.value_edge(node).node]
    if not is_fake_quant(before.op) or not before.inputs:
        return False
    return coverage.op(before.inputs[0].node) in LINEAR | ACTIVATIONS
