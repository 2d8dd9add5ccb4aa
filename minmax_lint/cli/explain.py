"""`minmax-lint explain`: what a rule is about, or what a converter's error message means."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from minmax_lint.cli.streams import payload
from minmax_lint.errors import UserError


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "text",
        metavar="CODE|TEXT",
        nargs="+",
        help="a rule (MM101, output-fakequant-outside), or a converter's error message; - reads it",
    )


def run(args: Namespace) -> int:
    """Print the explanation: rendered on a terminal, Markdown elsewhere."""
    text = " ".join(args.text)
    explanation = explained(sys.stdin.read() if text == "-" else text)
    with payload() as out:
        if out.isatty():
            from minmax_lint.reporters.terminal.page import Page

            Page(out).markdown(explanation)
        else:
            out.write(explanation.rstrip("\n") + "\n")
    return 0


def explained(text: str) -> str:
    """Markdown about a rule or a message. Raises UserError."""
    from minmax_lint.rules.rule import rule

    if not text.strip():
        raise UserError("there is nothing to explain: give a rule (MM101) or a converter's message in quotes")
    found = rule(text.strip())
    return f"# {found.name} ({found.code})\n\n{found.documentation()}"
