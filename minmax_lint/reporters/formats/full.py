"""The report for people: verdict a converter, each finding with a drawing, the command that fixes it."""

from collections import Counter
from collections.abc import Mapping
from typing import TextIO

from minmax_lint.report.report import Report
from minmax_lint.report.words import failing_converters, number_of
from minmax_lint.reporters.run import Run
from minmax_lint.reporters.terminal.commands import print_repair, print_script_patch
from minmax_lint.reporters.terminal.findings import SEVERITY_STYLES, print_findings, severity_symbol
from minmax_lint.reporters.terminal.overview import print_overview
from minmax_lint.reporters.terminal.page import Page
from minmax_lint.reporters.terminal.verdicts import print_head, print_path, print_verdicts
from minmax_lint.rules.framework.finding import SEVERITIES, Applicability


def render(run: Run, out: TextIO) -> None:
    """Write every model, then one line that sums up. Quiet: the findings alone, below the model that has them."""
    page = Page(out)
    for report in run.reports:
        if not run.quiet:
            _print_report(page, run, report)
            page.line()
        elif report.findings:
            print_path(page, report)
            print_findings(page, run, report)
            page.line()
    if len(run.reports) > 1 and not run.quiet:
        print_overview(page, run)
    if run.statistics:
        _print_statistics(page, run)
    if not run.quiet:
        _print_summary(page, run)


def _print_report(page: Page, run: Run, report: Report) -> None:
    print_head(page, report)
    page.line()
    print_verdicts(page, report)
    print_findings(page, run, report)
    if report.ignored:
        count = len(report.ignored)
        by = {what: number for what, number in report.left_out.items() if number}
        why = (
            f" by {next(iter(by))}"
            if len(by) == 1
            else f": {', '.join(f'{n} by {what}' for what, n in by.items())}"
        )
        page.line()
        page.line((f"   {number_of(count, 'finding')} left out{why}", "dim"))
    _print_fix(page, run.fix_commands(report))
    if script := run.script_command(report):
        print_script_patch(page, script)


def _print_fix(page: Page, commands: Mapping[Applicability, str]) -> None:
    """What to run next: first what is safe; a fix that changes values or needs ranges says so."""
    if "safe" in commands:
        what = "what is safe to fix" if "unsafe" in commands else "it"
        print_repair(page, f"To fix {what}, run:", commands["safe"], unsafe=False)
    if "unsafe" in commands:
        sentence = "To fix the rest as well:" if "safe" in commands else "To fix it (the values change):"
        print_repair(page, sentence, commands["unsafe"], unsafe=True)


def _print_statistics(page: Page, run: Run) -> None:
    """Worst first, then most frequent."""
    findings = [finding for report in run.reports for finding in report.findings]
    counts = Counter((SEVERITIES.index(found.severity), found.code, found.name) for found in findings)
    fixable = Counter(found.code for found in findings if found.fix is not None)
    for (level, code, name), count in sorted(counts.items(), key=lambda item: (item[0][0], -item[1])):
        style = SEVERITY_STYLES[SEVERITIES[level]]
        note = f"{fixable[code]} fixable" if fixable[code] else ""
        page.line(f"{count:5}  ", (f"{code}  ", f"bold {style}"), f"{name:34}  ", (note, "green"))
    if counts:
        page.line()


def _print_summary(page: Page, run: Run) -> None:
    models, unread = len(run.reports), len(run.unreadable)
    if unread and not models:
        page.line((f"{page.glyphs.fail} {number_of(unread, 'model')} could not be read", "bold red"))
        return
    failed = f"; {number_of(unread, 'model')} could not be read" if unread else ""
    fixed = f"; {run.fixed} fixed" if run.fixed else ""
    where = f"in {number_of(models, 'model')}"
    counts = {severity: run.count(severity) for severity in SEVERITIES}
    worst = next((severity for severity in SEVERITIES if counts[severity]), None)
    if worst is None:
        bad = [name for report in run.reports for name in failing_converters(report.predictions)]
        symbol, style = (page.glyphs.ok, "bold green")
        if unread or bad:
            symbol, style = (page.glyphs.fail, "bold red") if unread else ("!", "bold yellow")
        but = f", but not quantized by {', '.join(dict.fromkeys(bad))}" if bad else ""
        if any(one.asked_float for report in run.reports for one in report.predictions.values()):
            but += ": the call sets no optimizations"
        page.block(((f"{symbol} No findings ", style),), f"{where}{but}{fixed}{failed}")
        return
    symbol = severity_symbol(page, worst)
    totals = ", ".join(f"{number_of(number, word)}" for word, number in counts.items() if number)
    fixable = _fixable_text(run)
    page.line((f"{symbol} {totals} ", f"bold {SEVERITY_STYLES[worst]}"), f"{where}{fixed}{fixable}{failed}")
    first = next(found.code for report in run.reports for found in report.findings if found.severity == worst)
    page.line((f"  `minmax-lint explain {first}` explains a rule", "dim"))


def _fixable_text(run: Run) -> str:
    safe = run.fixable
    unsafe = sum(found.fix is not None for report in run.reports for found in report.findings) - safe
    parts = [f"{safe} can be fixed safely"] if safe else []
    parts += [f"{unsafe} {'more ' if safe else 'can be fixed '}with --unsafe-fixes"] if unsafe else []
    return f"; {', '.join(parts)}" if parts else ""
