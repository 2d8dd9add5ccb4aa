"""A report as the small, static HTML that notebooks show (`Report._repr_html_`)."""

from __future__ import annotations

from minmax_lint.escaping import html_text
from minmax_lint.report.report import Report
from minmax_lint.reporters.words import WORDS, profile_titles, verdict_detail
from minmax_lint.rules.framework.finding import Finding, Step

_COLOURS = {
    "quantized": "#2e8b57",
    "float": "#b86e00",
    "abort": "#c62839",
    "undetermined": "#8a4fd3",
    "error": "#c62839",
    "warning": "#b86e00",
    "info": "#2f6fb5",
}
_CELL = "text-align:left;vertical-align:top;padding:2px 14px 2px 0"


def report_html(report: Report) -> str:
    """Verdicts as a table, findings as folded paragraphs; no script, no style sheet, no network."""
    ends = f"{', '.join(report.inputs) or 'no input'} → {', '.join(report.outputs) or 'no output'}"
    kept = f"{report.kept_nodes} of {report.nodes} nodes kept"
    findings = "".join(map(_finding, report.findings)) or "<p>No findings.</p>"
    return (
        f"<div><p><b>{html_text(report.path)}</b><br/>"
        f"<small>{html_text(f'{report.format}, {kept}: {ends}')}</small></p>"
        f"<table>{''.join(_verdict(report, name) for name in report.predictions)}</table>{findings}</div>"
    )


def _verdict(report: Report, name: str) -> str:
    found = report.predictions[name]
    word, _ = WORDS[found.verdict]
    return (
        f'<tr><td style="{_CELL}">{html_text(profile_titles(report)[name])}</td>'
        f'<td style="{_CELL};font-weight:bold;color:{_COLOURS[found.verdict]}">{word}</td>'
        f'<td style="{_CELL}">{html_text(verdict_detail(found))}</td></tr>'
    )


def _finding(finding: Finding) -> str:
    head = f'<b style="color:{_COLOURS[finding.severity]}">{finding.code} {finding.severity}</b>'
    path = "".join(f"<li>{_step(step)}</li>" for step in finding.path)
    parts = [
        f"<ol>{path}</ol>" if path else "",
        f"<p><b>Fix ({finding.fix.applicability}):</b> {html_text(finding.fix.description)}</p>"
        if finding.fix
        else "",
        f"<p><b>Advice:</b> {html_text(finding.advice)}</p>" if finding.advice else "",
    ]
    unfolded = ' open=""' if finding.severity == "error" else ""
    return (
        f"<details{unfolded}><summary>{head} {html_text(finding.message)}</summary>{''.join(parts)}</details>"
    )


def _step(step: Step) -> str:
    note = f" <i>{html_text(step.note)}</i>" if step.note else ""
    return f"<code>{html_text(step.node)}</code> {html_text(step.op)}, {step.role}{note}"
