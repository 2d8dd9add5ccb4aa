"""`check --watch`: the same run again whenever a file that it reads changes."""

import os
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from minmax_lint.cli.streams import EXIT_INTERRUPTED, complain, say
from minmax_lint.errors import UserError
from minmax_lint.report.words import number_of

WATCH_EXTRA = "pip install 'minmax-lint[watch]'"


def watch_models(args: Namespace, run: Callable[[Namespace], int]) -> int:
    """Run now and after every change, until Ctrl+C ends it as every other command: with 130.

    Raises UserError where watchfiles is not installed, or the first run is bad usage.
    """
    changes = _changes()
    run(args)
    places = files_to_watch(args)
    say(f"watching {number_of(len(places), 'file')}; Ctrl+C ends it")
    try:
        for _ in changes(places):
            say("")
            try:
                run(args)
            except UserError as error:  # a file is written at this moment, or broken until the next change
                complain(str(error))
    except KeyboardInterrupt:
        say("watching has ended")
    return EXIT_INTERRUPTED


def files_to_watch(args: Namespace) -> frozenset[Path]:
    """Every file that the run reads, the configuration and the script included."""
    from minmax_lint.cli.files import files_of
    from minmax_lint.cli.settings import settings_of

    settings = settings_of(args)
    models = [model.path for model in settings.targets(args.graphs)]
    named = [*models, *(text for text in (args.source, args.checkpoint, args.script, args.config) if text)]
    found = {path for text in named for path in files_of(Path(text))}
    found |= {settings.config.file} if settings.config is not None else set()
    return frozenset(path.absolute() for path in found if path.is_file())


def _changes() -> Callable[[Iterable[Path]], Iterator[object]]:
    """Yields whenever one of the files changes. Folders are watched: many programs write a new file in place."""
    try:
        from watchfiles import watch
    except ImportError:
        raise UserError(f"--watch needs watchfiles: {WATCH_EXTRA}") from None

    def changes(files: Iterable[Path]) -> Iterator[object]:
        wanted = {str(path) for path in files} | {os.path.realpath(path) for path in files}
        folders = {path.parent for path in files}
        yield from watch(
            *folders, watch_filter=lambda _, path: path in wanted, recursive=False, raise_interrupt=True
        )

    return changes
