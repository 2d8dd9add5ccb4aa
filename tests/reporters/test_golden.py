"""Every report, word for word. `MINMAX_LINT_UPDATE_GOLDEN=1 pytest tests/reporters` writes them anew."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from minmax_lint.reporters import Run, renderer
from tests.reporters.reports import BROKEN, CLEAN, MANY, MIXED, QUIET, STATISTICS, VERBOSE

GOLDEN = Path(__file__).parent / "golden"
RUNS = {
    "broken": BROKEN,
    "clean": CLEAN,
    "mixed": MIXED,
    "many": MANY,
    "verbose": VERBOSE,
    "quiet": QUIET,
    "statistics": STATISTICS,
}


class Stream(io.StringIO):
    """A text stream that is a terminal or is not, with an encoding."""

    def __init__(self, *, terminal: bool = False, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    @property
    def encoding(self) -> str:
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


def rendered(run: Run, name: str, stream: Stream | None = None) -> str:
    stream = stream or Stream()
    renderer(name)(run, stream)
    return stream.getvalue()


def assert_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("MINMAX_LINT_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


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


@pytest.mark.parametrize("name", ["concise", "json", "json-lines"])
@pytest.mark.parametrize("run", ["broken", "mixed", "clean"])
def test_formats_for_machines(name: str, run: str) -> None:
    text = rendered(RUNS[run], name).replace(f'"version": "{_version()}"', '"version": "VERSION"')
    assert_golden(f"{name}-{run}.txt", text)


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
        assert len(line) <= columns or line.strip().startswith("minmax-lint fix")


def _without_colour(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _version() -> str:
    from minmax_lint.version import __version__

    return __version__
