"""`minmax-lint check`: lint models, optionally fix them, and report."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from typing import TYPE_CHECKING

from minmax_lint.cli import options
from minmax_lint.cli.streams import complain, say, with_progress
from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from minmax_lint.cli.source import Source
    from minmax_lint.converters.profile import Profile
    from minmax_lint.report import Report
    from minmax_lint.reporters import Run
    from minmax_lint.rules.selection import Selection

LEVELS = ("error", "warning", "info")
UNKNOWN_OUTPUT = "MM901"
"""The finding that is bad usage as well: exit code 2."""


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    options.add_graph(parser, several=True)
    options.add_endpoints(parser)
    options.add_converters(parser)
    options.add_selection(parser)
    options.add_formats(parser)
    parser.add_argument(
        "--statistics", action="store_true", help="how often each rule was broken, worst first"
    )
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 in spite of findings")
    parser.add_argument(
        "--fail-level", choices=LEVELS, default="error", help="the least severity that exits with 1"
    )
    parser.add_argument("--fix", action="store_true", help="repair what is safe, then report what is left")
    parser.add_argument("--output", metavar="FILE", help="with --fix: where the repaired graph goes")
    options.add_fix_options(parser)
    options.add_talk(parser)


def run(args: Namespace) -> int:
    """Lint every model, write every report; 2 if one could not be read, else 1 if one fails."""
    from minmax_lint.cli.output import emit, output_targets

    targets = output_targets(args.output_format)
    _check_usage(args)
    found = lint_all(args)
    emit(found, targets)
    return exit_code(found, args.fail_level, exit_zero=args.exit_zero)


def lint_all(args: Namespace) -> Run:
    """The reports of all models named; one that cannot be read does not hide the others."""
    from minmax_lint.cli.source import profiles_of
    from minmax_lint.reporters import Run, Unreadable
    from minmax_lint.rules.selection import Selection

    profiles = profiles_of(args)
    selection = Selection(args.select, args.ignore)
    reports: list[Report] = []
    unreadable: list[Unreadable] = []
    fixed = 0
    for path in with_progress(args.graphs, "linting", quiet=args.quiet):
        try:
            report, healed = lint_one(args, path, profiles, selection)
        except UserError as error:
            complain(str(error))
            unreadable.append(Unreadable(path, str(error)))
            continue
        reports.append(report)
        fixed += healed
        for finding in report.findings:
            if finding.code == UNKNOWN_OUTPUT:
                complain(f"{path}: {finding.message}")
    return Run(
        tuple(reports),
        tuple(unreadable),
        options.endpoint_words(args),
        verbose=args.verbose,
        quiet=args.quiet,
        statistics=args.statistics,
        fixed=fixed,
    )


def lint_one(
    args: Namespace, path: str, profiles: tuple[Profile, ...], selection: Selection
) -> tuple[Report, int]:
    """One model's report, after the fix where one is asked for, and how many findings that healed."""
    from minmax_lint.cli.source import open_source

    source = open_source(args, path)
    report = source.lint(profiles, selection)
    if not args.fix or not any(finding.fix for finding in report.findings):
        return report, 0
    after = _fixed(args, source, report, selection)
    return after, max(len(report.findings) - len(after.findings), 0)


def exit_code(run: Run, fail_level: str, *, exit_zero: bool) -> int:
    """Contract: 2 unreadable input or unknown output, 1 findings at the level, 0 else."""
    findings = [finding for report in run.reports for finding in report.findings]
    if run.unreadable or any(finding.code == UNKNOWN_OUTPUT for finding in findings):
        return 2
    failing = any(LEVELS.index(finding.severity) <= LEVELS.index(fail_level) for finding in findings)
    return 1 if failing and not exit_zero else 0


def _check_usage(args: Namespace) -> None:
    if not args.graphs:
        raise UserError("name a graph to check, as in `minmax-lint check model.pb`")
    if args.fix and not args.output and not args.in_place:
        raise UserError("--fix needs --output FILE for the repaired graph, or --in-place")
    if args.fix and args.output and len(args.graphs) > 1:
        raise UserError("--output takes one graph; fix several with --in-place, or one by one")
    if not args.fix and (args.output or args.in_place):
        raise UserError("--output and --in-place say where --fix writes: give --fix as well")


def _fixed(args: Namespace, source: Source, report: Report, selection: Selection) -> Report:
    """Repair the model, write it, and report on what was written; the report as it was where none fits."""
    from minmax_lint.cli.fix import destination_of, patched

    destination = destination_of(args, source.path)
    assert destination is not None
    try:
        patch = patched(args, source)
    except UserError as error:
        say(f"not fixed: {error}")
        return report
    if patch.empty:
        say(f"not fixed: {patch.reason}")
        return report
    say(f"wrote {patch.save(destination, in_place=args.in_place)}")
    left = tuple(filter(selection.accepts, patch.after.findings))
    return replace(patch.after, findings=left, inferred=report.inferred, inferred_how=report.inferred_how)
