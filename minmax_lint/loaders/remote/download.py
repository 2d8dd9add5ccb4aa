"""Models behind a URL (`gs://`, `s3://`, `https://`): fetched into a temporary folder, linted there, never written.

fsspec does the fetching, with the backend of the URL's scheme. Nothing here runs unless the user gives a URL.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.checkpoint.prefix import STATE, prefix_named_in
from minmax_lint.loaders.savedmodel.directory import FILES, VARIABLES

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from minmax_lint.loaders.remote.transfer import Transfer

MOST_FILES = 1000

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")
_OURS = frozenset({"gs", "gcs", "s3", "s3a", "http", "https"})
"""Schemes whose backends our extra brings along."""
_FOLDERS: list[TemporaryDirectory[str]] = []
"""What was fetched lives to the end of the process: weights are read when they are asked for."""


def discard() -> None:
    """Delete what was fetched, in a process that ends without doing so by itself, as those of a pool do."""
    while _FOLDERS:
        _FOLDERS.pop().cleanup()


def is_remote(source: object) -> bool:
    """Whether a source is a URL."""
    return isinstance(source, str) and _URL.match(source) is not None


def fetch(url: str) -> Path:
    """A local copy of the file, folder or checkpoint at `url`.

    Raises UnreadableModel where fsspec or its backend is missing, and where nothing can be fetched.
    """
    # gcsfs asks first what kind of bucket it is, through another protocol: a minute where only HTTP gets through.
    os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    try:
        from fsspec.core import url_to_fs

        from minmax_lint.loaders.remote.transfer import await_transfer
    except ImportError:
        raise UnreadableModel("a URL needs fsspec: `pip install minmax-lint[remote]`") from None
    try:
        system, path = url_to_fs(url)
        return await_transfer(lambda transfer: _fetch(system, path, transfer))
    except UnreadableModel:
        raise
    except ImportError as error:
        ours = " (`pip install minmax-lint[remote]`)" if url.partition(":")[0].lower() in _OURS else ""
        raise UnreadableModel(f"{_line(error)}{ours}") from None
    except FileNotFoundError:
        raise UnreadableModel("there is no such file or folder behind this URL") from None
    except Exception as error:  # every backend has errors of its own
        raise UnreadableModel(f"cannot be fetched: {_line(error)}") from None


def _fetch(system: Any, path: str, transfer: Transfer) -> Path:
    if not path.strip("/"):
        raise UnreadableModel("this URL names no file; give one such as gs://BUCKET/FOLDER/graph.pb")
    name = PurePosixPath(path.rstrip("/")).name or "model"
    found = list(_files(system, path))
    if not found:
        raise FileNotFoundError(path)
    import tempfile

    folder = tempfile.TemporaryDirectory(prefix="minmax-lint-", ignore_cleanup_errors=True)
    _FOLDERS.append(folder)
    for remote, local in found:
        target = Path(folder.name, local)
        if not target.resolve().is_relative_to(Path(folder.name).resolve()):
            raise UnreadableModel(f"the file name {local!r} leads out of its folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        system.get_file(remote, str(target), callback=transfer)
    return Path(folder.name, name)


def _files(system: Any, path: str) -> Iterator[tuple[str, str]]:
    """Remote path and local path of every file that belongs to the model at `path`."""
    pure = PurePosixPath(path.rstrip("/"))
    if "http" in str(system.protocol):  # the web has no folders, and a page is no list of files
        yield path, pure.name or "model"
        return
    kind = _kind(system, path)
    if kind == "directory":
        yield from _below(system, path, pure.parent)
        return
    if kind == "file":
        yield path, pure.name
    if pure.name in FILES:
        yield from _below(system, str(pure.parent / VARIABLES.parent), pure.parent)
        return
    stem = path.removesuffix(".meta").removesuffix(".index")
    if kind == "file" and pure.name == STATE:
        stem = str(pure.parent / prefix_named_in(system.cat_file(path, end=1 << 20)).name)
    beside = [one for one in sorted(system.glob(f"{stem}.*")) if one != path]
    if any(PurePosixPath(one).suffix in (".index", ".meta") for one in [*beside, path]):
        yield from ((one, PurePosixPath(one).name) for one in _bound(beside))


def _kind(system: Any, path: str) -> str:
    """`file` or `directory`; empty where there is neither."""
    try:
        kind: str = system.info(path)["type"]
    except FileNotFoundError:
        return ""
    return kind


def _below(system: Any, folder: str, root: PurePosixPath) -> Iterator[tuple[str, str]]:
    listed = _bound(sorted(system.find(folder)))
    yield from ((one, str(PurePosixPath(one).relative_to(root))) for one in listed)


def _bound(paths: list[str]) -> list[str]:
    if len(paths) > MOST_FILES:
        raise UnreadableModel(f"there are {len(paths)} files behind this URL; name the model itself")
    return paths


def _line(error: Exception) -> str:
    status, message = getattr(error, "status", None), getattr(error, "message", "")
    reply = f"{status} {message}" if status and message else str(error)
    return " ".join(reply.split()).strip(" ,")[:300] or type(error).__name__
