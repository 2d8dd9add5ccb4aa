"""Every way of converting a model on a terminal: a table, and the code of the best."""

from typing import TextIO

from minmax_lint.report.comparison import Comparison, Way
from minmax_lint.report.comparison_words import (
    detail,
    families,
    has_model,
    heading,
    runs_text,
    share_text,
    shares_text,
    types_text,
)
from minmax_lint.report.words import WORDS, ends_text
from minmax_lint.reporters.terminal.page import Page, Part, style_of, text_of

HEAD = ("way", "TensorFlow", "verdict", "ops", "MACs", "runs", "Edge TPU")
EXPLAINED = (
    "ops, MACs: share of operators and of multiply-accumulates that are integer; runs: with TFLite's own kernels; "
    "Edge TPU: share of operators that it runs{}. `minmax-lint check --converter WAY` says why, and what to change."
)


def print_comparison(out: TextIO, comparison: Comparison, *, every_code: bool = False) -> None:
    """Print the table of ways, the best first."""
    page = Page(out)
    best = comparison.best.prediction
    page.rule(comparison.path, WORDS[best.verdict][1])
    ends = ends_text(comparison.inputs, comparison.outputs, page.glyphs.arrow)
    page.block(("   ",), f"{heading(comparison)}:  {ends}")
    if comparison.inferred_how:
        page.block(("   ",), f"inferred: {comparison.inferred_how}", "dim")
    page.line()
    rows = [_row(way) for way in comparison.ways]
    widths = [max(len(text_of(row[i])) for row in (HEAD, *rows)) for i in range(len(HEAD))]
    _print_row(page, tuple((title, "dim") for title in HEAD), widths)
    for way, row in zip(comparison.ways, rows, strict=True):
        _print_row(page, row, widths)
        below = [types_text(way, page.glyphs.arrow)] if has_model(way) else []
        below += [detail(way)] if detail(way) else []
        page.block(("     ",), "; ".join(below), "dim")
    page.line()
    names = families(comparison)
    page.block(("   ",), EXPLAINED.format(f"; {names}" if names else ""), "dim")
    page.line()
    for way in comparison.ways if every_code else comparison.ways[:1]:
        if has_model(way):
            _print_code(page, way)


def _row(way: Way) -> tuple[Part, ...]:
    word, colour = WORDS[way.prediction.verdict]
    runs = runs_text(way)
    return (
        (way.name, "bold"),
        way.tensorflow,
        (word, f"bold {colour}"),
        *shares_text(way),
        (runs, "red" if runs == "no" else ""),
        share_text(way.edge_tpu_share),
    )


def _print_row(page: Page, row: tuple[Part, ...], widths: list[int]) -> None:
    parts: list[Part] = ["   "]
    for part, width in zip(row, widths, strict=True):
        parts.append((f"{text_of(part):{width}}  ", style_of(part)))
    page.line(*parts)


def _print_code(page: Page, way: Way) -> None:
    page.line("   ", (way.name, "bold"), f" with TensorFlow {way.tensorflow}:")
    page.line()
    for line in way.code.splitlines():
        page.command("      ", line, "cyan")
    page.line()
