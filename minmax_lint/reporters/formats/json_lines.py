"""One JSON object a finding, one finding a line."""

from typing import TextIO

from minmax_lint.escaping import json_text
from minmax_lint.reporters.document import finding_data
from minmax_lint.reporters.run import Run


def render(run: Run, out: TextIO) -> None:
    """Write each finding with the path of its model."""
    for report in run.reports:
        for finding in report.findings:
            out.write(json_text({"model": report.path, **finding_data(finding)}, indent=None))
