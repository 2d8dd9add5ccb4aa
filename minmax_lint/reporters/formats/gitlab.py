"""GitLab's code quality report (a JSON list), for `artifacts: reports: codequality:`."""

import hashlib
from typing import TextIO

from minmax_lint.escaping import json_text, sentence
from minmax_lint.reporters.lines import FIRST, place_of
from minmax_lint.reporters.run import Run

SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}
UNREADABLE = "blocker"


def render(run: Run, out: TextIO) -> None:
    """Write one entry a finding; fingerprints are distinguished by model."""
    entries = [
        {
            "description": f"{finding.code} {sentence(finding.message)}",
            "check_name": finding.name,
            "fingerprint": _fingerprint(report.path, finding.fingerprint),
            "severity": SEVERITIES[finding.severity],
            "location": _location(*place_of(report, finding)),
        }
        for report in run.reports
        for finding in report.findings
    ]
    entries += [
        {
            "description": sentence(failed.message),
            "check_name": "unreadable-model",
            "fingerprint": _fingerprint(failed.path, "unreadable-model"),
            "severity": UNREADABLE,
            "location": {"path": failed.path, "lines": {"begin": FIRST}},
        }
        for failed in run.unreadable
    ]
    out.write(json_text(entries))


def _location(path: str, line: int) -> dict[str, object]:
    return {"path": path, "lines": {"begin": line}}


def _fingerprint(path: str, own: str) -> str:
    return hashlib.sha256(f"{path}\0{own}".encode()).hexdigest()[:32]
