"""Ops that share one scale in MLIR, and the FakeQuants around them that disagree: what the repair `unify` can unite."""

from collections.abc import Iterator

from minmax_lint.converters.mlir import tables
from minmax_lint.converters.mlir.legalize.legalize_patterns import legalized_to
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FakeQuant, is_fake_quant, read_fake_quant
from minmax_lint.graph.graph import Graph, reached
from minmax_lint.graph.node import Node
from minmax_lint.inference.equal_nodes import equal_nodes
from minmax_lint.inference.inference import Inference
from minmax_lint.ops.table import IDENTITIES, SAME_VALUES, row
from minmax_lint.rules.framework.replaceable import scalar_operand

SAME_SCALE = IDENTITIES | legalized_to(tables.SAME_SCALE | tables.SAME_SCALE_SINCE.keys())
"""Ops whose real-valued operands and results share one scale in some MLIR (SameOperandsAndResultsScale, tfl_ops.td)."""
_NEUTRAL = {"Add": 0.0, "AddV2": 0.0, "BiasAdd": 0.0, "Mul": 1.0, "Sub": 0.0}
"""Op -> the constant with which it does nothing: MLIR folds it away, and two FakeQuants follow each other."""


def shared_scale(inference: Inference, start: str) -> frozenset[str]:
    """The FakeQuants and same-scale ops that are joined with node `start` by real-valued arrays."""
    kept = inference.kept
    group = {start, *equal_nodes(inference, start)}
    return frozenset(reached(group, lambda name: _joined_arrays(inference, kept.graph[name], start)))


def disagreeing(inference: Inference, group: frozenset[str]) -> tuple[FakeQuant, ...]:
    """The FakeQuants of a group, where their grids differ; none where a range is not known, or for each channel."""
    kept = inference.kept.graph
    quants = [read_fake_quant(kept, kept[name]) for name in sorted(group) if is_fake_quant(kept.op(name))]
    known = all(found.range is not None and found.range.finite and not found.per_channel for found in quants)
    grids = {(found.range, found.num_bits, found.narrow_range) for found in quants}
    return tuple(quants) if known and len(grids) > 1 else ()


def reads_raw_input(inference: Inference, group: frozenset[str]) -> bool:
    """Whether an op of a group reads an input of the model raw, or one that others read raw.

    Such an input has a range of its own, of `quantized_input_stats` or of calibration, and no FakeQuant changes that.
    """
    kept = inference.kept
    read = {edge for name in group if not kept.is_cut(name) for edge in kept.graph[name].inputs}
    inputs = {edge.array for edge in read if edge.node in kept and kept.is_cut(edge.node)}
    return any(
        inference.dtype(array) is DType.FLOAT
        and not all(is_fake_quant(kept.graph.op(use.node)) for use in kept.uses(array))
        for array in inputs
    )


def _joined_arrays(inference: Inference, node: Node, start: str) -> Iterator[str]:
    """The neighbours in front of and behind a FakeQuant or a same-scale op; others only end a group.

    MLIR moves the op `start` in front of a reshape that it reads, or fuses an activation into a pooling, and then gives
    both one scale.
    """
    kept = inference.kept
    for slot, edge in enumerate(node.inputs):
        if edge.node not in kept or kept.is_cut(edge.node) or kept.is_cut(node.name):
            continue
        reads = _carries(inference, node.name) and (not is_fake_quant(node.op) or slot == 0)
        moved = node.name == start and _behind_same_scale(kept.graph, edge.node)
        carried = reads and _carries(inference, edge.node)
        if (moved or carried) and inference.dtype(edge.array) is DType.FLOAT:
            yield edge.node
    for port in range(max(1, node.integer(row(node.op).pieces, 1))):
        yield from (use.node for use in kept.uses(node.output(port)) if _carries(inference, use.node))


def _behind_same_scale(graph: Graph, name: str) -> bool:
    while is_fake_quant(graph.op(name)):
        name = graph[name].inputs[0].node
    return graph.op(name) in SAME_VALUES | SAME_SCALE


def _carries(inference: Inference, name: str) -> bool:
    node = inference.kept.graph[name]
    if node.op in SAME_SCALE or is_fake_quant(node.op):
        return True
    return node.op in _NEUTRAL and scalar_operand(inference, node, 1) == _NEUTRAL[node.op]
