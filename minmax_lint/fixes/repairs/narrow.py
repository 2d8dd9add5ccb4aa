"""Narrow: weights keep the lowest byte free (`narrow_range`, or a wider range), as TOCO's fast kernels want it."""

from collections.abc import Collection

from minmax_lint.fixes.bounds.sources import RangeSource
from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.fake_quant import as_float32
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.fixes.repairs.widen import set_range
from minmax_lint.graph.fakequant import FakeQuant, Range, fake_quants
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge

_STEPS = 254
"""Of a narrow range of 8 bits."""


def narrow(graph: Graph, arrays: Collection[str], source: RangeSource) -> Repair:
    """Set `narrow_range` on the FakeQuants that make `arrays`: weights with bytes 0 close together.

    TOCO refuses such weights for its fast kernels; a narrow range has bytes 1 to 255
    (research, toco_minmax 9.1). One that is narrow gets the range of all its weights and a step more on each side:
    its own cuts weights off at its end, and TOCO forgets `narrow_range` where it turns the transposition of a column
    into a Reshape. Unsafe: the grid of the weights moves. Raises CannotRepair where none of them comes from a
    FakeQuant that can be changed so.
    """
    draft = Draft(graph)
    healed: list[str] = []
    names = [name for name in (parse_edge(array).node for array in arrays) if name in graph]
    for found in fake_quants(graph, names):
        if not found.narrow_range:
            draft.set_attrs(found.node, {"narrow_range": True})
        else:
            wider = _range_beyond_weights(found, source)
            if wider is None or wider == found.range:
                continue
            set_range(draft, found, wider)
        healed.append(found.node)
    if not healed:
        raise CannotRepair("no FakeQuant makes these weights")
    return draft.repair("narrow", safe=False, heals=healed)


def _range_beyond_weights(found: FakeQuant, source: RangeSource) -> Range | None:
    weights = source.of(found.array)
    if weights is None or found.per_channel:
        return None
    step = (weights.max - weights.min) / _STEPS
    return as_float32(Range(weights.min - step, weights.max + step))
