"""Markdown, for pull requests, job summaries and wikis."""

from typing import TextIO

from minmax_lint.escaping import markdown_block, markdown_code, markdown_text
from minmax_lint.report.report import Report
from minmax_lint.report.words import WORDS, first_of_fused, number_of, profile_titles, verdict_detail
from minmax_lint.reporters.run import Run, counts_text
from minmax_lint.rules.framework.finding import Finding

FIXES = {"safe": "What is safe to fix", "unsafe": "Everything that can be fixed; values change"}
MOST_ROWS = 200
"""Findings of one model; a job's summary may hold 1 MiB at most."""
SYMBOLS = {"quantized": "✅", "float": "⚠️", "abort": "❌", "undetermined": "❔"}


def render(run: Run, out: TextIO) -> None:
    """Write one section a model."""
    out.write("# minmax-lint\n\n")
    out.write(f"{counts_text(run)} in {number_of(len(run.reports), 'model')}.\n")
    for report in run.reports:
        _write_report(run, report, out)
    for failed in run.unreadable:
        out.write(f"\n## {markdown_code(failed.path)}\n\n❌ {markdown_text(failed.message)}\n")


def _write_report(run: Run, report: Report, out: TextIO) -> None:
    out.write(f"\n## {markdown_code(report.path)}\n\n")
    inputs, outputs = (
        ", ".join(map(markdown_code, names)) or "none" for names in (report.inputs, report.outputs)
    )
    out.write(f"{report.kept_nodes} of {report.nodes} nodes kept, {inputs} → {outputs}.\n\n")
    out.write("| Converter | Verdict | Why |\n| --- | --- | --- |\n")
    for name, prediction in report.predictions.items():
        word, _ = WORDS[prediction.verdict]
        detail = markdown_text(verdict_detail(prediction))
        out.write(
            f"| {profile_titles(report.predictions)[name]} | {SYMBOLS[prediction.verdict]} {word} | {detail} |\n"
        )
    if not report.findings:
        out.write("\nNo findings.\n")
        return
    out.write("\n| Rule | Severity | Finding | Node | What to do |\n| --- | --- | --- | --- | --- |\n")
    for finding in report.findings[:MOST_ROWS]:
        out.write(_row(finding))
    if len(report.findings) > MOST_ROWS:
        out.write(f"\nAnd {len(report.findings) - MOST_ROWS} more.\n")
    commands = run.fix_commands(report)
    for applicability, command in commands.items():
        title = FIXES[applicability] if len(commands) > 1 else "To fix it"
        out.write(f"\n{title}:\n\n{markdown_block(command, 'sh')}")


def _row(finding: Finding) -> str:
    cells = (
        f"{finding.code} {finding.name}",
        finding.severity,
        markdown_text(finding.message),
        markdown_code(first_of_fused(finding.place), in_table=True) if finding.place else "",
        markdown_text(finding.remedy),
    )
    return f"| {' | '.join(cells)} |\n"
