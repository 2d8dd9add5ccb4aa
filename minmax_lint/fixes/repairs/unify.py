"""Unify: FakeQuants around ops that share one scale get one range."""

from collections.abc import Collection, Sequence

from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.fake_quant import as_float32, with_zero
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.fixes.repairs.widen import set_range
from minmax_lint.graph.fakequant import FakeQuant, Range
from minmax_lint.graph.graph import Graph
from minmax_lint.inference.inference import Inference
from minmax_lint.rules.framework.ranges import USUAL_BITS
from minmax_lint.rules.framework.same_scale import disagreeing, shared_scale


def unify(graph: Graph, inference: Inference, places: Collection[str]) -> Repair:
    """Give all FakeQuants that touch the same-scale ops around the nodes `places` the union of their ranges.

    MLIR gives all operands and results of such an op one scale; where FakeQuants disagree it fails. The union
    spreads through FakeQuants between two of the ops, and has 8 bits. Unsafe: smaller ranges are rounded more
    coarsely. Raises CannotRepair where no FakeQuants disagree, or the range of one is not known.
    """
    draft = Draft(graph)
    healed: list[str] = []
    done: set[str] = set()
    for place in places:
        if place not in inference.kept or place in done:
            continue
        group = shared_scale(inference, place)
        done |= group
        quants = disagreeing(inference, group)
        if not quants:
            continue
        united = _union(quants)
        for found in quants:
            set_range(draft, found, united)
            draft.set_attrs(found.node, {"num_bits": USUAL_BITS, "narrow_range": False})
            healed += [found.node, found.array]
        healed.append(place)
    if not healed:
        raise CannotRepair("no FakeQuants of known range disagree around ops that share one scale")
    return draft.repair("unify", safe=False, heals=healed)


def _union(quants: Sequence[FakeQuant]) -> Range:
    known = [found.range for found in quants if found.range is not None]
    return as_float32(with_zero(Range(min(one.min for one in known), max(one.max for one in known))))
