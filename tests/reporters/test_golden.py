"""Every report, word for word. `MINMAX_LINT_UPDATE_GOLDEN=1 pytest tests/reporters` writes them anew."""

import re
from pathlib import Path

import pytest

from minmax_lint.reporters import Run, format_names, renderer
from minmax_lint.version import __version__
from tests.reporters.golden_file import UPDATE, Stream, assert_golden
from tests.reporters.reports import (
    ACCEPTED,
    BROKEN,
    CLEAN,
    LONG,
    MANY,
    MIXED,
    QUIET,
    STATISTICS,
    UNEXPLAINED,
    VERBOSE,
)

RUNS = {
    "broken": BROKEN,
    "clean": CLEAN,
    "mixed": MIXED,
    "many": MANY,
    "unexplained": UNEXPLAINED,
    "accepted": ACCEPTED,
    "long": LONG,
    "verbose": VERBOSE,
    "quiet": QUIET,
    "statistics": STATISTICS,
}


OF_THEIR_OWN = {file.stem.removeprefix("test_") for file in Path(__file__).parent.glob("test_*.py")}
PICTURES = {"dot", "model-explorer"}
FOR_MACHINES = sorted(set(format_names()) - OF_THEIR_OWN - PICTURES - {"full"})
"""Formats that have golden files of a broken, a mixed and a clean model; the others have a test file of their own."""


def rendered(run: Run, name: str, stream: Stream | None = None) -> str:
    stream = stream or Stream()
    renderer(name)(run, stream)
    return stream.getvalue()


@pytest.mark.parametrize("run", RUNS)
def test_full_report_in_a_log(run: str) -> None:
    assert_golden(f"full-{run}.txt", rendered(RUNS[run], "full"))


@pytest.mark.parametrize("run", ["broken", "mixed"])
def test_full_report_where_the_encoding_is_ascii(run: str) -> None:
    text = rendered(RUNS[run], "full", Stream(encoding="ascii"))
    assert text.isascii()
    assert_golden(f"full-{run}-ascii.txt", text)


@pytest.mark.parametrize("columns", [60, 120])
def test_full_report_at_other_widths(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert_golden(f"full-mixed-{columns}.txt", rendered(MIXED, "full"))


@pytest.mark.parametrize("name", FOR_MACHINES)
@pytest.mark.parametrize("run", ["broken", "mixed", "clean"])
def test_formats_for_machines(name: str, run: str) -> None:
    text = rendered(RUNS[run], name).replace(f'"version": "{__version__}"', '"version": "VERSION"')
    assert_golden(f"{name}-{run}.txt", text)


@pytest.mark.parametrize("text", ["a line", ""])
def test_a_golden_file_that_is_missing_says_how_to_write_it(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MINMAX_LINT_UPDATE_GOLDEN", raising=False)
    with pytest.raises(pytest.fail.Exception, match=re.escape(UPDATE)):
        assert_golden("missing.txt", text)


def test_a_terminal_gets_colour_and_the_same_words() -> None:
    coloured = rendered(MIXED, "full", Stream(terminal=True))
    assert "\x1b[" in coloured
    assert _without_colour(coloured).split() == rendered(MIXED, "full").split()


@pytest.mark.parametrize("setting", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_color_and_dumb_terminals_get_none(
    setting: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*setting)
    assert "\x1b" not in rendered(MIXED, "full", Stream(terminal=True))


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_is_wider_than_the_page_but_names_and_commands(
    run: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for line in rendered(RUNS[run], "full").splitlines():
        assert len(line) <= columns or "minmax-lint fix" in line or "InceptionV3/" in line


def _without_colour(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
