"""Several models at a glance: one row each, what every converter will do, and how many findings there are."""

from minmax_lint.report.report import Report
from minmax_lint.report.words import WORDS, number_of
from minmax_lint.reporters.run import Run
from minmax_lint.reporters.terminal.page import Page, Part
from minmax_lint.rules.framework.finding import SEVERITIES


def print_overview(page: Page, run: Run) -> None:
    """The table; models stand in the order in which they were named."""
    profiles = list(dict.fromkeys(name for report in run.reports for name in report.predictions))
    page.rule(f"{len(run.reports)} models", "cyan")
    rows = [_row(report, profiles) for report in run.reports]
    page.table((*profiles, "findings", "model"), rows)
    page.line()


def _row(report: Report, profiles: list[str]) -> tuple[Part, ...]:
    verdicts: list[Part] = []
    for name in profiles:
        found = report.predictions.get(name)
        verdicts.append("-" if found is None else WORDS[found.verdict])
    counts = {level: report.count(level) for level in SEVERITIES}
    totals = ", ".join(f"{number_of(count, level)}" for level, count in counts.items() if count)
    return (*verdicts, totals or ("none", "dim"), report.path)
