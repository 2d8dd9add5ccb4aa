"""The small drawing of a finding's path: data flows downwards; a line shows where the converter cuts."""

from __future__ import annotations

from collections.abc import Sequence

from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.reporters.terminal.page import Page
from minmax_lint.rules.finding import Step

LONGEST = 9
"""Steps drawn at most; the middle of a longer path is left out."""

CUT = "the converter keeps nothing below this line"
_STYLES = {
    "kept": "",
    "output": "bold cyan",
    "outside": "bold yellow",
    "missing": "bold red",
    "float": "yellow",
    "integer": "green",
}


def print_drawing(page: Page, path: Sequence[Step]) -> None:
    """Draw the path, one step a row: role, symbol, node, op and note."""
    symbols = {
        "kept": page.glyphs.kept,
        "output": page.glyphs.output,
        "outside": page.glyphs.outside,
        "missing": page.glyphs.fail,
        "float": "~",
        "integer": page.glyphs.integer,
    }
    shown = list(path)
    left_out = len(shown) - LONGEST
    if left_out > 0:
        shown = [*shown[:4], *shown[-4:]]
    name_width = min(max(len(step.node) for step in shown), max(page.width - 46, 20))
    op_width = max((len(_op(step)) for step in shown if step.note), default=0)
    was_outside = shown[0].role == "outside"
    for i, step in enumerate(shown):
        if step.role == "outside" and not was_outside:
            _print_cut(page)
        elif i:
            page.line(" " * 11, (page.glyphs.rail, "dim"))
        was_outside = step.role == "outside"
        if left_out > 0 and i == 4:
            page.line(" " * 11, (f":  {left_out + 1} more", "dim"))
        style = _STYLES[step.role]
        head = ((f"{step.role:>9}  ", "dim"), (f"{symbols[step.role]} ", style))
        op = f"{_op(step):{op_width}}  "
        if len(step.node) <= name_width:
            page.block((*head, (f"{step.node:{name_width}}  ", style), op), step.note)
        else:
            page.line(*head, (step.node, style))
            page.block((" " * 13, op), step.note)


def _op(step: Step) -> str:
    """The op, in the short form that everybody uses."""
    return "FakeQuant" if is_fake_quant(step.op) else step.op


def _print_cut(page: Page) -> None:
    dash, cross = page.glyphs.dash, page.glyphs.cross
    end = max(page.width - 13 - len(CUT) - 4, 2)
    page.line((f"   {dash * 8}{cross}{dash} ", "yellow"), (CUT, "yellow"), (f" {dash * end}", "yellow"))
