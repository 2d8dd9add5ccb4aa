"""A report as the small, static HTML that notebooks show (`Report._repr_html_`)."""

from collections.abc import Mapping, Sequence

from minmax_lint.converters.prediction import Prediction
from minmax_lint.escaping import html_text
from minmax_lint.report.words import WORDS, profile_titles, verdict_detail
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


def report_html(
    path: str, about: str, predictions: Mapping[str, Prediction], findings: Sequence[Finding]
) -> str:
    """Verdicts as a table, findings as folded paragraphs; no script, no style sheet, no network.

    `about` is one line on the model: its format, its inputs and outputs.
    """
    titles = profile_titles(predictions)
    verdicts = "".join(_verdict(titles[name], found) for name, found in predictions.items())
    return (
        f"<div><p><b>{html_text(path)}</b><br/><small>{html_text(about)}</small></p>"
        f"<table>{verdicts}</table>{''.join(map(_finding, findings)) or '<p>No findings.</p>'}</div>"
    )


def _verdict(title: str, found: Prediction) -> str:
    word, _ = WORDS[found.verdict]
    return (
        f'<tr><td style="{_CELL}">{html_text(title)}</td>'
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
