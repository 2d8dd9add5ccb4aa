"""The table of rules."""

from collections.abc import Sequence
from itertools import groupby
from typing import TextIO

from minmax_lint.reporters.terminal.findings import SEVERITY_STYLES
from minmax_lint.reporters.terminal.page import Page, Part
from minmax_lint.rules.framework.rule import Rule

GROUPS = {
    "MM1": "coverage: which arrays have a range",
    "MM2": "the ranges' values",
    "MM3": "checkpoints",
    "MM4": "kernels",
    "MM5": "finished .tflite files",
    "MM6": "the converter's flags",
    "MM9": "the linting itself",
}


def print_rules(out: TextIO, rules: Sequence[Rule]) -> None:
    """One row a rule: code, severity, whether it can be fixed, name and summary."""
    page = Page(out)
    for hundred, members in groupby(rules, key=lambda rule: rule.code[:3]):
        page.rule(f"{hundred}xx {GROUPS[hundred]}", "cyan")
        for rule in members:
            style = SEVERITY_STYLES[rule.severity]
            fixable: Part = (f"{'fixable' if rule.fixes else '':9}", "green")
            page.line(
                (f"{rule.code}  ", f"bold {style}"),
                (f"{rule.severity:9}", style),
                fixable,
                (rule.name, "bold"),
            )
            page.block(("       ",), rule.summary())
        page.line()
    page.line("`minmax-lint explain CODE` describes one of them.")
