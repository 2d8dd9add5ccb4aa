"""Files as memory: mapped, so that weights that nothing asks for are never read."""

import errno
import mmap
import os
import stat
from pathlib import Path
from typing import BinaryIO

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.wire import Buffer

MOST_PIPED = 1 << 31
"""Bytes that are taken from a pipe: what a protocol buffer may have."""

_MOST_BY_HAND = 64 << 20
_PATIENCE = 10.0
"""Seconds that a named pipe may stay without a writer."""


def map_file(path: Path) -> Buffer:
    """The content of a file or pipe. Raises UnreadableModel with what the system says."""
    try:
        # Opening a pipe that nothing writes into would wait for ever.
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISFIFO(status.st_mode):
                return _await_content(file)
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableModel("this is no file; give the path of a graph")
            if status.st_size == 0:
                return b""
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise UnreadableModel(f"cannot be read ({error.strerror})") from None


def small_file(path: Path) -> bytes:
    """The content of a file or pipe that people write by hand: settings, ranges, a script.

    Raises OSError, also for what never ends; UnreadableModel for a pipe that nothing writes into.
    """
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            try:
                return _await_content(file)
            except UnreadableModel as error:
                raise UnreadableModel(f"{path}: {error}") from None
        content = file.read(_MOST_BY_HAND + 1)
    if len(content) > _MOST_BY_HAND:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content


def read_pipe(stream: BinaryIO) -> bytes:
    """All that comes from a pipe. Raises UnreadableModel where that is more than any graph."""
    content = stream.read(MOST_PIPED)
    if len(content) == MOST_PIPED:
        raise UnreadableModel("more than 2 GiB come from this pipe; save them in a file and give its path")
    return content


def _await_content(pipe: BinaryIO) -> bytes:
    import select

    if not select.select([pipe], [], [], _PATIENCE)[0]:
        raise UnreadableModel("nobody writes into this pipe; give the path of a file")
    os.set_blocking(pipe.fileno(), True)
    return read_pipe(pipe)
