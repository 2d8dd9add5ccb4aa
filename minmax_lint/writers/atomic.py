"""Files and folders that are either the old or the new one, whenever a write is interrupted."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from minmax_lint.errors import UserError
from minmax_lint.loaders.wire import Buffer


def write_file(destination: Path, pieces: Iterable[Buffer]) -> None:
    """Replace `destination` by `pieces`: written beside it, synced, renamed.

    A symbolic link is followed, the mode of a file that is there is kept. What is no file (a pipe,
    `/dev/stdout`) is written to as it is. Raises UserError.
    """
    target = Path(os.path.realpath(destination))
    with _refusals(destination):
        if destination.exists() and not destination.is_file():
            with destination.open("wb") as stream:
                stream.writelines(pieces)
            return
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, temporary)
            else:
                os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise


@contextmanager
def new_folder(destination: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `destination` when all is well and vanishes when not.

    Raises UserError where `destination` is there already and not empty, or cannot be written.
    """
    if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
        raise UserError(f"{destination} is there already; remove it or choose another --output")
    with _refusals(destination):
        target = Path(os.path.realpath(destination))
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", dir=target.parent))
        try:
            yield temporary
            os.chmod(temporary, 0o777 & ~_umask())
            os.replace(temporary, target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


@contextmanager
def _refusals(destination: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{destination} cannot be written: {reason}; choose another file") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
