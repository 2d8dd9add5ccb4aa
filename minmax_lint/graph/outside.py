"""FakeQuants that quantize an output array but lie outside the kept subgraph: no converter sees them."""

from collections.abc import Iterable
from typing import NamedTuple

from minmax_lint.graph.fakequant import FakeQuant, is_fake_quant, read_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.trace import Kept
from minmax_lint.ops.table import SAME_VALUES

UNQUANTIZED = "/unquantized"
"""What retargeting appends to the name of the op whose name its FakeQuant takes."""


class OutsideFakeQuant(NamedTuple):
    """A FakeQuant behind an output array that is no ancestor of any output."""

    fake_quant: FakeQuant
    through: tuple[str, ...] = ()
    """The pass-through nodes between the output array and the FakeQuant, from the output on."""


def outside_fake_quants(graph: Graph, kept: Kept, output: str) -> tuple[OutsideFakeQuant, ...]:
    """The FakeQuants outside `kept` that read array `output`, directly or through pass-through ops.

    Nearest first, then in file order. A FakeQuant behind another FakeQuant is not counted.
    """
    found: list[OutsideFakeQuant] = []
    pending: list[tuple[str, tuple[str, ...]]] = [(output, ())]
    seen: set[str] = set()
    for array, through in pending:
        for use in graph.uses(array):
            if use.slot or use.node in kept or use.node in seen:
                continue
            seen.add(use.node)
            op = graph.op(use.node)
            if is_fake_quant(op):
                found.append(OutsideFakeQuant(read_fake_quant(graph, graph[use.node]), through))
            elif op in SAME_VALUES:
                pending.append((use.node, (*through, use.node)))
    return tuple(found)


def is_retargeted(graph: Graph, name: str) -> bool:
    """Whether a fixed node has taken an output's name from the op that it reads, as retarget and guard do."""
    inputs = graph[name].inputs
    return bool(inputs) and f"{name}{UNQUANTIZED}" in graph and inputs[0].node == f"{name}{UNQUANTIZED}"


def agree(found: Iterable[OutsideFakeQuant]) -> bool:
    """Whether these round all values alike: the same range, on the same grid."""
    quants = [one.fake_quant for one in found]
    return len({(str(quant.range), quant.num_bits, quant.narrow_range) for quant in quants}) < 2
