"""Rewire: consumers that read around a FakeQuant read through it."""

from __future__ import annotations

from minmax_lint.fixes.draft import Draft
from minmax_lint.fixes.repair import CannotRepair, Repair
from minmax_lint.graph.fakequant import FAKE_QUANTS, GRADIENTS, FakeQuant
from minmax_lint.graph.graph import Graph, Use
from minmax_lint.graph.trace import Kept

NAME = "rewire"


def rewire(graph: Graph, kept: Kept, fake_quant: FakeQuant) -> Repair:
    """Move the kept readers of the array in front of `fake_quant` behind it.

    Values change by the FakeQuant's own rounding and clamping only. Other FakeQuants of the same array stay
    where they are. Raises CannotRepair where nobody reads around it.
    """
    around = readers_around(graph, kept, fake_quant)
    if not around:
        raise CannotRepair(f"nobody reads {fake_quant.array} around {fake_quant.node}")
    draft = Draft(graph)
    for use in around:
        draft.read(use.node, use.slot, fake_quant.output)
    return draft.repair(NAME, heals=[fake_quant.array])


def readers_around(graph: Graph, kept: Kept, fake_quant: FakeQuant) -> tuple[Use, ...]:
    """Kept uses of the array in front of a FakeQuant by anything but a FakeQuant."""
    return tuple(
        use for use in kept.uses(fake_quant.array) if graph.op(use.node) not in FAKE_QUANTS | GRADIENTS
    )
