"""The table of rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from minmax_lint.reporters.terminal.findings import SEVERITY_STYLES
from minmax_lint.reporters.terminal.page import Page, Part
from minmax_lint.rules.rule import Rule


def print_rules(out: TextIO, rules: Sequence[Rule]) -> None:
    """One row a rule: code, severity, whether it can be fixed, name and summary."""
    page = Page(out)
    for rule in rules:
        style = SEVERITY_STYLES[rule.severity]
        fixable: Part = ("fixable", "green") if rule.fixes else ""
        page.line(
            (rule.code, f"bold {style}"), "  ", (f"{rule.severity:8}", style), fixable, f"  {rule.name}"
        )
        page.block(("       ",), rule.summary(), "dim")
    page.line()
    page.line("`minmax-lint explain CODE` tells all about one of them.")
