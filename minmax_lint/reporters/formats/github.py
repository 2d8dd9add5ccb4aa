"""Annotations of GitHub Actions: the worst ten, then a summary; the rest goes to the job's summary."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from minmax_lint.errors import UserError
from minmax_lint.escaping import name, workflow_data, workflow_property
from minmax_lint.report.words import first_of_fused, number_of
from minmax_lint.reporters.formats import markdown
from minmax_lint.reporters.lines import FIRST, place_of
from minmax_lint.reporters.run import Run, counts_text
from minmax_lint.rules.framework.finding import SEVERITIES, Finding

MOST = 10
"""GitHub shows no more annotations of a step."""
COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(run: Run, out: TextIO) -> None:
    """Write workflow commands to `out`, and the whole run as Markdown to $GITHUB_STEP_SUMMARY if set."""
    found = [(report, finding) for report in run.reports for finding in report.findings]
    found.sort(key=lambda pair: SEVERITIES.index(pair[1].severity))
    for failed in run.unreadable:
        out.write(_command("error", failed.path, "minmax-lint", (failed.message,)))
    for report, finding in found[:MOST]:
        title = f"{finding.code} {finding.name}"
        path, line = place_of(report, finding)
        out.write(_command(COMMANDS[finding.severity], path, title, _message(finding), line))
    out.write(_summary(run, len(found)) + "\n")
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                markdown.render(run, file)
        except OSError as error:
            raise UserError(
                f"the job's summary {summary} (GITHUB_STEP_SUMMARY) cannot be written: {error.strerror}"
            ) from None


def _message(finding: Finding) -> tuple[str, str]:
    where = f" (node {name(first_of_fused(finding.place))})" if finding.place else ""
    return f"{finding.message}{where}", finding.remedy


def _summary(run: Run, total: int) -> str:
    hidden = f"; {total - MOST} not shown as annotations" if total > MOST else ""
    models = len(run.reports)
    unread = f"; {len(run.unreadable)} could not be read" if run.unreadable else ""
    return f"minmax-lint: {counts_text(run)} in {number_of(models, 'model')}{unread}{hidden}"


def _command(kind: str, path: str, title: str, message: Sequence[str], line: int = FIRST) -> str:
    properties = f"file={workflow_property(path)},line={line},title={workflow_property(title)}"
    return f"::{kind} {properties}::{workflow_data(*message)}\n"
