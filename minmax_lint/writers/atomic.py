"""Files that are either the old or the new one, whenever a write is interrupted."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from minmax_lint.errors import UserError
from minmax_lint.loaders.wire import Buffer


def write_file(destination: Path, pieces: Iterable[Buffer]) -> None:
    """Replace `destination` by `pieces`: written beside it, synced, renamed.

    A symbolic link is followed, the mode of a file that is there is kept. Raises UserError.
    """
    target = Path(os.path.realpath(destination))
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
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
    except BaseException as error:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)
        if isinstance(error, OSError):
            raise unwritable(destination, error) from None
        raise


def unwritable(destination: Path, error: OSError) -> UserError:
    """The error of a destination that the system refuses."""
    return UserError(f"{destination} cannot be written: {error.strerror or error}; choose another --output")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
