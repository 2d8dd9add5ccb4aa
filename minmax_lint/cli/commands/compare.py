"""`minmax-lint compare`: every way of converting a model, side by side."""

from argparse import ArgumentParser, Namespace

from minmax_lint.cli import options

FORMATS = ("full", "json", "markdown")


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    options.add_graph(parser)
    options.add_endpoints(parser)
    options.add_formats(parser, FORMATS)
    options.add_configuration(parser)
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="the Python of every way, not of the best"
    )


def run(args: Namespace) -> int:
    """Print the ways, best first."""
    from minmax_lint.cli.output import emit, output_destinations
    from minmax_lint.cli.source import files_read, open_named
    from minmax_lint.reporters.comparison import RENDERERS
    from minmax_lint.workflows.calling import with_known_signature
    from minmax_lint.workflows.compare import compare_opened

    formats = output_destinations(args.output_format, FORMATS, files_read(args))
    opened = open_named(args)
    for call in opened.calls:
        with_known_signature(call)
    comparison = compare_opened(opened)
    emit(formats, lambda form, out: RENDERERS[form](comparison, out, verbose=args.verbose))
    return 0
