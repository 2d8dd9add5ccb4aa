"""`minmax-lint rules`: the table of all rules."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from minmax_lint.cli.streams import payload, print_json

if TYPE_CHECKING:
    from minmax_lint.rules.framework.rule import Rule


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--output-format", choices=("text", "json"), default="text", help="a table (default), or JSON"
    )


def run(args: Namespace) -> int:
    """Print every rule."""
    from minmax_lint.rules.framework.rule import rules

    if args.output_format == "json":
        print_json([_data(rule) for rule in rules()])
        return 0
    from minmax_lint.reporters.terminal.rule_list import print_rules

    with payload() as out:
        print_rules(out, rules())
    return 0


def _data(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "fixable": bool(rule.fixes),
        "fixes": list(rule.fixes),
        "summary": rule.summary(),
        "documentation": rule.documentation(),
    }
