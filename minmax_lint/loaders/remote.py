"""Models behind a URL (`gs://`, `s3://`, `https://`): fetched into a temporary folder, linted there, never written.

fsspec does the fetching, with the backend of the URL's scheme. Nothing here runs unless the user gives a URL.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from minmax_lint.errors import UnreadableModel

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 4 << 30
"""Bytes that are fetched for one model."""
MOST_FILES = 1000

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")
_OURS = frozenset({"gs", "gcs", "s3", "s3a", "http", "https"})
"""Schemes whose backends our extra brings along."""
_CHUNK = 1 << 20
_FOLDERS: list[TemporaryDirectory[str]] = []
"""What was fetched lives to the end of the process: weights are read when they are asked for."""


def is_remote(source: object) -> bool:
    """Whether a source is a URL."""
    return isinstance(source, str) and _URL.match(source) is not None


def fetched(url: str) -> Path:
    """A local copy of the file, folder or checkpoint at `url`.

    Raises UnreadableModel where fsspec or its backend is missing, and where nothing can be fetched.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UnreadableModel("a URL needs fsspec: `pip install minmax-lint[remote]`") from None
    try:
        system, path = url_to_fs(url)
        return _fetched(system, path)
    except UnreadableModel:
        raise
    except ImportError as error:
        ours = " (`pip install minmax-lint[remote]`)" if url.partition(":")[0].lower() in _OURS else ""
        raise UnreadableModel(f"{_line(error)}{ours}") from None
    except FileNotFoundError:
        raise UnreadableModel("there is no such file or folder behind this URL") from None
    except Exception as error:  # every backend has errors of its own
        raise UnreadableModel(f"cannot be fetched: {_line(error)}") from None


def _fetched(system: Any, path: str) -> Path:
    name = PurePosixPath(path.rstrip("/")).name or "model"
    found = list(_files(system, path))
    if not found:
        raise FileNotFoundError(path)
    folder = TemporaryDirectory(prefix="minmax-lint-")
    _FOLDERS.append(folder)
    left = MOST_BYTES
    for remote, local in found:
        target = Path(folder.name, local)
        if not target.resolve().is_relative_to(Path(folder.name).resolve()):
            raise UnreadableModel(f"the file name {local!r} leads out of its folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        left -= _copy(system, remote, target, left)
    return Path(folder.name, name)


def _files(system: Any, path: str) -> Iterator[tuple[str, str]]:
    """Remote path and local path of every file that belongs to the model at `path`."""
    pure = PurePosixPath(path.rstrip("/"))
    web = "http" in str(system.protocol)  # the web has no folders, and a page is no list of files
    if not web and system.isdir(path):
        listed = sorted(system.find(path))
        yield from ((one, str(PurePosixPath(one).relative_to(pure.parent))) for one in _bounded(listed))
        return
    if web or system.isfile(path):
        yield path, pure.name or "model"
    if not web:
        stem = path.removesuffix(".meta").removesuffix(".index")
        beside = [one for one in sorted(system.glob(f"{stem}.*")) if one != path]
        if any(PurePosixPath(one).suffix in (".index", ".meta") for one in [*beside, path]):
            yield from ((one, PurePosixPath(one).name) for one in _bounded(beside))


def _bounded(paths: list[str]) -> list[str]:
    if len(paths) > MOST_FILES:
        raise UnreadableModel(f"there are {len(paths)} files behind this URL; name the model itself")
    return paths


def _copy(system: Any, remote: str, target: Path, most: int) -> int:
    """Copy one file; the bytes that it has."""
    size = 0
    with system.open(remote, "rb") as source, target.open("wb") as copy:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise UnreadableModel(
                    f"more than {MOST_BYTES >> 30} GiB lie behind this URL; fetch it yourself"
                )
            copy.write(chunk)
    return size


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
