"""One line a finding: `path: CODE severity message [node]`, or `script.py:12: CODE severity message [model]`."""

from typing import TextIO

from minmax_lint.escaping import log_line, name, sentence
from minmax_lint.report.words import first_of_fused
from minmax_lint.reporters.lines import FIRST, origin_of, place_of
from minmax_lint.reporters.run import Run


def render(run: Run, out: TextIO) -> None:
    """Write the findings, one a line, and nothing else."""
    for report in run.reports:
        for finding in report.findings:
            path, line = place_of(report, finding)
            origin = origin_of(finding)
            cell = origin.startswith(f"{path}:cell ")
            at = origin if cell else f"{path}:{line}" if line > FIRST else path
            about = report.path if origin else first_of_fused(finding.place or "")
            message = sentence(finding.message.removeprefix(f"{origin}: "))
            where = f" [{name(about)}]" if about else ""
            out.write(log_line(f"{at}: {finding.code} {finding.severity} {message}{where}") + "\n")
