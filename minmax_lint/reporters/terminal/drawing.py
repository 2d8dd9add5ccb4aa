"""The small drawing of a finding's path: data flows downwards; a line shows where the converter cuts."""

from collections.abc import Sequence

from minmax_lint.escaping import name
from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.reporters.terminal.page import Page
from minmax_lint.rules.framework.finding import Step

LONGEST = 9
"""Steps drawn at most; the middle of a longer path is left out."""

CUT = "the converter keeps nothing below this line"
_INDENT = " " * 11
_STYLES = {
    "kept": "",
    "output": "bold cyan",
    "outside": "bold yellow",
    "missing": "bold red",
    "float": "yellow",
    "integer": "green",
}


def print_drawing(page: Page, path: Sequence[Step]) -> None:
    """Draw the path, one step a row: role, symbol, node, op and note; long names get a row of their own."""
    shown = list(path) if len(path) <= LONGEST else [*path[:4], *path[-4:]]
    shown = [step._replace(node=name(step.node), op=name(step.op)) for step in shown]
    name_width = max(len(step.node) for step in shown)
    op_width = max((len(_op(step)) for step in shown if step.note), default=0)
    stacked = name_width > max(page.width - 46, 20)
    rail = (page.glyphs.rail, "dim")
    for i, step in enumerate(shown):
        cut = i > 0 and shown[i - 1].role != "outside" and all(s.role == "outside" for s in shown[i:])
        if cut:
            _print_cut(page)
        elif i and not stacked:
            page.line(_INDENT, rail)
        if len(path) > len(shown) and i == 4:
            page.line(_INDENT, (f":  {len(path) - len(shown)} more", "dim"))
        style = _STYLES[step.role]
        head = ((f"{step.role:>9}  ", "dim"), (f"{_symbol(page, step)} ", style))
        op = f"{_op(step):{op_width}}  "
        if stacked:
            page.line(*head, (step.node, style))
            page.block((_INDENT, rail if i + 1 < len(shown) else " ", " ", op), step.note)
        else:
            page.block((*head, (f"{step.node:{name_width}}  ", style), op), step.note)


def _symbol(page: Page, step: Step) -> str:
    glyphs = page.glyphs
    symbols = {
        "kept": glyphs.kept,
        "output": glyphs.output,
        "outside": glyphs.outside,
        "missing": glyphs.fail,
        "float": "~",
        "integer": glyphs.integer,
    }
    return symbols[step.role]


def _op(step: Step) -> str:
    """The op, in the short form that everybody uses."""
    return "FakeQuant" if is_fake_quant(step.op) else step.op


def _print_cut(page: Page) -> None:
    dash, cross = page.glyphs.dash, page.glyphs.cross
    end = max(page.width - 13 - len(CUT) - 4, 2)
    page.line((f"   {dash * 8}{cross}{dash} ", "yellow"), (CUT, "yellow"), (f" {dash * end}", "yellow"))
