"""`--output-format FMT[=FILE]`: where which report goes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from minmax_lint.cli.streams import checked_destination, payload
from minmax_lint.errors import UserError
from minmax_lint.reporters import Renderer, Run, renderer


@dataclass(frozen=True)
class Target:
    """One report to write: to a file, or to standard output (None)."""

    render: Renderer
    file: Path | None


def output_targets(texts: Sequence[str]) -> tuple[Target, ...]:
    """What the options say. Raises UserError for an unknown format or two payloads on standard output."""
    targets = []
    for text in texts or ("full",):
        name, equals, file = text.partition("=")
        if equals and not file:
            raise UserError(f"--output-format {text} names no file; write {name} or {name}=FILE")
        targets.append(Target(renderer(name), checked_destination(file) if file else None))
    if sum(target.file is None for target in targets) > 1:
        raise UserError("only one --output-format can go to standard output; give the others FMT=FILE")
    return tuple(targets)


def emit(run: Run, targets: Sequence[Target]) -> None:
    """Write every report."""
    for target in targets:
        if target.file is None:
            with payload() as out:
                target.render(run, out)
        else:
            from minmax_lint.writers.atomic import write_file

            text = io.StringIO()
            target.render(run, text)
            write_file(target.file, [text.getvalue().encode()])
