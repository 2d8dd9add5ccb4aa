"""Standard output and standard error: payload on the one, everything else on the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, TextIO, TypeVar

from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

A_MOMENT = 1.0
"""Seconds without a sign of life that nobody minds."""

LONGEST_LINE = 299
"""Characters of a line on standard error: names of a damaged graph can be megabytes."""
_KEPT = (60, 40, 24)
"""Characters kept of each end of a long word, the first that makes the line fit."""

Item = TypeVar("Item")


@contextmanager
def payload() -> Iterator[TextIO]:
    """Standard output. A reader that has gone away (`| head`) is no error, and says nothing.

    Raises UserError where it cannot be written to, such as on a full disk.
    """
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:
            raise  # of a file that is read meanwhile
        # The interpreter flushes once more at its end; give it somewhere to write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise UserError(
                f"cannot write to standard output: {error.strerror}; send it somewhere with room"
            ) from None


def say(text: str) -> None:
    """A line for the user that is no payload."""
    print(text, file=sys.stderr)


def complain(text: str) -> None:
    """One error line, however long the names are that it says."""
    say(shortened(f"error: {' '.join(text.split())}"))


def shortened(line: str, most: int = LONGEST_LINE) -> str:
    """The line in at most so many characters: long words lose their middle first, then the line does."""
    if len(line) <= most:
        return line
    for kept in _KEPT:
        words = (w if len(w) <= 2 * kept + 3 else f"{w[:kept]}...{w[-kept:]}" for w in line.split(" "))
        short = " ".join(words)
        if len(short) <= most:
            return short
    half = (most - 3) // 2
    return f"{short[:half]}...{short[-half:]}"


def progress_console() -> Console | None:
    """The console for progress, on standard error; None where that is no terminal."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console

    return Console(stderr=True)


@contextmanager
def patience(doing: str, *, quiet: bool = False) -> Iterator[None]:
    """A spinner on a terminal while one thing takes longer than a moment."""
    shown: list[Status] = []

    def show() -> None:
        console = progress_console()
        if console is not None:
            shown.append(console.status(f"{doing} ..."))
            shown[0].start()

    timer = Timer(A_MOMENT, show)
    if not quiet and sys.stderr.isatty():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        for status in shown:
            status.stop()


def with_progress(items: Iterable[Item], total: int, doing: str, *, quiet: bool = False) -> Iterator[Item]:
    """The items, with a progress bar on standard error where they are several and it is a terminal."""
    if total < 2:
        for _ in range(total):
            with patience(doing, quiet=quiet):
                item = next(iter(items))
            yield item
        return
    console = progress_console() if not quiet else None
    if console is None:
        yield from items
        return
    from rich.progress import track

    yield from track(items, doing, total=total, console=console, transient=True)


def tolerate_any_text() -> None:
    """What the streams' encoding cannot spell, or read, is escaped, and no error."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
