"""Markdown."""

from dataclasses import replace

import pytest

from minmax_lint.reporters import Run
from minmax_lint.reporters.formats.markdown import MOST_ROWS
from tests.reporters.golden_file import assert_golden
from tests.reporters.reports import BROKEN, CLEAN, MIXED, MM110, report
from tests.reporters.test_golden import rendered


@pytest.mark.parametrize(("name", "run"), [("broken", BROKEN), ("clean", CLEAN), ("mixed", MIXED)])
def test_markdown_has_verdicts_and_findings_as_tables(name, run):
    assert_golden(f"markdown-{name}.md", rendered(run, "markdown"))


def test_a_name_cannot_break_the_table():
    text = rendered(Run((report(replace(MM110, message="a|b\n<script>`x`", node="n|`m")),)), "markdown")
    row = next(line for line in text.splitlines() if line.startswith("| MM110"))
    assert r"a\|b \<script\>\`x\`" in row
    assert r"`` n\|`m ``" in row


def test_a_summary_of_very_many_findings_stays_short():
    many = [replace(MM110, node=f"n{i}", array=f"n{i}") for i in range(MOST_ROWS + 5)]
    text = rendered(Run((report(*many),)), "markdown")
    assert text.count("| MM110 ") == MOST_ROWS
    assert "And 5 more." in text
