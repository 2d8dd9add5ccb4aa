"""`fix` on a terminal: what changes, why so, what it brings and what is left."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.report.report import Report
from minmax_lint.report.words import (
    WORDS,
    failing_converters,
    number_of,
    plural,
    profile_title,
    verdict_detail,
)
from minmax_lint.reporters.terminal.commands import print_next
from minmax_lint.reporters.terminal.findings import SEVERITY_STYLES
from minmax_lint.reporters.terminal.page import Page, Part
from minmax_lint.reporters.terminal.verdicts import print_head

SHOWN_LEFT = 3
"""Errors of one rule that are shown."""
SHOWN_CHANGES = 24
_CHANGE_STYLES = {
    "added": "green",
    "removed": "red",
    "renamed": "cyan",
    "rewired": "yellow",
    "changed": "yellow",
}


def print_patch(
    out: TextIO,
    patch: Patch,
    written: Sequence[Path],
    *,
    converting: str = "",
    checking: str = "minmax-lint check",
    quiet: bool = False,
    verbose: bool = False,
) -> None:
    """Print the changes and the verdicts before and after; quiet: only what is left; verbose: all of it.

    `written`: the files, none where nothing was written; `converting`: the command line that converts them; `checking`:
    the one that shows what is left in full.
    """
    page = Page(out)
    if not quiet:
        print_head(page, patch.before)
        page.line()
        _print_verdicts(page, patch.before, patch.after)
        page.line()
        _print_changes(page, patch, len(patch.changes) if verbose else SHOWN_CHANGES)
    _print_left(page, patch.after, len(patch.after.findings) if verbose else SHOWN_LEFT)
    if not quiet:
        page.line()
        _print_end(page, patch, written, converting, checking)


def _print_verdicts(page: Page, before: Report, after: Report) -> None:
    rows: list[tuple[Part, ...]] = []
    for name, new in after.predictions.items():
        old_word, old_style = WORDS[before.predictions[name].verdict]
        word, style = WORDS[new.verdict]
        detail: Part = (verdict_detail(new), "")
        rows.append((profile_title(name), (old_word, old_style), page.glyphs.arrow, (word, style), detail))
    page.table(("converter", "before", "", "after", ""), rows)


def _print_changes(page: Page, patch: Patch, shown: int) -> None:
    page.block(("   ", ("why  ", "dim")), patch.reason)
    if patch.empty:
        return
    page.line()
    for change in patch.changes[:shown]:
        sign = str(change)[0]
        style = _CHANGE_STYLES[change.kind]
        page.block(("   ", (f"{sign} {change.kind:8} ", style)), f"{change.node}: {change.text}")
    if len(patch.changes) > shown:
        page.line("   ", (f"and {len(patch.changes) - shown} more; --verbose shows all", "dim"))
    page.line()
    renamed = {old: new for old, new in zip(patch.before.outputs, patch.outputs, strict=True) if old != new}
    for old, new in renamed.items():
        page.line("   ", (f"Output {old!r} is now {new!r}: export that one.", "bold"))
    if not renamed:
        page.line("   The outputs keep their names.")
    if patch.safe:
        text = "The outputs have the same values"
        if any(map(is_fake_quant, patch.before.source.ops)):
            text += ", up to the FakeQuants' own rounding and clamping"
        text += "."
        page.block(("   ",), text)
    else:
        unsafe = [part.strategy for part in patch.repair.parts if not part.safe]
        verb = "is" if len(unsafe) == 1 else "are"
        page.block(
            ("   ",), f"The values of the outputs change: {', '.join(unsafe)} {verb} unsafe.", "yellow"
        )


def _print_left(page: Page, report: Report, shown: int) -> None:
    """The errors that are left, so many of each rule; `check` shows them in full."""
    errors = [finding for finding in report.findings if finding.severity == "error"]
    counts = Counter(finding.code for finding in errors)
    printed: Counter[str] = Counter()
    if errors:
        page.line()
    for finding in errors:
        printed[finding.code] += 1
        if printed[finding.code] <= shown:
            page.block((" ", (f"{finding.code} error ", SEVERITY_STYLES["error"])), finding.message)
        elif printed[finding.code] == counts[finding.code]:
            page.line("  ", (f"and {counts[finding.code] - shown} more {finding.code}", "dim"))


def _print_end(page: Page, patch: Patch, written: Sequence[Path], converting: str, checking: str) -> None:
    errors = patch.after.count("error")
    lesser = len(patch.after.findings) - errors
    also = f"; {lesser} lesser {plural(lesser, 'finding')} left" if lesser else ""
    if written:
        count = len(patch.changes) + sum(len(one.changes) for one in patch.others)
        what = "a copy, nothing was changed" if patch.writes_nothing_new else f"{number_of(count, 'change')}"
        page.line("   wrote ", (str(written[0]), "bold"), f" ({what})")
        for file in written[1:]:
            page.line("         ", (str(file), "bold"))
    if errors:
        page.line(
            (f"{page.glyphs.fail} {number_of(errors, 'error')} left", "bold red"),
            ("" if written else "; nothing was written") + also,
        )
        page.line(("  to see them in full:", "dim"))
        page.command("  ", checking, "dim")
    elif failing := failing_converters(patch.after.predictions):
        what = "Nothing could be fixed" if patch.writes_nothing_new else "Fixed in part"
        page.block(((f"! {what}: ", "bold yellow"),), f"still not quantized by {', '.join(failing)}")
    elif patch.writes_nothing_new:
        page.line((f"{page.glyphs.ok} Nothing to fix", "bold green"))
    elif not written:
        page.line(("! Fixed as predicted, but nothing was written: see the proof", "bold yellow"), also)
    else:
        if converting:
            print_next(page, "To convert it, run:", converting)
            page.line()
        page.line((f"{page.glyphs.ok} Fixed", "bold green"), also)
