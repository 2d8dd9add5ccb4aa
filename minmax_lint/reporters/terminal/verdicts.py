"""The head of a model's report: what it is, and one line a converter."""

from minmax_lint.report.report import Report
from minmax_lint.report.words import WORDS, ends_text, number_of, profile_titles, verdict_detail
from minmax_lint.reporters.terminal.page import Page


def print_path(page: Page, report: Report) -> None:
    """The rule with the model's path, in the colour of its worst finding."""
    style = "red" if report.count("error") else "yellow" if report.count("warning") else "green"
    page.rule(report.path, style)


def print_head(page: Page, report: Report) -> None:
    """The model: format, inputs, outputs, how much of it the converter keeps."""
    print_path(page, report)
    kept = f"{report.kept_nodes} of {number_of(report.nodes, 'node')} kept"
    ends = ends_text(report.inputs, report.outputs, page.glyphs.arrow)
    page.block(("   ",), f"{report.format}, {kept}:  {ends}")
    if report.inferred:
        page.block(("   ",), f"inferred: {report.inferred_how}", "dim")
    if report.chosen:
        page.block(("   ",), f"converter: {report.chosen}", "dim")
    if report.note:
        page.block(("   ",), f"note: {report.note}", "dim")


_WIDEST = 60
"""A longer title, of calls at one place of a script, has a line of its own."""


def print_verdicts(page: Page, report: Report) -> None:
    """One verdict line a converter."""
    titles = profile_titles(report.predictions)
    title_width = max(map(len, titles.values()), default=0)
    words = [WORDS[prediction.verdict][0] for prediction in report.predictions.values()]
    word_width = max(map(len, words), default=0)
    symbols = {"quantized": page.glyphs.ok, "float": "!", "abort": page.glyphs.fail, "undetermined": "?"}
    for name, prediction in report.predictions.items():
        word, style = WORDS[prediction.verdict]
        symbol = (f" {symbols[prediction.verdict]} ", f"bold {style}")
        answer = (f"{word:{word_width}}   ", f"bold {style}")
        if title_width > _WIDEST:
            page.block((symbol,), titles[name])
            page.block(("   ", answer), verdict_detail(prediction))
        else:
            page.block((symbol, f"{titles[name]:{title_width}}   ", answer), verdict_detail(prediction))
