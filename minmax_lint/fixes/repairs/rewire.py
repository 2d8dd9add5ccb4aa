"""Rewire: consumers that read around a FakeQuant read through it."""

from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.graph.fakequant import FAKE_QUANTS, GRADIENTS, FakeQuant
from minmax_lint.graph.graph import Graph, Use
from minmax_lint.graph.trace import Kept


def rewire(graph: Graph, kept: Kept, *fake_quants: FakeQuant) -> Repair:
    """Move the kept readers of the arrays in front of `fake_quants` behind them.

    Values change by the FakeQuants' own rounding and clamping only. Of several FakeQuants of one array the
    first is read. Raises CannotRepair where nothing reads around any of them.
    """
    draft = Draft(graph)
    chosen = {found.array: found for found in reversed(fake_quants)}
    healed = []
    for array, found in chosen.items():
        around = readers_around(graph, kept, found)
        for use in around:
            draft.read(use.node, use.slot, found.output)
        healed += [array] if around else []
    if not healed:
        names = ", ".join(found.node for found in fake_quants)
        raise CannotRepair(f"no op reads around {names}")
    return draft.repair("rewire", heals=healed)


def readers_around(graph: Graph, kept: Kept, fake_quant: FakeQuant) -> tuple[Use, ...]:
    """Kept uses of the array in front of a FakeQuant by anything but a FakeQuant."""
    return tuple(
        use for use in kept.uses(fake_quant.array) if graph.op(use.node) not in FAKE_QUANTS | GRADIENTS
    )
