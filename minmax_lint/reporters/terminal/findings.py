"""One finding as a paragraph: what is wrong, the drawing, what it breaks, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from minmax_lint.reporters.run import Run
from minmax_lint.reporters.terminal.drawing import print_drawing
from minmax_lint.reporters.terminal.page import Page, Part
from minmax_lint.reporters.words import profile_title
from minmax_lint.rules.finding import Finding, Severity

SEVERITY_STYLES: Mapping[Severity, str] = {"error": "red", "warning": "yellow", "info": "blue"}
SHOWN_AT_LENGTH: Mapping[Severity, int] = {"error": 3, "warning": 1, "info": 1}
"""Findings of one rule told at length for one model; --verbose tells all so."""
SHOWN_IN_SHORT = 4
"""Further findings of that rule, told in a line."""
SHOWN_CONSEQUENCES = 4


def print_findings(page: Page, run: Run, findings: Sequence[Finding]) -> None:
    """All findings of one model; many of one rule are told shorter and shorter."""
    seen: Counter[str] = Counter()
    for finding in findings:
        at_length = SHOWN_AT_LENGTH[finding.severity]
        place = seen[finding.code]
        seen[finding.code] += 1
        if run.verbose or place < at_length:
            page.line()
            print_finding(page, finding, every_consequence=run.verbose)
        elif place < at_length + SHOWN_IN_SHORT:
            if place == at_length:
                page.line()
            _print_head_in_short(page, finding)
        elif place == at_length + SHOWN_IN_SHORT:
            more = sum(other.code == finding.code for other in findings) - place
            page.line(f"   and {more} more {finding.code}; --verbose shows them")


def _print_head_in_short(page: Page, finding: Finding) -> None:
    page.block((*_mark(page, finding), "  "), finding.message)


def _mark(page: Page, finding: Finding) -> tuple[Part, ...]:
    symbol = {"error": page.glyphs.fail, "warning": "!", "info": "i"}[finding.severity]
    return ((f" {symbol} {finding.code}", f"bold {SEVERITY_STYLES[finding.severity]}"),)


def print_finding(page: Page, finding: Finding, *, every_consequence: bool = False) -> None:
    """One finding."""
    style = SEVERITY_STYLES[finding.severity]
    page.line(*_mark(page, finding), (f" {finding.severity}", style), (f"  {finding.name}", "dim"))
    page.block(("   ",), finding.message, "bold")
    if finding.path:
        page.line()
        print_drawing(page, finding.path)
        page.line()
    _print_field(page, "breaks", ", ".join(map(profile_title, finding.profiles)))
    also = [name for name in finding.consequences if name != finding.array]
    _print_field(page, "affects", _listed(also, len(also) if every_consequence else SHOWN_CONSEQUENCES))
    _print_field(page, "advice", finding.advice)
    if finding.fix is not None:
        needs = "" if finding.fix.applicability == "safe" else ", needs --unsafe-fixes"
        _print_field(page, "fix", f"{finding.fix.description} ({finding.fix.applicability}{needs})", "green")


def _print_field(page: Page, label: str, text: str, style: str = "") -> None:
    if text:
        page.block(("   ", (f"{label:9}", f"bold {style}" if style else "dim")), text)


def _listed(names: Sequence[str], limit: int) -> str:
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f", +{more} more" if more > 0 else "")
