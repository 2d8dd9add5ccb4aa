"""Insert: arrays without range get a FakeQuant."""

from collections.abc import Collection, Mapping

from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.fake_quant import fake_quant, with_zero
from minmax_lint.fixes.edit.repair import Repair
from minmax_lint.graph.fakequant import Range
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.outside import UNQUANTIZED
from minmax_lint.graph.trace import Kept

NAME = "insert"


def insert(
    graph: Graph,
    kept: Kept,
    ranges: Mapping[str, Range],
    *,
    narrow: Collection[str] = (),
    new_name: bool = False,
) -> Repair:
    """Put a FakeQuant behind each array of `ranges`; its kept readers read the FakeQuant.

    Of an array that is an output, the FakeQuant takes the name, and the op that had it becomes
    `<output>/unquantized`; with `new_name`, and where another output of the same op is asked for, the
    FakeQuant is an output under a new name. A range that misses zero is widened to it, as converters do.
    Arrays in `narrow` (weights) get a narrow range: their zero point is exact and no byte is 0.
    Unsafe: values are rounded and clamped where they were not.
    """
    draft = Draft(graph)
    outputs: dict[str, str] = {}
    for array, found in ranges.items():
        new = fake_quant(parse_edge(array), with_zero(found), narrow=array in narrow)
        if array in kept.outputs and not kept.is_cut(parse_edge(array).node):
            _behind_output(draft, kept, array, new, outputs, new_name)
        else:
            new = new._replace(name=draft.free_name(f"{_scope(array)}/quantized"))
            draft.add(new, parse_edge(array).node)
            for use in kept.uses(array):
                draft.read(use.node, use.slot, new.name)
    return draft.repair(NAME, outputs=outputs, safe=False, heals=ranges)


def _behind_output(
    draft: Draft, kept: Kept, array: str, new: Node, outputs: dict[str, str], new_name: bool
) -> None:
    edge = parse_edge(array)
    shared = any(parse_edge(name).node == edge.node for name in kept.outputs if name != array)
    if edge.port == 0 and not shared and not new_name:
        new = new._replace(name=edge.node)
        draft.put_in_place(edge.node, draft.free_name(f"{edge.node}{UNQUANTIZED}"), new)
        return
    new = new._replace(name=draft.free_name(f"{_scope(array)}/quantized"))
    draft.add(new, edge.node)
    outputs[array] = new.name
    for use in kept.uses(array):
        draft.read(use.node, use.slot, new.name)


def _scope(array: str) -> str:
    return array.replace(":", "_")
