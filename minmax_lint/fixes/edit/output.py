"""What guard and retarget share: the FakeQuant to use for an output, and the output's name."""

from dataclasses import dataclass

from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.repair import CannotRepair
from minmax_lint.graph.fakequant import FakeQuant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge, array_name, parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.outside import UNQUANTIZED, agree, outside_fake_quants
from minmax_lint.graph.trace import Kept
from minmax_lint.ops.table import IDENTITIES


@dataclass(frozen=True)
class LostFakeQuant:
    """The FakeQuant that belongs to an output and lies outside the kept subgraph."""

    output: Edge
    fake_quant: FakeQuant
    same_shape: bool
    """Whether only identities lie between: its own output can then stand for the output array."""
    keeps_name: bool
    """Whether a fixed node can take the output's name."""


def lost_fake_quant(graph: Graph, kept: Kept, output: str, *, new_name: bool = False) -> LostFakeQuant:
    """The FakeQuant to quantize `output` with. Raises CannotRepair where there is none to trust."""
    edge = parse_edge(output)
    if kept.is_cut(edge.node):
        raise CannotRepair(f"{output} is an input as well as an output: ask for what is computed from it")
    found = outside_fake_quants(kept.graph, kept, output)
    if not found:
        raise CannotRepair(f"no FakeQuant outside the kept subgraph reads {output}")
    chosen = found[0].fake_quant
    if chosen.per_channel:
        raise CannotRepair(
            f"{chosen.node} has a range for each channel, but an activation needs one for all: "
            f"quantize {output} with FakeQuantWithMinMaxVars"
        )
    if not chosen.constant:
        raise CannotRepair(f"the range of {chosen.node} is computed, not constant: export an eval graph")
    if not agree(found):
        names = ", ".join(f"{f.fake_quant.node} {f.fake_quant.range}" for f in found)
        raise CannotRepair(f"several FakeQuants disagree about the range of {output}: {names}; keep one")
    others = {name for name in kept.outputs if parse_edge(name).node == edge.node} - {output}
    same_shape = all(graph.op(name) in IDENTITIES for name in found[0].through)
    return LostFakeQuant(edge, chosen, same_shape, edge.port == 0 and not others and not new_name)


def give_way(draft: Draft, lost: LostFakeQuant) -> None:
    """Rename the op that has the output's name, so that a fixed node can take it."""
    draft.rename(lost.output.node, draft.free_name(lost.output.node + UNQUANTIZED))


def copy_of(draft: Draft, lost: LostFakeQuant, name: str) -> Node:
    """A FakeQuant like the lost one, with the same range operands, that reads the output itself."""
    original = draft.graph[lost.fake_quant.node]
    return original._replace(name=name, inputs=(lost.output, *original.inputs[1:]), control_inputs=())


def new_output_name(draft: Draft, lost: LostFakeQuant, suffix: str) -> str:
    """The name of a fixed node that cannot, or shall not, take the output's."""
    return draft.free_name(array_name(*lost.output).replace(":", "_") + suffix)
