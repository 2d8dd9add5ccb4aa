"""`minmax-lint inspect`: what is in a model, before any judgement."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from minmax_lint.cli import options
from minmax_lint.cli.streams import payload, print_json

if TYPE_CHECKING:
    from minmax_lint.converters.finished import TFLiteModel


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    options.add_graph(parser)
    options.add_endpoints(parser)
    options.add_configuration(parser)
    parser.add_argument(
        "--output-format", choices=("text", "json"), default="text", help="tables (default), or JSON"
    )


def run(args: Namespace) -> int:
    """Print format, inputs, outputs, signatures and every FakeQuant."""
    from minmax_lint.cli.settings import settings_of
    from minmax_lint.cli.source import load_model, open_loaded
    from minmax_lint.errors import UserError
    from minmax_lint.reporters.inspection import inspect_model

    target = settings_of(args, with_baseline=False).target(args.graph)
    model = load_model(args, target)
    if model.finished is not None:
        _print_finished(args, model.finished)
        return 0
    try:
        inspection = inspect_model(model, args.graph, open_loaded(args, target, model).ends)
    except UserError as error:
        if args.input or args.output_array or args.signature:
            raise
        inspection = inspect_model(model, args.graph, None, str(error))
    if args.output_format == "json":
        print_json(inspection.data())
        return 0
    from minmax_lint.reporters.terminal.inspection import print_inspection

    with payload() as out:
        print_inspection(out, inspection)
    return 0


def _print_finished(args: Namespace, model: TFLiteModel) -> None:
    if args.output_format == "json":
        from minmax_lint.reporters.finished import finished_data

        print_json(finished_data(args.graph, model))
        return
    from minmax_lint.reporters.terminal.finished import print_finished

    with payload() as out:
        print_finished(out, args.graph, model)
