"""The files that a run reads, and where it may write: onto none of them, whatever link leads there."""

from __future__ import annotations

import glob
import os
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from minmax_lint.config import Settings, Target

_MODELS = ("source", "checkpoint")
"""Options that name models, which may be several files."""
_FILES = ("ranges", "script", "config")
"""Options that name one file."""
_DATA = ("calibrate", "verify_data", "dataset")
"""Options that name data: a file, a folder, or `module:function`."""
_PARTS = (".meta", ".index", ".data-*")
_MOST = 100_000
"""Files of one model that are looked at; a SavedModel has a dozen."""


class ReadFiles(NamedTuple):
    """Every file that a run reads."""

    identities: frozenset[tuple[int, int]]
    """Device and inode: the same through every symbolic and hard link."""

    def destination(self, file: str, *, model: str | None = None) -> Path:
        """The path to write to; `model` is the source where a model is written, which may be several files.

        Raises UserError where that is a file of `identities`, or cannot be written: before the work is done.
        """
        from minmax_lint.loaders.remote.download import is_remote

        if is_remote(file):
            raise UserError(
                f"cannot write {file}: remote files are only read; give a local file and upload it"
            )
        path, folder = Path(file), Path(file).parent
        try:
            is_read = any(_identity(one) in self.identities for one in _paths_written(path, model))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise UserError(f"cannot write {file}: {reason}; give another file") from None
        if is_read:
            raise UserError(
                f"cannot write {file}: it is the input, or a part of what this run reads; give another file, or "
                "--in-place to `fix`"
            )
        if not folder.is_dir():
            raise UserError(f"cannot write {file}: there is no folder {folder}")
        if not os.access(folder, os.W_OK):
            raise UserError(f"cannot write {file}: no permission to write in {folder}")
        return path


def read_files(
    args: Namespace, settings: Settings, models: Sequence[Target], *, with_baseline: bool = True
) -> ReadFiles:
    """The files that a command with these options reads: models, values, data, settings.

    The baseline is left out on request, for the command that writes it.
    """
    found: set[tuple[int, int]] = set()
    known = [settings.baseline_file] if with_baseline and settings.baseline_file is not None else []
    for path in (*_paths_named(args, settings, models), *known):
        with suppress(OSError, ValueError):
            found.add(_identity(path))
    return ReadFiles(frozenset(found))


def _paths_named(args: Namespace, settings: Settings, models: Sequence[Target]) -> Iterator[Path]:
    named = [model.path for model in models] + [model.checkpoint for model in models]
    for text in [*named, *(getattr(args, name, None) for name in _MODELS)]:
        if text:
            with suppress(OSError, ValueError):  # the reader reports it
                yield from files_of(Path(text))
    for name in _FILES:
        if getattr(args, name, None):
            yield Path(getattr(args, name))
    if settings.config is not None:
        yield settings.config.file
    for name in _DATA:
        if getattr(args, name, None):
            with suppress(OSError, ValueError):
                yield from _data(getattr(args, name))


def files_of(path: Path) -> Iterator[Path]:
    """The files of the model at `path`: of the SavedModel or checkpoint that it is, or is a file of."""
    from minmax_lint.loaders.checkpoint.prefix import STATE, prefix_of
    from minmax_lint.loaders.savedmodel.directory import FILES

    folder = path if path.is_dir() else path.parent
    yield path
    if any((folder / name).is_file() for name in FILES) and (path == folder or path.name in FILES):
        for count, (root, _, names) in enumerate(os.walk(folder)):
            if count > _MOST:
                return
            yield from (Path(root, name) for name in names)
        return
    if path.is_dir() or path.name == STATE:
        yield from _inside(folder)
    else:
        yield from _checkpoint(prefix_of(path))
        yield path.with_name(STATE)


def _inside(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from folder.iterdir()


def _checkpoint(prefix: Path) -> Iterator[Path]:
    return (Path(one) for part in _PARTS for one in glob.iglob(glob.escape(str(prefix)) + part))


def _paths_written(destination: Path, model: str | None) -> Iterable[Path]:
    """Files that are there and that writing to `destination` replaces."""
    from minmax_lint.loaders.checkpoint.prefix import prefix_of

    if destination.exists():
        yield destination
    if model is not None:
        prefix = destination / prefix_of(Path(model)).name if destination.is_dir() else prefix_of(destination)
        yield from _checkpoint(prefix)


def _data(named: str) -> Iterator[Path]:
    path = Path(named)
    module = named.rpartition(":")[0]
    if module and not path.exists():
        path = Path(module if module.endswith(".py") else module.replace(".", os.sep) + ".py")
    yield path
    if path.is_dir():
        yield from _inside(path)


def _identity(path: Path) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
