"""Files as memory: mapped, so that weights nobody asks for are never read."""

from __future__ import annotations

import mmap
import os
import stat
from pathlib import Path

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.wire import Buffer


def mapped(path: Path) -> Buffer:
    """The content of a file or pipe. Raises UnreadableModel with what the system says."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISFIFO(status.st_mode):
                return file.read()
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableModel("this is no file; give the path of a graph")
            if status.st_size == 0:
                return b""
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise UnreadableModel(f"cannot be read ({error.strerror})") from None
