"""One line a finding: `path: CODE severity message [node]`."""

from __future__ import annotations

from typing import TextIO

from minmax_lint.reporters.run import Run
from minmax_lint.reporters.text import one_line


def render(run: Run, out: TextIO) -> None:
    """Write the findings, one a line, and nothing else."""
    for report in run.reports:
        for finding in report.findings:
            where = f" [{finding.place}]" if finding.place else ""
            message = " ".join(finding.message.split())
            out.write(one_line(f"{report.path}: {finding.code} {finding.severity} {message}{where}") + "\n")
