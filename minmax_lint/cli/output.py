"""`--output-format FMT[=FILE]`: where which report goes."""

import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from minmax_lint.cli.files import ReadFiles
from minmax_lint.cli.streams import payload
from minmax_lint.errors import UserError
from minmax_lint.reporters import known_format


class Destination(NamedTuple):
    """One report to write: its format, and a file, or standard output (None)."""

    form: str
    file: Path | None


def output_destinations(
    texts: Sequence[str], known: Sequence[str], read: ReadFiles, taken: Path | None = None
) -> tuple[Destination, ...]:
    """What the options say; `full` where they say nothing.

    Raises UserError for an unknown format, two payloads on standard output, and a file that the run
    reads, that something else goes to (`taken`), or that cannot be written.
    """
    destinations: list[Destination] = []
    files = [] if taken is None else [taken]
    for text in texts or ("full",):
        name, equals, file = text.partition("=")
        if equals and not file:
            raise UserError(f"--output-format {text} names no file; write {name} or {name}=FILE")
        destination = Destination(known_format(name, known), read.destination(file) if file else None)
        if destination.file is not None and os.path.realpath(destination.file) in map(
            os.path.realpath, files
        ):
            raise UserError(f"--output-format {text}: something else is written to {file}; give another file")
        if destination.form == "github" and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
            read.destination(summary)  # the reporter appends to it
        destinations.append(destination)
        files += [destination.file] if destination.file is not None else []
    if sum(destination.file is None for destination in destinations) > 1:
        raise UserError("only one --output-format can go to standard output; give the others FMT=FILE")
    return tuple(destinations)


def emit(destinations: Sequence[Destination], write: Callable[[str, TextIO], None]) -> None:
    """Write every report; `write(form, out)` writes one."""
    for destination in destinations:
        if destination.file is None:
            with payload() as out:
                write(destination.form, out)
        else:
            from minmax_lint.writers.atomic import write_file

            text = io.StringIO()
            write(destination.form, text)
            write_file(destination.file, [text.getvalue().encode()])
