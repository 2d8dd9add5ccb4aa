"""`minmax-lint baseline`: record the findings of now, so that only new ones count."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from traceback import format_exception

from minmax_lint.cli import options
from minmax_lint.cli.streams import complain, complain_of_bug, no_room, say
from minmax_lint.errors import UserError


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "action",
        metavar="ACTION",
        choices=("create", "update", "prune"),
        help="create: a new file; update: the findings of now; prune: drop what is no longer found",
    )
    options.add_graph(parser, several=True)
    options.add_endpoints(parser)
    options.add_converters(parser)
    options.add_selection(parser)
    options.add_configuration(parser)


def run(args: Namespace) -> int:
    """Lint, and write the baseline of all models that can be read; 2 where one cannot."""
    from minmax_lint.cli.files import read_files
    from minmax_lint.cli.settings import settings_of
    from minmax_lint.cli.source import open_source
    from minmax_lint.config.baseline import DEFAULT_FILE, Baseline, read_baseline
    from minmax_lint.report.words import number_of, plural

    settings = settings_of(args, with_baseline=False)
    file = settings.baseline_file or Path(DEFAULT_FILE)
    models = settings.targets(args.graphs)
    read_files(args, settings, models, with_baseline=False).destination(str(file))
    if args.action == "create" and file.exists():
        raise UserError(f"{file} is there already; `minmax-lint baseline update` brings it up to date")
    reports = []
    for model in models:
        try:
            found = open_source(args, model).check_ends().lint(settings.values.selection)
            reports.append(settings.adjust(found, model))
        except UserError as error:
            complain(str(error))
        except Exception as error:
            if (full := no_room(error)) is not None:
                raise full from error
            complain_of_bug("".join(format_exception(error)), model.path)
    if not reports:
        return 2
    before = Baseline({}, file.parent) if args.action == "create" else read_baseline(file)
    after = before.pruned(reports) if args.action == "prune" else before.updated(reports)
    after.save(file)
    say(f"{file}: {len(after)} known {plural(len(after), 'finding')}, {len(before)} before")
    if settings.baseline_file is None:
        say(f'not used yet: give --baseline {file}, or `baseline = "{file}"` in {settings.place()}')
    if missing := len(models) - len(reports):
        say(f"{number_of(missing, 'model')} could not be read: {file} has nothing new about them")
    return 2 if missing else 0
