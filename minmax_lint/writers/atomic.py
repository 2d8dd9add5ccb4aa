"""Files and folders that are either the old or the new one, whenever a write is interrupted."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from minmax_lint.errors import UserError
from minmax_lint.loaders.wire import Buffer

_ENDING = ".minmax-lint"
"""Of what is being written. A process that is killed leaves it behind, and its name says whose it is."""


def write_file(destination: Path, pieces: Iterable[Buffer]) -> None:
    """Replace `destination` by `pieces`: written beside it, synced, renamed.

    A symbolic link is followed, the mode of a file that is there is kept. What is no file (a pipe,
    `/dev/stdout`) is written to as it is. Raises UserError.
    """
    write_files({destination: pieces})


def write_files(contents: Mapping[Path, Iterable[Buffer]], *, aside: Path | None = None) -> None:
    """Replace files of one folder that belong together, in their order: none before all are written.

    Where several are there already, the old ones wait in the folder `aside` until all new ones are in place: a
    process that is killed meanwhile leaves all that is needed to restore them. Otherwise as `write_file`.
    """
    written: dict[Path, Path] = {}
    try:
        for destination, pieces in contents.items():
            with _refusals(destination):
                if destination.exists() and not destination.is_file():
                    with destination.open("wb") as stream:
                        stream.writelines(pieces)
                else:
                    _write_beside(destination, pieces, written)
        replaced = [one for one in written if one.exists()]
        with _set_aside(replaced, aside) if aside is not None and len(replaced) > 1 else nullcontext():
            for destination in list(written):
                with _refusals(destination):
                    os.replace(written[destination], os.path.realpath(destination))
                del written[destination]
    finally:
        for temporary in written.values():
            with suppress(OSError):
                os.unlink(temporary)


@contextmanager
def _set_aside(files: list[Path], aside: Path) -> Iterator[None]:
    """Move files into a folder that vanishes at once when all is well; back where not."""
    places = [Path(os.path.realpath(file)) for file in files]
    with _refusals(aside):
        aside.mkdir()
    moved: list[Path] = []
    try:
        for place in places:
            with _refusals(place):
                os.replace(place, aside / place.name)
                moved.append(place)
        yield
    except BaseException:
        for place in moved:
            os.replace(aside / place.name, place)
        aside.rmdir()
        raise
    done = aside.with_name(aside.name + _ENDING)
    os.replace(aside, done)  # from here on the new files count
    shutil.rmtree(done, ignore_errors=True)


def _write_beside(destination: Path, pieces: Iterable[Buffer], written: dict[Path, Path]) -> None:
    """Write a file that is to take `destination`'s place, and note it in `written` as soon as it is there."""
    target = Path(os.path.realpath(destination))
    handle, name = tempfile.mkstemp(_ENDING, f".{target.name[:100]}.", target.parent)
    written[destination] = Path(name)
    with os.fdopen(handle, "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if target.exists():
        shutil.copymode(target, name)
    else:
        os.chmod(name, 0o666 & ~_umask())


@contextmanager
def new_folder(destination: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `destination` when all is well and vanishes when not.

    Raises UserError where `destination` is there already and not empty, or cannot be written.
    """
    if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
        raise UserError(f"{destination} is there already; remove it or choose another --output")
    with _refusals(destination):
        target = Path(os.path.realpath(destination))
        temporary = Path(tempfile.mkdtemp(_ENDING, f".{target.name[:100]}.", target.parent))
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
        raise UserError(f"{destination} cannot be written: {_reason(error)}; choose another file") from None


def _reason(error: OSError) -> str:
    """In words; what copies a folder (shutil.Error) collects (from, to, "[Errno 28] reason: 'file'")."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        return str(error.args[0][0][2]).rpartition("] ")[2].partition(": ")[0]
    return error.strerror or str(error)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
