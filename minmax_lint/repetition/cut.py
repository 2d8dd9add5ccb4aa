"""A graph cut into blocks at its borders."""

from __future__ import annotations

from dataclasses import dataclass

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.trace import Kept
from minmax_lint.graph.wiring import CONTROL, Flags, Numbers, Wiring
from minmax_lint.repetition.blocks import Blocks, blocks
from minmax_lint.repetition.borders import borders
from minmax_lint.repetition.kinds import Ops, felt_flags, kept_flags, kinds


@dataclass(frozen=True)
class Cut:
    """The graph, and what was found out about its nodes; nodes are their places in the file."""

    graph: Graph
    wires: Wiring
    """The edges that lead to a node that is felt."""
    border: Numbers
    """Node -> kind of border, -1 for none."""
    blocks: Blocks
    kept: Flags
    felt: Flags
    """Whether a converter or a rule looks at the node."""
    varying: Flags
    """Constants that may differ from block to block among blocks that look alike."""

    @property
    def crossing(self) -> Flags:
        """For each edge whether it leads out of a border."""
        found: Flags = self.border[self.wires.sources] >= 0
        return found


def cut(graph: Graph, kept: Kept) -> Cut | None:
    """Cut the graph; None where that is not safe, or there is no border."""
    if graph.functions or graph.ambiguous:
        return None
    if graph.names_mention("gradients"):
        return None  # rules about training graphs go by names
    ops, is_kept = Ops(graph.columns.ops), kept_flags(kept)
    wires = graph.wiring
    if wires is None:
        return None
    said = kinds(kept, ops, is_kept)
    felt = felt_flags(kept, ops, is_kept)
    # Who waits for a node that is kept anyway keeps no more by it. TF2 lets the output wait for all variables.
    wires = wires.those(felt[wires.readers] & ~((wires.ports == CONTROL) & is_kept[wires.sources]))
    border = borders(graph, ops, wires, said, is_kept)
    if not bool((border >= 0).any()):
        return None
    pieces = blocks(wires, said.numbers, border, felt)
    while bool((own := _own(wires, border, pieces)).any()):
        border[wires.sources[own]] = -1
        pieces = blocks(wires, said.numbers, border, felt)
    return Cut(graph, wires, border, pieces, is_kept, felt, said.varying)


def _own(wires: Wiring, border: Numbers, pieces: Blocks) -> Flags:
    """For each edge whether it leads through a border into the block that it comes from: there is no cut."""
    found: Flags = border[wires.sources] >= 0
    found &= pieces.of_node[wires.sources] == pieces.of_node[wires.readers]
    return found
