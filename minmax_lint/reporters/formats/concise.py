"""One line a finding: `path: CODE severity message [node]`."""

from __future__ import annotations

from typing import TextIO

from minmax_lint.escaping import log_line, name, sentence
from minmax_lint.reporters.run import Run


def render(run: Run, out: TextIO) -> None:
    """Write the findings, one a line, and nothing else."""
    for report in run.reports:
        for finding in report.findings:
            where = f" [{name(finding.place)}]" if finding.place else ""
            message = sentence(finding.message)
            out.write(log_line(f"{report.path}: {finding.code} {finding.severity} {message}{where}") + "\n")
