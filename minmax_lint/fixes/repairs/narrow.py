"""Narrow: the FakeQuant of weights keeps the lowest byte free (`narrow_range`), as TOCO's fast kernels want it."""

from collections.abc import Collection

from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge

NAME = "narrow"


def narrow(graph: Graph, arrays: Collection[str]) -> Repair:
    """Set `narrow_range` on the FakeQuants that make `arrays`: weights with bytes 0 close together.

    TOCO refuses such weights for its fast kernels; a narrow range has bytes 1 to 255
    (research, toco_minmax 9.1). Unsafe: the grid of the weights moves by part of a step.
    Raises CannotRepair where none of them comes from a FakeQuant.
    """
    draft = Draft(graph)
    healed: list[str] = []
    for array in arrays:
        name = parse_edge(array).node
        if name in graph and is_fake_quant(graph.op(name)) and not graph[name].flag("narrow_range"):
            draft.set_attrs(name, {"narrow_range": True})
            healed.append(array)
    if not healed:
        raise CannotRepair("no FakeQuant makes these weights")
    return draft.repair(NAME, safe=False, heals=healed)
