"""The container of a Keras model, a zip archive or an HDF5 file: copied, checked, and handed on as that alone.

What is checked is what is loaded: the check and Keras read the same private copy, by whose name Keras knows the kind
that was checked. A file that is an archive and an HDF5 file at once is neither.
Source: zipfile (the central directory stands at the end), the HDF5 file format (the superblock stands at byte 0, 512,
1024, 2048 and so on), keras/src/saving/saving_lib.py.
"""

import json
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.buffers import map_file
from minmax_lint.loaders.content import HDF5, Kind, kind_of
from minmax_lint.loaders.keras import hdf5

_LARGEST = 32 << 20
"""Bytes of a description that are read at most."""
_MOST_UNPACKED = 64
"""Times the size of the archive that its members may have; archives of pruned weights are compressed."""
_SMALL = 1 << 30
"""Bytes that members may have in any case."""
_UNICODE_PATH = 0x7075
"""The field of a member with another name, which Python's zipfile reads since 3.12 and not before."""
_FIRST_USER_BLOCK = 512
_LOCAL_HEADER = 30
"""Bytes of a member's header in front of its name."""
WEIGHTS_ALONE = (
    "this HDF5 file holds weights and no model; save the whole model (`model.save`), or export it as a SavedModel "
    "(`model.export(FOLDER)`)"
)
SUFFIXES = {Kind.KERAS: ".keras", Kind.KERAS_HDF5: ".h5"}


@dataclass(frozen=True)
class Container:
    """A private copy of a Keras file, checked to be one thing alone."""

    path: Path
    kind: Kind
    config: Any
    """The model's description."""
    version: str
    """Of the Keras that wrote it; empty where the file does not say."""
    code: str
    """What in the container itself would run code; empty where nothing would."""
    outside: str
    """What would be read from other files, in words; empty where nothing would."""


def private_copy(path: Path, kind: Kind, folder: Path, python: str) -> Container:
    """A Keras file, copied to `folder`. Raises UnreadableModel where it is damaged, or not of that kind alone."""
    copy = folder / f"model{SUFFIXES[kind]}"
    shutil.copyfile(path, copy)
    return container(copy, kind, python)


def container(path: Path, kind: Kind, python: str) -> Container:
    """What the Keras file `path` holds; the interpreter `python` has h5py. Raises UnreadableModel."""
    if kind_of(map_file(path)) is not kind:
        raise UnreadableModel("the file changes while it is read; wait until it is written")
    return _archive(path, python) if kind is Kind.KERAS else _hdf5(path, python)


def _hdf5(path: Path, python: str) -> Container:
    if zipfile.is_zipfile(path):
        raise UnreadableModel(_both())
    found = hdf5.read(path, "model_config", "keras_version", python=python)
    if "model_config" not in found.attributes:
        raise UnreadableModel(WEIGHTS_ALONE)
    config = _json(found.attributes["model_config"])
    return Container(
        path, Kind.KERAS_HDF5, config, found.attributes.get("keras_version", ""), "", found.outside
    )


def _archive(path: Path, python: str) -> Container:
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            config = _json(_text(archive, members["config.json"]))
            about = _json(_text(archive, members["metadata.json"])) if "metadata.json" in members else {}
            _refuse_hdf5(path, archive, members)
            outside = next(
                filter(None, (_weights(archive, members, name, path, python) for name in members)), ""
            )
    except UnreadableModel:
        raise
    except Exception as error:
        # zipfile lets through what it meets: zlib.error, struct.error, UnicodeDecodeError
        raise UnreadableModel(f"the .keras file is damaged ({error}); save the model again") from None
    version = str(about.get("keras_version", "")) if isinstance(about, dict) else ""
    # Keras before 2.16 reads arrays with allow_pickle=True.
    pickled = next((f"pickled weights {name!r}" for name in members if name.lower().endswith(".npz")), "")
    return Container(path, Kind.KERAS, config, version, pickled, outside)


def _members(archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """The members by name. Raises UnreadableModel where a name stands twice, or leads out of the archive."""
    found: dict[str, zipfile.ZipInfo] = {}
    listed = archive.infolist()
    for member in listed:
        # What differs in case alone is one file on some systems.
        name = member.filename.casefold()
        parts = member.orig_filename.replace("\\", "/").split("/")
        if name in found:
            raise UnreadableModel(f"the .keras file holds {member.filename!r} twice; save the model again")
        if _UNICODE_PATH in _extra_fields(member.extra):
            raise UnreadableModel(
                f"{member.filename!r} in the .keras file has two names; save the model again"
            )
        link = stat.S_ISLNK(member.external_attr >> 16)
        if link or ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in member.orig_filename:
            raise UnreadableModel(
                f"{member.orig_filename!r} in the .keras file leads out of it; save the model again"
            )
        found[name] = member
    size = Path(str(archive.filename)).stat().st_size
    if sum(member.file_size for member in listed) > max(_SMALL, _MOST_UNPACKED * size):
        raise UnreadableModel(
            "the .keras file unpacks to more bytes than any model has; save the model again"
        )
    return {member.filename: member for member in listed}


def _extra_fields(extra: bytes) -> Iterator[int]:
    """The tags of a member's extra fields."""
    while len(extra) >= 4:
        yield int.from_bytes(extra[:2], "little")
        extra = extra[4 + int.from_bytes(extra[2:4], "little") :]


def _refuse_hdf5(path: Path, archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> None:
    """Raise UnreadableModel where the archive is an HDF5 file as well; a member may be one."""
    content = map_file(path)
    at = _FIRST_USER_BLOCK
    while at < len(content):
        if bytes(content[at : at + len(HDF5)]) == HDF5 and not _begins(content, members, at):
            raise UnreadableModel(_both())
        at *= 2


def _begins(content: Any, members: Mapping[str, zipfile.ZipInfo], at: int) -> bool:
    """Whether the content of a member begins at a byte."""
    for member in members.values():
        header = bytes(content[member.header_offset : member.header_offset + _LOCAL_HEADER])
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        if member.header_offset + _LOCAL_HEADER + lengths == at:
            return True
    return False


def _weights(
    archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], name: str, path: Path, python: str
) -> str:
    """What a member with weights would read from elsewhere."""
    if name.endswith(".weights.json"):  # which shard holds which weights
        shards = _json(_text(archive, members[name])).get("weight_map", {}).values()
        strange = (one for some in shards for one in ([some] if isinstance(some, str) else some))
        return next((f"the shard {one}" for one in strange if one not in members), "")
    if not name.lower().endswith((".h5", ".hdf5")):
        return ""
    unpacked = path.with_name("weights.h5")
    with archive.open(members[name]) as source, unpacked.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    try:
        return hdf5.read(unpacked, python=python).outside
    finally:
        unpacked.unlink()


def _text(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    if member.file_size > _LARGEST:
        raise UnreadableModel(
            f"{member.filename} in the .keras file is larger than any file of a model; save the model again"
        )
    return archive.read(member).decode("utf-8", "replace")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableModel("the Keras model's description is damaged; save the model again") from None


def _both() -> str:
    return "this file is a zip archive and an HDF5 file at once, so it holds two models; save the model again"
