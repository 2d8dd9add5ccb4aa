"""`minmax-lint view`: the HTML report on one graph, opened in the browser."""

import os
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path

from minmax_lint.cli import options
from minmax_lint.cli.streams import payload


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    options.add_graph(parser)
    options.add_endpoints(parser)
    options.add_converters(parser)
    options.add_configuration(parser)
    parser.add_argument(
        "--no-open", action="store_true", help="write the file and print its path, no browser"
    )


def run(args: Namespace) -> int:
    """Write the report to a temporary file, print its path, and open it."""
    from dataclasses import replace

    from minmax_lint.cli.source import open_named
    from minmax_lint.reporters import Run, renderer
    from minmax_lint.workflows.compare import compare_opened

    opened = open_named(args).check_ends()
    report = opened.lint()
    if opened.model.finished is None:
        report = replace(report, comparison=compare_opened(opened))
    handle, name = tempfile.mkstemp(prefix="minmax-lint-", suffix=".html")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        renderer("html")(Run((report,), endpoint_options=options.endpoint_words(args)), file)
    with payload() as out:
        out.write(f"{name}\n")
    if not args.no_open:
        import webbrowser

        webbrowser.open(Path(name).as_uri())
    return 0
