"""Standard output and standard error: payload on the one, everything else on the other."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, TextIO, TypeVar

from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

A_MOMENT = 1.0
"""Seconds without a sign of life that nobody minds."""

_PREFIX = re.compile(r"\.(meta|index)$")
_PART = re.compile(r"saved_model\.pb(txt)?|checkpoint|.+\.(index|meta|data-\d+-of-\d+)")
"""Files that make up a SavedModel or a checkpoint together."""

Item = TypeVar("Item")


@contextmanager
def payload() -> Iterator[TextIO]:
    """Standard output. A reader that has gone away (`| head`) is no error, and says nothing."""
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more at its end; give it somewhere to write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """A line for the user that is no payload."""
    print(text, file=sys.stderr)


def complain(text: str) -> None:
    """One error line."""
    say(f"error: {' '.join(text.split())}")


def checked_destination(file: str, *sources: str) -> Path:
    """The path to write to. Raises UserError where it is, or is part of, one of the `sources`, or cannot be written.

    Said before the work is done, not after.
    """
    from minmax_lint.loaders.remote.download import is_remote

    if is_remote(file):
        raise UserError(f"cannot write {file}: what is remote is only read; give a local file and upload it")
    path, folder = Path(file), Path(file).parent
    try:
        is_source = any(_is_part(path, Path(source)) for source in sources)
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror}; give another file") from None
    if is_source:
        raise UserError(f"cannot write {file}: it is the input; give another file, or --in-place to `fix`")
    if not folder.is_dir():
        raise UserError(f"cannot write {file}: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise UserError(f"cannot write {file}: no permission to write in {folder}")
    return path


def _is_part(path: Path, source: Path) -> bool:
    """Whether a file is the model `source`, or belongs to that checkpoint or SavedModel."""
    if not path.exists():
        return False
    if source.exists() and path.samefile(source):
        return True
    folder, prefix = (source, "") if source.is_dir() else (source.parent, _PREFIX.sub("", source.name) + ".")
    of_a_kind = _PART.fullmatch(path.name) is not None and path.name.startswith(prefix)
    return of_a_kind and folder.is_dir() and path.parent.samefile(folder)


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
