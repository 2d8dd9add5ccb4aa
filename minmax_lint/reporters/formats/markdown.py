"""Markdown, for pull requests, job summaries and wikis."""

from __future__ import annotations

import re
from typing import TextIO

from minmax_lint.converters.profile import PROFILES
from minmax_lint.report import Report
from minmax_lint.reporters.run import Run
from minmax_lint.rules.finding import SEVERITIES, Finding

SYMBOLS = {"quantized": "✅", "float": "⚠️", "abort": "❌", "undetermined": "❔"}


def render(run: Run, out: TextIO) -> None:
    """Write one section a model."""
    out.write("# minmax-lint\n\n")
    counts = ", ".join(f"{run.count(level)} {level}{'s' * (run.count(level) != 1)}" for level in SEVERITIES)
    out.write(f"{counts} in {len(run.reports)} model{'s' * (len(run.reports) != 1)}.\n")
    for report in run.reports:
        _write_report(run, report, out)
    for failed in run.unreadable:
        out.write(f"\n## {_code(failed.path)}\n\n❌ {_cell(failed.message)}\n")


def _write_report(run: Run, report: Report, out: TextIO) -> None:
    out.write(f"\n## {_code(report.path)}\n\n")
    inputs, outputs = (", ".join(map(_code, names)) or "none" for names in (report.inputs, report.outputs))
    out.write(f"{report.kept_nodes} of {report.nodes} nodes kept, {inputs} → {outputs}.\n\n")
    out.write("| Converter | Verdict | Integer | Says |\n| --- | --- | --- | --- |\n")
    for name, prediction in report.predictions.items():
        title = PROFILES[name].title if name in PROFILES else name
        share = prediction.integer_share
        percent = "" if share is None else f"{share:.0%}"
        says = _cell(prediction.message)
        symbol = SYMBOLS[prediction.verdict]
        out.write(f"| {title} | {symbol} {prediction.verdict} | {percent} | {says} |\n")
    if not report.findings:
        out.write("\nNo findings.\n")
        return
    out.write("\n| Rule | Severity | Finding | Node | What to do |\n| --- | --- | --- | --- | --- |\n")
    for finding in report.findings:
        out.write(_row(finding))
    command = run.fix_command(report)
    if command is not None:
        out.write(f"\n```sh\n{command}\n```\n")


def _row(finding: Finding) -> str:
    place = finding.node or finding.array
    how = finding.fix.description if finding.fix else finding.advice
    cells = (
        f"{finding.code} {finding.name}",
        finding.severity,
        _cell(finding.message),
        _code(place) if place else "",
        _cell(how),
    )
    return f"| {' | '.join(cells)} |\n"


def _cell(text: str) -> str:
    """One line that no character of a name turns into markup or another column."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    text = " ".join(text.split()).replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"
