"""Unify: FakeQuants around ops that share one scale get one range."""

from collections.abc import Collection, Iterator

from minmax_lint.converters.mlir import tables
from minmax_lint.converters.mlir.legalize.legalize_patterns import legalized_to
from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.fake_quant import as_float32, with_zero
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.fixes.repairs.widen import set_range
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FakeQuant, Range, is_fake_quant, read_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.node import Node
from minmax_lint.inference.equal_nodes import equal_nodes
from minmax_lint.inference.inference import Inference
from minmax_lint.ops.table import IDENTITIES, SAME_VALUES, row

NAME = "unify"
SAME_SCALE = IDENTITIES | legalized_to(tables.SAME_SCALE)
"""Ops whose real-valued operands and results share one scale in MLIR (SameOperandsAndResultsScale, tfl_ops.td)."""


def unify(graph: Graph, inference: Inference, places: Collection[str]) -> Repair:
    """Give all FakeQuants that touch the same-scale ops around the nodes `places` the union of their ranges.

    MLIR gives all operands and results of such an op one scale; where FakeQuants disagree it fails. The union
    spreads through FakeQuants between two of the ops. Unsafe: smaller ranges are rounded more coarsely.
    Raises CannotRepair where no FakeQuants disagree, or the range of one is not known.
    """
    draft = Draft(graph)
    healed: list[str] = []
    done: set[str] = set()
    for place in places:
        if place not in inference.kept or place in done:
            continue
        group = _group(inference, place)
        done |= group
        kept = inference.kept.graph
        quants = [read_fake_quant(kept, kept[name]) for name in sorted(group) if is_fake_quant(kept.op(name))]
        united = _union(quants)
        if united is None:
            continue
        for found in quants:
            set_range(draft, found, united)
            draft.set_attrs(found.node, {"num_bits": quants[0].num_bits, "narrow_range": False})
            healed += [found.node, found.array]
        healed.append(place)
    if not healed:
        raise CannotRepair("no FakeQuants of known range disagree around ops that share one scale")
    return draft.repair(NAME, safe=False, heals=healed)


def _union(quants: list[FakeQuant]) -> Range | None:
    """The range that holds all of them; None where there is nothing to unite."""
    ranges = [found.range for found in quants]
    known = [one for one in ranges if one is not None and one.finite]
    kinds = {(found.num_bits, found.per_channel) for found in quants}
    differ = len({(*one, found.narrow_range) for one, found in zip(known, quants, strict=False)}) > 1
    if len(known) < len(ranges) or not differ or len(kinds) > 1 or quants[0].per_channel:
        return None
    return as_float32(with_zero(Range(min(one.min for one in known), max(one.max for one in known))))


def _group(inference: Inference, start: str) -> frozenset[str]:
    """The FakeQuants and same-scale ops that are joined with node `start` by real-valued arrays."""
    kept = inference.kept
    group = {start, *equal_nodes(inference, start)}
    pending = sorted(group)
    while pending:
        node = kept.graph[pending.pop()]
        fresh = [name for name in _joined_arrays(inference, node, start) if name not in group]
        group.update(fresh)
        pending += fresh
    return frozenset(group)


def _joined_arrays(inference: Inference, node: Node, start: str) -> Iterator[str]:
    """The neighbours in front of and behind a FakeQuant or a same-scale op; others only end a group.

    MLIR moves the op `start` in front of a reshape that it reads, or fuses an activation into a pooling, and then gives
    both one scale.
    """
    kept = inference.kept
    for slot, edge in enumerate(node.inputs):
        if edge.node not in kept or kept.is_cut(edge.node) or kept.is_cut(node.name):
            continue
        op = kept.graph.op(edge.node)
        reads = node.op in SAME_SCALE or (is_fake_quant(node.op) and slot == 0)
        moved = node.name == start and _behind_same_scale(kept.graph, edge.node)
        if (moved or (reads and _carries(op))) and inference.dtype(edge.array) is DType.FLOAT:
            yield edge.node
    for port in range(max(1, node.integer(row(node.op).pieces, 1))):
        yield from (use.node for use in kept.uses(node.output(port)) if _carries(kept.graph.op(use.node)))


def _behind_same_scale(graph: Graph, name: str) -> bool:
    while is_fake_quant(graph.op(name)):
        name = graph[name].inputs[0].node
    return graph.op(name) in SAME_VALUES | SAME_SCALE


def _carries(op: str) -> bool:
    return op in SAME_SCALE or is_fake_quant(op)
