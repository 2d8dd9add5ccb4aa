"""A page of terminal text: styled where the terminal can, plain in a log, ASCII where it must be.

Lines are wrapped here and not by the console: names and command lines must stay in one piece to be copied.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple, TextIO

from minmax_lint.escaping import LONGEST_NAME, log_line, name, sentence, shorten

if TYPE_CHECKING:
    from rich.console import Console

Part = str | tuple[str, str]
"""Text, or (text, rich style)."""

LOG_WIDTH = 80
LONGEST_PART = 2 * LONGEST_NAME
WIDEST = 110
NARROWEST = 60
_LAST_COLUMN = 16
"""Characters that wrapping leaves to a column at least."""


class Glyphs(NamedTuple):
    """The symbols of a report; each stands beside a word that says the same."""

    ok: str = "✓"
    fail: str = "✗"
    rule: str = "━"
    dash: str = "┄"
    rail: str = "│"
    cross: str = "┼"
    kept: str = "○"
    output: str = "●"
    outside: str = "◌"
    integer: str = "■"
    arrow: str = "→"
    constant: str = "·"
    up: str = "↑"


ASCII = Glyphs("+", "x", "=", "-", "|", "+", "o", "@", ".", "#", "->", "-", "^")


class Page:
    """Writes lines to one stream. Rich is loaded where something is styled: a log is plain text."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._terminal = out.isatty()
        width = self._console.width if self._terminal else _log_width()
        self.width = max(min(width, WIDEST), NARROWEST)
        encoding = (getattr(out, "encoding", None) or "utf-8").lower()
        self.glyphs = Glyphs() if "utf" in encoding else ASCII

    def line(self, *parts: Part) -> None:
        """One line; the terminal wraps it, a log does not. A part too long for a name is shortened."""
        self._print([(shorten(text_of(part), LONGEST_PART), style_of(part)) for part in parts])

    def command(self, indent: str, text: str, style: str) -> None:
        """A command to copy: in one piece, however long."""
        self._print([(indent, ""), (text, style)])

    def _print(self, parts: Sequence[tuple[str, str]]) -> None:
        # A name at the start of the line must be no command of a CI service: empty parts do not count.
        fit: list[tuple[str, str]] = []
        for text, style in parts:
            begun = any(before.strip() for before, _ in fit)
            fit.append((log_line(f"-{text}")[1:] if begun else log_line(text), style))
        if not self._terminal:
            self._out.write("".join(text for text, _ in fit).rstrip() + "\n")
            return
        from rich.text import Text

        line = Text.assemble(*fit)
        line.rstrip()
        self._console.print(line, soft_wrap=True)

    def block(self, head: tuple[Part, ...], body: str, style: str = "") -> None:
        """`head`, then `body` wrapped under itself."""
        indent = sum(len(text_of(part)) for part in head)
        lines = _wrap(sentence(body), self.width - indent)
        self.line(*head, (lines[0], style))
        for text in lines[1:]:
            self.line(" " * indent, (text, style))

    def rule(self, title: str, style: str) -> None:
        """A title in a line across the page."""
        bar = self.glyphs.rule
        end = bar * (self.width - len(title) - 4)
        self.line((bar * 2, style), (f" {title} ", "bold"), (end, style))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Part]], *, indent: int = 3) -> None:
        """Columns under dim titles; the last column is wrapped under itself, others where the page is too narrow."""
        rows = [[*map(_cell, row[:-1]), row[-1]] for row in rows]
        columns = [[title, *(text_of(row[i]) for row in rows)] for i, title in enumerate(head[:-1])]
        widths = [max(map(len, column)) for column in columns]
        words = [max(len(word) for cell in column for word in cell.split(" ")) for column in columns]
        last = max((len(text_of(row[-1])) for row in rows), default=0)
        room = self.width - indent - 2 * len(widths) - min(last, _LAST_COLUMN)
        while sum(widths) > room and (wide := [i for i, width in enumerate(widths) if width > words[i]]):
            widths[max(wide, key=widths.__getitem__)] -= 1
        titles = [tuple((title, "dim") for title in head)] if any(head) else []
        left = self.width - indent - sum(widths) - 2 * len(widths)
        for row in (*titles, *rows):
            cells = [_wrap(text_of(cell), width) for cell, width in zip(row, widths, strict=False)]
            cells.append(_wrap(sentence(text_of(row[-1])), left))
            for texts in zip_longest(*cells, fillvalue=""):
                parts: list[Part] = [" " * indent]
                for text, width, cell in zip(texts, widths, row, strict=False):
                    parts.append((f"{text:{width}}  ", style_of(cell)))
                self.line(*parts, (texts[-1], style_of(row[-1])))

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console

        class LeavesPipes(Console):
            """Leaves a closed pipe to the caller: rich would end the program with 1."""

            def on_broken_pipe(self) -> None:
                raise  # noqa: PLE0704 (called while the BrokenPipeError is handled)

        styled = self._terminal and not os.environ.get("NO_COLOR")
        return LeavesPipes(
            file=self._out,
            force_terminal=self._terminal,
            color_system="auto" if styled else None,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
            width=None if self._terminal else _log_width(),
        )


def _wrap(text: str, width: int) -> list[str]:
    if len(text) <= width:
        return [text]
    return textwrap.wrap(text, max(width, _LAST_COLUMN), break_long_words=False, break_on_hyphens=False) or [
        ""
    ]


def _cell(part: Part) -> Part:
    return (name(text_of(part)), style_of(part))


def text_of(part: Part) -> str:
    """The text alone."""
    return part if isinstance(part, str) else part[0]


def style_of(part: Part) -> str:
    """The style, empty for none."""
    return "" if isinstance(part, str) else part[1]


def _log_width() -> int:
    """Of a log or a pipe: what COLUMNS says, else 80."""
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdigit() and int(columns) else LOG_WIDTH
