"""`trace` on a terminal: the tree of the kept subgraph, and a count of what lies outside."""

from typing import TextIO

from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.graph.trace import Kept
from minmax_lint.report.words import count_words, number_of
from minmax_lint.reporters.terminal.page import Page
from minmax_lint.reporters.tree import Kind, Tree, TreeLine

_STYLES: dict[Kind, str] = {
    "kept": "",
    "output": "bold cyan",
    "constant": "dim",
    "outside": "bold yellow",
    "above": "dim",
    "more": "dim",
}


def print_tree(out: TextIO, path: str, kept: Kept, *, everything: bool = False) -> None:
    """Print the kept subgraph as a tree."""
    page = Page(out)
    page.rule(path, "cyan")
    page.line()
    lines = list(Tree(kept, everything=everything).lines())
    heads = [_head(page, line) for line in lines]
    width = min(max((len(head) for head, line in zip(heads, lines, strict=True) if line.op), default=0), 34)
    for line, head in zip(lines, heads, strict=True):
        style = _STYLES[line.kind]
        page.line("   ", (f"{head:{width}}  ", style), (line.node, style), "  " * bool(line.node) + line.note)
    page.line()
    _print_outside(page, kept)


def _head(page: Page, line: TreeLine) -> str:
    glyphs = page.glyphs
    indent = f"{glyphs.rail}  " * line.depth
    symbol = {
        "kept": glyphs.kept,
        "output": glyphs.output,
        "constant": glyphs.constant,
        "outside": f"{glyphs.dash}{glyphs.dash}{glyphs.outside}",
        "above": f"{glyphs.up} see",
        "more": f"{glyphs.dash}{glyphs.dash}",
    }[line.kind]
    op = "FakeQuant" if is_fake_quant(line.op) else line.op
    return f"{indent}{symbol} {op}"


def _print_outside(page: Page, kept: Kept) -> None:
    graph = kept.graph
    outside = [name for name in graph.names if name not in kept]
    text = f"{len(kept)} of {number_of(len(graph), 'node')} kept"
    if outside:
        ops = count_words((graph.op(name) for name in outside), kinds=6)
        text += f"; {len(outside)} outside: {ops}"
    page.block(("   ",), text)
    fake_quants = [name for name in outside if is_fake_quant(graph.op(name))]
    if fake_quants:
        count = len(fake_quants)
        ranges = "its range" if count == 1 else "their ranges"
        text = f"{number_of(count, 'FakeQuant')} outside: no converter sees {ranges}"
        page.block(("   ",), text, "yellow")
