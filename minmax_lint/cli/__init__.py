"""The command line: `minmax-lint COMMAND ...`. Thin: it reads options, calls the package, prints.

A module of `commands` that stands in COMMANDS is a command: `add(parser)` declares its options,
`run(args)` does it and returns the exit code. Modules import what they need inside `run`: `--version` and
`--help` load next to nothing.
"""

import importlib
import sys
from collections.abc import Iterable, Sequence

from minmax_lint.cli.commands.completion import complete, wants_completion
from minmax_lint.cli.streams import (
    EXIT_INTERRUPTED,
    complain,
    complain_of_bug,
    no_room,
    say,
    tolerate_any_text,
)
from minmax_lint.cli.usage import CommandList, Parser, parser_options
from minmax_lint.errors import UserError
from minmax_lint.version import __version__

COMMANDS = {
    "check": "find what will keep a graph from being quantized",
    "fix": "write a repaired copy of a graph",
    "convert": "run the real converter in a child process and say what came out",
    "compare": "show every way of converting a model side by side, the best first",
    "view": "open the report on a graph in the browser",
    "trace": "show what the converter keeps and what lies outside",
    "inspect": "show a model's format, inputs, outputs and FakeQuants",
    "explain": "explain a rule, or a converter's error message",
    "guard": "print the guard of an output as a snippet, for model code in an old Python",
    "rules": "list all rules",
    "config": "show the settings that count and where each comes from",
    "baseline": "record the findings of now, so that only new ones count",
    "docs": "read the documentation: tutorial, guides, formats, configuration",
    "completion": "print what a shell needs to complete commands, rules and arrays",
}

EXIT_ERROR = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code (contract: 0, 1, 2; 130 when interrupted)."""
    tolerate_any_text()
    words = list(sys.argv[1:] if argv is None else argv)
    if wants_completion():
        complete(parser(tuple(COMMANDS)))
    try:
        named = [word for word in words[:1] if word in COMMANDS]
        args = parser(words, named or COMMANDS).parse_args(words)
        if args.command is None:
            parser([]).print_help(sys.stderr)
            return EXIT_ERROR
        code: int = importlib.import_module(f"minmax_lint.cli.commands.{args.command}").run(args)
    except SystemExit as exit:
        return exit.code if isinstance(exit.code, int) else EXIT_ERROR
    except UserError as error:
        complain(str(error))
        return EXIT_ERROR
    except KeyboardInterrupt:
        say("interrupted")
        return EXIT_INTERRUPTED
    except Exception as error:
        full = no_room(error)
        if full is not None:
            complain(str(full))
        else:
            import traceback

            complain_of_bug("".join(traceback.format_exception(error)))
        return EXIT_ERROR
    return code


def parser(words: Sequence[str], known: Iterable[str] = COMMANDS) -> Parser:
    """The parser; the options of a command are declared only where the words name it."""
    found = Parser(
        prog="minmax-lint",
        description="The linter for TensorFlow graphs that are about to become quantized TFLite models.",
        epilog="`minmax-lint COMMAND --help` lists a command's options, `minmax-lint docs tutorial` begins at the "
        "beginning.",
        formatter_class=CommandList,
        allow_abbrev=False,
    )
    found.add_argument("--version", action="version", version=f"minmax-lint {__version__}")
    commands = found.add_subparsers(dest="command", metavar="COMMAND", title="commands", prog="minmax-lint")
    for name in known:
        summary = COMMANDS[name]
        command = commands.add_parser(name, help=summary, **parser_options(name, summary))
        if name in words:
            importlib.import_module(f"minmax_lint.cli.commands.{name}").add(command)
    return found
