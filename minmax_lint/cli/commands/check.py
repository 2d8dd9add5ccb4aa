"""`minmax-lint check`: lint models, optionally fix them, and report."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from typing import TYPE_CHECKING

from minmax_lint.cli import options, values
from minmax_lint.cli.streams import complain, complain_of_bug, say, with_progress
from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from minmax_lint.cli.files import ReadFiles
    from minmax_lint.cli.parallel import InternalError
    from minmax_lint.config import Settings, Target
    from minmax_lint.report.report import Report
    from minmax_lint.reporters import Run, Unreadable

LEVELS = ("error", "warning", "info")
UNKNOWN_OUTPUT = "MM901"
"""The finding that is bad usage as well: exit code 2."""


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    options.add_graph(parser, several=True)
    options.add_endpoints(parser)
    options.add_converters(parser)
    parser.add_argument(
        "--source",
        metavar="GRAPH",
        help="for a .tflite: the graph it was made from; -i and -o name arrays of that graph then",
    )
    options.add_script(parser)
    parser.add_argument(
        "--calibrate",
        dest="dataset",
        metavar="DATA",
        help="the representative dataset (.npz, .npy, a folder, TFRecords, module:function, which is run): its first "
        "samples are compared with the graph",
    )
    options.add_selection(parser)
    options.add_formats(parser, options.FORMATS)
    _add_levels(parser)
    _add_repair(parser)
    parser.add_argument(
        "-j", "--jobs", metavar="N", type=values.positive, help="models linted at once (default: all cores)"
    )
    parser.add_argument(
        "--watch",
        action="store_true",
        help="lint again whenever a file that was read changes, until Ctrl+C (needs watchfiles: the extra `watch`)",
    )
    options.add_configuration(parser)
    options.add_talk(parser)


def _add_levels(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--statistics", action="store_true", help="how often each rule was broken, worst first"
    )
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 in spite of findings")
    parser.add_argument(
        "--fail-level", choices=LEVELS, help="the least severity that exits with 1 (default: error)"
    )


def _add_repair(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--diff",
        action="store_true",
        help="with --script: print the patch of the script alone, as `patch` takes it; nothing is written, and the "
        "exit code is 1 where there is one",
    )
    parser.add_argument("--fix", action="store_true", help="repair what is safe, then report what is left")
    parser.add_argument("--output", metavar="FILE", help="with --fix: where the repaired graph goes")
    options.add_fix_options(parser)


def run(args: Namespace) -> int:
    """Lint every model, write every report; 2 if one could not be read, else 1 if one fails."""
    from minmax_lint.cli.script import models_of_script

    args.graphs = args.graphs or models_of_script(args)
    if args.watch:
        from minmax_lint.cli.watch import watch_models

        return watch_models(args, once)
    return once(args)


def once(args: Namespace) -> int:
    """One run, whether another follows or not."""
    from minmax_lint.cli.files import read_files
    from minmax_lint.cli.installed import note_on_installed
    from minmax_lint.cli.output import emit, output_destinations
    from minmax_lint.cli.script import no_model_of_script
    from minmax_lint.cli.settings import settings_of
    from minmax_lint.converters.profile import profiles
    from minmax_lint.reporters import format_names, renderer

    profiles(args.converter)
    settings = settings_of(args)
    models = settings.targets(args.graphs, lambda: no_model_of_script(args))
    _check_usage(args, len(models))
    read = read_files(args, settings, models)
    taken = read.destination(args.output, model=models[0].path) if args.output else None
    formats = output_destinations(args.output_format, format_names(), read, taken)
    if args.diff:
        return _diff(args, settings, models[0])
    found = lint_all(args, settings, models, read)
    emit(formats, lambda form, out: renderer(form)(found, out))
    if note := note_on_installed(args, found, settings.place()):
        say(note)
    return exit_code(found, settings.values["fail-level"], exit_zero=args.exit_zero)


def lint_all(args: Namespace, settings: Settings, models: Sequence[Target], read: ReadFiles) -> Run:
    """The reports of all models; one that cannot be read does not hide the others."""
    from minmax_lint.cli.parallel import InternalError, reports
    from minmax_lint.reporters import Run, Unreadable

    done: list[Report] = []
    unreadable: list[Unreadable] = []
    pictures = {}
    fixed = 0
    outcomes = reports(args, settings, models)
    for model, one in with_progress(outcomes, len(models), "linting", quiet=args.quiet):
        outcome = one.found
        if isinstance(outcome, UserError):
            complain(str(outcome))
            unreadable.append(Unreadable(model.path, str(outcome)))
            continue
        if isinstance(outcome, InternalError):
            unreadable.append(_bug(model, outcome))
            continue
        report, bug = _as_fixed(args, settings, model, outcome, read)
        fixed += max(len(outcome.findings) - len(report.findings), 0)
        unreadable += [bug] if bug is not None else []
        if one.picture is not None and report is outcome:
            pictures[model.path] = one.picture
        done += [report, *one.others]
        for finding in report.findings:
            if finding.code == UNKNOWN_OUTPUT and not _read_by_people(args):
                complain(f"{model.path}: {finding.message}")
    return Run(
        tuple(done),
        tuple(unreadable),
        options.endpoint_words(args),
        verbose=args.verbose,
        quiet=args.quiet,
        statistics=args.statistics,
        selected=settings.values.selection.codes(),
        pictures=pictures,
        fixed=fixed,
    )


def _read_by_people(args: Namespace) -> bool:
    """Whether standard output shows the findings as text; an error line would say the same once more."""
    return not args.output_format or bool({"full", "concise"} & {*args.output_format})


def _bug(model: Target, error: InternalError) -> Unreadable:
    """Complain of a fault of ours; it counts as a model that could not be read."""
    from minmax_lint.reporters import Unreadable

    complain_of_bug(error.traceback, model.path)
    return Unreadable(model.path, f"a bug in minmax-lint ({error.summary})")


def exit_code(run: Run, fail_level: str, *, exit_zero: bool) -> int:
    """Contract: 2 unreadable input or unknown output, 1 findings at the level, 0 else."""
    findings = [finding for report in run.reports for finding in report.findings]
    if run.unreadable or any(finding.code == UNKNOWN_OUTPUT for finding in findings):
        return 2
    failing = any(LEVELS.index(finding.severity) <= LEVELS.index(fail_level) for finding in findings)
    return 1 if failing and not exit_zero else 0


def _diff(args: Namespace, settings: Settings, model: Target) -> int:
    """Print the patch of the script; 1 where there is one."""
    from minmax_lint.cli.script import patch_of_script, print_diff

    patch = patch_of_script(args, settings, model)
    print_diff(patch)
    return 0 if patch.empty or args.exit_zero else 1


def _check_usage(args: Namespace, models: int) -> None:
    if args.diff and (not args.script or models != 1 or args.fix or args.watch or args.output_format):
        raise UserError(
            "--diff prints the patch of one script for one model: give GRAPH --script FILE.py --diff"
        )
    if args.fix and not args.output and not args.in_place:
        raise UserError("--fix needs --output FILE for the repaired graph, or --in-place")
    if args.watch and (args.fix or "-" in args.graphs):
        raise UserError("--watch lints files again when they change: without --fix, and not standard input")
    if args.fix and args.output and models > 1:
        raise UserError("--output takes one graph; fix several with --in-place, or one by one")
    if args.fix and "-" in args.graphs:
        raise UserError("check --fix reads the graph twice; use `minmax-lint fix - --output FILE`")
    if not args.fix and (args.output or args.in_place):
        raise UserError("--output and --in-place say where --fix writes: give --fix as well")
    if not args.fix:
        options.refuse_fix_options(args, *(["unsafe_fixes"] if args.diff else []))


def _as_fixed(
    args: Namespace, settings: Settings, model: Target, report: Report, read: ReadFiles
) -> tuple[Report, Unreadable | None]:
    """The report on the repaired model where a repair is asked for and fits; and our own bug, where that ends it."""
    from minmax_lint.cli.parallel import InternalError

    if args.fix and any(finding.fix for finding in report.findings):
        try:
            return _fix(args, settings, model, report, read), None
        except UserError as error:
            say(f"not fixed: {error}")
        except Exception as error:
            return report, _bug(model, InternalError.of(error))
    return report, None


def _fix(args: Namespace, settings: Settings, model: Target, report: Report, read: ReadFiles) -> Report:
    """Repair the model, write it, and report on what was written; the report as it was where nothing changes.

    Raises UserError where nothing can be written.
    """
    from minmax_lint.cli.commands.fix import destination_of, patch_model
    from minmax_lint.cli.source import open_source

    destination = destination_of(args, model.path, read)
    assert destination is not None
    patch = patch_model(args, open_source(args, model))
    if patch.empty:
        say(f"not fixed: {patch.reason}")
        return report
    say(f"wrote {patch.save(destination, in_place=args.in_place)}")
    accepts = settings.values.selection.accepts
    ignored = tuple(finding for finding in patch.after.findings if not accepts(finding))
    after = replace(
        patch.after,
        findings=tuple(finding for finding in patch.after.findings if accepts(finding)),
        ignored=ignored,
        left_out={"selection": len(ignored)},
        inferred_how=report.inferred_how,
    )
    return settings.adjust(after, model)
