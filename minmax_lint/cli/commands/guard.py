"""`minmax-lint guard --print`: the source guard as a snippet, for interpreters that cannot install this package."""

from argparse import ArgumentParser, Namespace

from minmax_lint.cli.streams import payload


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--print", action="store_true", required=True, help="print the snippet to stdout")


def run(args: Namespace) -> int:
    """Print the snippet."""
    from minmax_lint.source_guard import SNIPPET

    with payload() as out:
        out.write(SNIPPET)
    return 0
