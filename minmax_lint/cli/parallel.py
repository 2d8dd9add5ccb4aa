"""Many models at once: each is linted in a process of its own, the reports come back in order.

A graph does not travel between processes (it is a view of a mapped file), and reading one costs little
beside the predictions: the findings travel, the graph is read again where it is needed.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from minmax_lint.cli.streams import no_room
from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from minmax_lint.config import Settings, Target
    from minmax_lint.report.report import Report
    from minmax_lint.workflows.opened import Opened

WORTH_IT = 4
"""Fewer models than this are linted one after the other: processes cost time as well."""
_GRAPHS = ("source", "trace")


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
    """One model's report without its graphs, or why there is none."""

    fields: dict[str, Any]
    error: UserError | InternalError | None = None


def reports(
    args: Namespace, settings: Settings, models: Sequence[Target]
) -> Iterator[tuple[Target, Report | UserError | InternalError]]:
    """The report of each model in order, or why there is none: a bad model never hides the reports on the others.

    The processes start here and now: before a progress bar has a thread that a fork would tear apart.
    """
    jobs = min(args.jobs or os.cpu_count() or 1, len(models))
    if jobs < 2 or (args.jobs is None and len(models) < WORTH_IT) or any(m.path == "-" for m in models):
        return ((model, _report(args, settings, model)) for model in models)
    from concurrent.futures import ProcessPoolExecutor

    from minmax_lint.isolation import safe_path

    pool = ProcessPoolExecutor(jobs)
    with safe_path():
        pending = [pool.submit(_outcome, args, settings, model) for model in models]
    return _collected(args, settings, pool, models, pending)


def _collected(
    args: Namespace,
    settings: Settings,
    pool: Executor,
    models: Sequence[Target],
    pending: Sequence[Future[Outcome]],
) -> Iterator[tuple[Target, Report | UserError | InternalError]]:
    from concurrent.futures.process import BrokenProcessPool

    with pool:
        for model, future in zip(models, pending, strict=True):
            try:
                outcome = future.result()
            except BrokenProcessPool:  # a process died: of this model, or of another that waited with it
                outcome = _alone(args, settings, model)
            yield model, _rebuilt(args, model, outcome)


def _alone(args: Namespace, settings: Settings, model: Target) -> Outcome:
    """The outcome in a process that no other model shares."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    from minmax_lint.isolation import safe_path

    try:
        with safe_path(), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            return pool.submit(_outcome, args, settings, model).result()
    except BrokenProcessPool:
        return Outcome(
            {}, UserError(f"{model.path}: the process that linted it died (out of memory?); lint it alone")
        )


def _report(args: Namespace, settings: Settings, model: Target) -> Report | UserError | InternalError:
    from minmax_lint.cli.source import open_source

    try:
        opened = open_source(args, model)
        found = settings.adjusted(opened.lint(settings.values.selection), model)
        return _compared(opened, found) if _shows_ways(args) else found
    except UserError as error:
        return error
    except Exception as error:
        return no_room(error) or InternalError.of(error)


def _shows_ways(args: Namespace) -> bool:
    """Whether a report begins with every way of converting the model."""
    return any(text.partition("=")[0] == "html" for text in args.output_format)


def _compared(opened: Opened, report: Report) -> Report:
    """The report with every way of converting the model; of a finished model there are none."""
    from minmax_lint.workflows.compare import compare_opened

    if opened.model.finished is not None or any(f.code == "MM901" for f in report.findings):
        return report
    return replace(report, comparison=compare_opened(opened))


def _outcome(args: Namespace, settings: Settings, model: Target) -> Outcome:
    found = _report(args, settings, model)
    if isinstance(found, (UserError, InternalError)):
        return Outcome({}, found)
    return Outcome({f.name: getattr(found, f.name) for f in fields(found) if f.name not in _GRAPHS})


def _rebuilt(args: Namespace, model: Target, outcome: Outcome) -> Report | UserError | InternalError:
    from minmax_lint.cli.source import open_source
    from minmax_lint.graph.freeze import frozen
    from minmax_lint.graph.names import parse_edge
    from minmax_lint.graph.trace import trace
    from minmax_lint.report.report import Report

    if outcome.error is not None:
        return outcome.error
    try:
        loaded = open_source(args, model)
    except UserError as error:  # the file has changed since
        return error
    graph = frozen(loaded.model.graph, loaded.model.variables)
    ends = [
        [name for name in names if parse_edge(name).node in graph]
        for names in (loaded.ends.inputs, loaded.ends.outputs)
    ]
    return Report(**outcome.fields, source=graph, trace=trace(graph, *ends))
