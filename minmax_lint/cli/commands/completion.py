"""`minmax-lint completion`: the line that a shell's start-up file needs for completion with Tab."""

import os
from argparse import ArgumentParser, Namespace

from minmax_lint.cli.streams import payload

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_ARGCOMPLETE"
"""Set by the shell code when it asks this program what may come next."""


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("shell", choices=SHELLS, help="for which shell")


def run(args: Namespace) -> int:
    """Print the shell code."""
    from argcomplete.shell_integration import shellcode

    with payload() as out:
        out.write(shellcode(["minmax-lint"], shell=args.shell) + "\n")
    return 0


def wants_completion() -> bool:
    """Whether a shell wants completions, and no command is to run."""
    return VARIABLE in os.environ


def complete(parser: ArgumentParser) -> None:
    """Answer the shell, and exit."""
    import argcomplete

    argcomplete.autocomplete(parser)
