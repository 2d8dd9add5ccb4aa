"""Many models at once: each is linted in a process of its own, the reports come back in order.

A graph does not travel between processes (it is a view of a mapped file): the report comes without it, and where it is
drawn, with the drawing.
"""

from __future__ import annotations

import os
import signal
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from minmax_lint.cli.streams import no_room
from minmax_lint.errors import UserError
from minmax_lint.loaders.remote.download import discard

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from minmax_lint.config import Settings, Target
    from minmax_lint.report.report import Report
    from minmax_lint.reporters.picture import Picture
    from minmax_lint.workflows.opened import Opened

WORTH_IT = 4
"""Fewer models than this are linted one after the other: processes cost time as well."""
DRAWING = ("dot", "html", "model-explorer")
"""Formats that draw the graph."""


class InternalError(NamedTuple):
    """A fault of ours on one model: what was raised, and the traceback that a report of it needs."""

    summary: str
    traceback: str

    @classmethod
    def of(cls, error: Exception) -> InternalError:
        """From the exception that is being handled."""
        import traceback

        summary = " ".join(f"{type(error).__name__}: {error}".split())
        return cls(summary, "".join(traceback.format_exception(error)))


class Outcome(NamedTuple):
    """One model's report, or why there is none."""

    found: Report | UserError | InternalError
    picture: Picture | None = None
    """What is drawn of the report's graph, where that stayed in another process."""
    others: tuple[Report, ...] = ()
    """Those on the model's other signatures that a script converts."""


def reports(
    args: Namespace, settings: Settings, models: Sequence[Target]
) -> Iterator[tuple[Target, Outcome]]:
    """What came of each model, in order: a bad model never hides the reports on the others.

    The processes start here and now: before a progress bar has a thread that a fork would tear apart.
    """
    jobs = min(args.jobs or os.cpu_count() or 1, len(models))
    if jobs < 2 or (args.jobs is None and len(models) < WORTH_IT) or any(m.path == "-" for m in models):
        return ((model, _outcome(args, settings, model)) for model in models)
    from concurrent.futures import ProcessPoolExecutor

    from minmax_lint.isolation import safe_path

    pool = ProcessPoolExecutor(jobs, initializer=_leave_when_interrupted)
    with safe_path():
        pending = [pool.submit(_outcome_elsewhere, args, settings, model) for model in models]
    return _collect(args, settings, pool, models, pending)


def _collect(
    args: Namespace,
    settings: Settings,
    pool: Executor,
    models: Sequence[Target],
    pending: Sequence[Future[Outcome]],
) -> Iterator[tuple[Target, Outcome]]:
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children

    try:
        for model, future in zip(models, pending, strict=True):
            try:
                outcome = future.result()
            except BrokenProcessPool:  # a process died: of this model, or of another that waited with it
                outcome = _alone(args, settings, model)
            yield model, outcome
    except BaseException:
        for process in active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown()


def _leave_when_interrupted() -> None:
    """Ctrl+C ends this process at once; a pool's own would go on with the next model."""

    def leave(*_: object) -> None:
        discard()
        os._exit(1)

    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, leave)


def _alone(args: Namespace, settings: Settings, model: Target) -> Outcome:
    """The outcome in a process that no other model shares."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    from minmax_lint.isolation import safe_path

    try:
        with safe_path(), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            return pool.submit(_outcome_elsewhere, args, settings, model).result()
    except BrokenProcessPool:
        return Outcome(
            UserError(f"{model.path}: the process that linted it died (out of memory?); lint it alone")
        )


def _outcome(args: Namespace, settings: Settings, model: Target) -> Outcome:
    from minmax_lint.cli.source import open_source

    try:
        opened = open_source(args, model)
        found = [_report(args, settings, model, one) for one in (opened, *opened.others)]
        return Outcome(found[0], others=tuple(found[1:]))
    except UserError as error:
        return Outcome(error)
    except Exception as error:
        return Outcome(no_room(error) or InternalError.of(error))


def _report(args: Namespace, settings: Settings, model: Target, opened: Opened) -> Report:
    found = settings.adjust(opened.lint(settings.values.selection), model)
    return _with_comparison(opened, found) if "html" in _formats(args) else found


def _formats(args: Namespace) -> set[str]:
    return {text.partition("=")[0] for text in args.output_format}


def _with_comparison(opened: Opened, report: Report) -> Report:
    """The report with every way of converting the model; of a finished model there are none."""
    from minmax_lint.workflows.compare import compare_opened

    if opened.model.finished is not None or any(f.code == "MM901" for f in report.findings):
        return report
    return replace(report, comparison=compare_opened(opened))


def _outcome_elsewhere(args: Namespace, settings: Settings, model: Target) -> Outcome:
    """What another process sends back: of a report all but its graphs."""
    from minmax_lint.reporters.picture import picture

    try:
        outcome = _outcome(args, settings, model)
        if isinstance(outcome.found, (UserError, InternalError)) or not _formats(args) & {*DRAWING}:
            return outcome
        return outcome._replace(picture=picture(outcome.found))
    finally:
        discard()
