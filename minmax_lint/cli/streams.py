"""Standard output and standard error: payload on the one, everything else on the other."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Thread, Timer
from typing import TYPE_CHECKING, TextIO, TypeVar

from minmax_lint.errors import UserError
from minmax_lint.escaping import error_line, json_text, log_line
from minmax_lint.version import __version__

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

EXIT_INTERRUPTED = 130
"""Exit code after Ctrl+C: 128 and the number of the signal, as shells count."""
A_MOMENT = 1.0
"""Seconds without a sign of life that is fine on a terminal."""
LOG_INTERVAL = 10.0
"""Seconds after which a log gets a line, at first."""
LONGEST_SILENCE = 60.0
"""The same of what takes long: CI services end jobs that print nothing for ten minutes."""


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


def print_json(data: object) -> None:
    """A document on standard output."""
    with payload() as out:
        out.write(json_text(data))


def say(text: str) -> None:
    """A line for the user that is no payload."""
    print(log_line(text), file=sys.stderr)


def complain(text: str) -> None:
    """One error line, however long the names are that it says."""
    say(error_line(f"error: {text}"))


def complain_of_bug(traceback: str, path: str = "") -> None:
    """A fault of ours: its traceback, then what to do with it."""
    for line in traceback.splitlines():
        say(line)
    complain(
        f"{f'{path}: ' if path else ''}this is a bug in minmax-lint {__version__}; please report it with the "
        "traceback above and, if you can, the graph"
    )


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def no_room(error: Exception) -> UserError | None:
    """The user's error where a disk is full; None for any other."""
    if not isinstance(error, OSError) or error.errno not in _NO_ROOM:
        return None
    return UserError(
        f"no room for temporary files ({error.strerror}): make some, or set TMPDIR to another folder"
    )


def progress_console() -> Console | None:
    """The console for progress, on standard error; None where that is no terminal."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console

    return Console(stderr=True)


@contextmanager
def log_lines(doing: Callable[[], str], *, quiet: bool = False) -> Iterator[None]:
    """A line on standard error now and then, where that is no terminal: what is done, and for how long."""
    if quiet or sys.stderr.isatty():
        yield
        return
    done, started = Event(), time.monotonic()

    def run() -> None:
        elapsed = 0.0
        while not done.wait(min(max(LOG_INTERVAL, elapsed / 6), LONGEST_SILENCE)):
            elapsed = time.monotonic() - started
            say(f"{doing()} ({elapsed:.0f} s)")

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def patience(doing: str, *, quiet: bool = False) -> Iterator[None]:
    """A spinner on a terminal while one thing takes longer than a moment; lines in a log."""
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
        with log_lines(lambda: doing, quiet=quiet):
            yield
    finally:
        timer.cancel()
        if timer.ident is not None:
            timer.join()  # it may show the spinner at this moment
        for status in shown:
            status.stop()


def with_progress(items: Iterable[Item], total: int, doing: str, *, quiet: bool = False) -> Iterator[Item]:
    """The items, with a progress bar on standard error where they are several and it is a terminal, else lines."""
    if total < 2:
        for _ in range(total):
            with patience(doing, quiet=quiet):
                item = next(iter(items))
            yield item
        return
    console = progress_console() if not quiet else None
    if console is None:
        count = 0
        with log_lines(lambda: f"{doing}: {count} of {total}", quiet=quiet):
            for item in items:
                yield item
                count += 1
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    # The spinner and the time show that something is done before the first item is there.
    columns = (SpinnerColumn(), TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield from progress.track(items, total)


def tolerate_any_text() -> None:
    """What the streams' encoding cannot spell, or read, is escaped, and no error."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
