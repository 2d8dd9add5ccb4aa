"""The one way out: a model and an edit to a file or folder, atomically."""

import glob
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from google.protobuf import text_format

from minmax_lint.errors import UserError
from minmax_lint.graph.edit import Edit, edit_graph
from minmax_lint.loaders.buffers import map_file
from minmax_lint.loaders.checkpoint.prefix import STATE, prefix_of, set_aside
from minmax_lint.loaders.model import Model
from minmax_lint.loaders.savedmodel.directory import FILES
from minmax_lint.loaders.savedmodel.metagraph import meta_graph
from minmax_lint.loaders.wire import Buffer
from minmax_lint.schema.messages import message_in
from minmax_lint.writers.atomic import new_folder, write_file, write_files
from minmax_lint.writers.flattened import flattened_chunks
from minmax_lint.writers.frozen import frozen_chunks
from minmax_lint.writers.graphdef import chunks
from minmax_lint.writers.metagraph import NewNames, meta_graph_chunks, saved_model_chunks

_NO_GRAPHS = (".keras", ".h5", ".tflite")
_FINGERPRINT = "fingerprint.pb"
"""A checksum of saved_model.pb that TensorFlow 2 leaves beside it; nothing needs it, and it would be wrong."""


def write(
    model: Model,
    edit: Edit,
    destination: Path,
    *,
    renamed_outputs: Mapping[str, str],
    in_place: bool = False,
) -> None:
    """Write `model` with `edit` applied to `destination`, in the format the model came in.

    A graph goes to a file, text where `destination` ends in `.pbtxt`; a checkpoint to a prefix (its values
    are copied) or into a folder; a SavedModel to a new folder, everything but its graph copied, or frozen
    to a GraphDef where `destination` ends in `.pb`. `renamed_outputs` maps output arrays to the arrays that
    replace them: signatures and collections follow.
    Raises UserError where the destination is the source and `in_place` is not given, or cannot be written.
    """
    if destination.suffix in _NO_GRAPHS:
        raise UserError(f"{destination}: the repaired graph is a GraphDef; give an --output that ends in .pb")
    names = NewNames(renamed_outputs, edit, edit_graph(model.graph, edit))
    folder = model.outer is not None or model.format.startswith("savedmodel")
    if folder and (model.path is None or is_graph_file(destination)):
        pieces = frozen_chunks(model, names)
        write_file(destination, as_text(pieces, "GraphDef") if destination.suffix == ".pbtxt" else pieces)
    elif model.path is None:
        write_file(destination, _pieces(model, names, destination))
    elif model.format == "checkpoint":
        _write_checkpoint(model.path, names, model, destination, in_place)
    elif model.format.startswith("savedmodel"):
        _write_saved_model(model.path, names, model, destination, in_place)
    else:
        _refuse_source(model.path, destination, in_place)
        write_file(destination, _pieces(model, names, destination))


def _pieces(model: Model, names: NewNames, destination: Path) -> Iterator[Buffer]:
    """The content of the file that holds the graph: the file itself where nothing changes."""
    text = destination.suffix == ".pbtxt" or (model.format.endswith("-text") and destination.suffix != ".pb")
    if names.unchanged and model.path is not None and text == model.format.endswith("-text"):
        return iter([map_file(model.path)])
    form, message = model.format.removesuffix("-text"), "GraphDef"
    serialized = model.graph.columns.serialized
    if form in ("metagraph", "checkpoint") and serialized is not None:
        message = "MetaGraphDef"
        pieces = meta_graph_chunks(meta_graph(serialized.buffer), names)
    elif form == "savedmodel" and serialized is not None:
        message = "SavedModel"
        pieces = saved_model_chunks(
            serialized.buffer, serialized.start, lambda meta: meta_graph_chunks(meta, names)
        )
    elif model.outer is not None:
        message = "SavedModel"
        pieces = flattened_chunks(model, names)
    else:
        pieces = chunks(names.after)
    return as_text(pieces, message) if text else pieces


def _write_checkpoint(source: Path, names: NewNames, model: Model, destination: Path, in_place: bool) -> None:
    if is_graph_file(destination):
        raise UserError(f"{destination}: a checkpoint is written as one; give a prefix such as fixed.ckpt")
    before = prefix_of(source)
    into_folder = destination.is_dir()
    prefix = destination / before.name if into_folder else prefix_of(destination)
    meta = Path(f"{prefix}.meta")
    _refuse_source(source, meta, in_place, named=destination)
    contents: dict[Path, Iterable[Buffer]] = {}
    index = Path(f"{before}.index")
    if not _same(source, meta):
        parts = sorted(source.parent.glob(f"{glob.escape(before.name)}.data-*"))
        for part in parts:
            contents[Path(f"{prefix}{part.name.removeprefix(before.name)}")] = [map_file(part)]
    contents[meta] = _pieces(model, names, meta)
    if not _same(source, meta):
        if index.is_file():  # the last: without an index there is no checkpoint
            contents[Path(f"{prefix}.index")] = [map_file(index)]
        if into_folder and not (destination / STATE).exists():
            contents[destination / STATE] = [f'model_checkpoint_path: "{prefix.name}"\n'.encode()]
    write_files(contents, aside=set_aside(prefix))


def _write_saved_model(
    source: Path, names: NewNames, model: Model, destination: Path, in_place: bool
) -> None:
    folder = source.parent
    if destination.name in FILES and not destination.is_dir():
        destination = destination.parent
    _refuse_source(folder, destination, in_place)
    left_out = FILES if names.unchanged else (*FILES, _FINGERPRINT)
    if _same(folder, destination):
        write_file(source, _pieces(model, names, source))
        if _FINGERPRINT in left_out:
            (folder / _FINGERPRINT).unlink(missing_ok=True)
        return
    with new_folder(destination) as filled:
        _copy_folder(folder, filled, os.path.realpath(folder), frozenset(left_out))
        with (filled / source.name).open("wb") as file:
            file.writelines(_pieces(model, names, source))


def _copy_folder(source: Path, target: Path, model: str, left_out: frozenset[str]) -> None:
    """Copy what a folder of the SavedModel in `model` holds, but for files of names in `left_out`.

    A symbolic link stays one: what it points at outside the folder is no part of the model, and may be any file.
    """
    for one in os.scandir(source):
        place = target / one.name
        if one.name in left_out:
            continue
        if one.is_symlink():
            pointed = os.path.realpath(one.path)
            within = os.path.commonpath([pointed, model]) == model
            os.symlink(os.path.relpath(pointed, os.path.realpath(source)) if within else pointed, place)
        elif one.is_dir():
            place.mkdir()
            _copy_folder(Path(one.path), place, model, left_out)
            shutil.copystat(one.path, place)
        elif not one.is_file():
            raise shutil.SpecialFileError(f"{one.path} is no file")
        else:
            shutil.copy2(one.path, place)


def _refuse_source(source: Path, destination: Path, in_place: bool, named: Path | None = None) -> None:
    if not in_place and _same(source, destination):
        raise UserError(
            f"{named or destination} is the input; give another --output, or --in-place to replace it"
        )


def is_graph_file(destination: Path) -> bool:
    """Whether a SavedModel goes there as a GraphDef."""
    return destination.suffix in (".pb", ".pbtxt") and destination.name not in FILES


def _same(first: Path, second: Path) -> bool:
    try:
        return os.path.samefile(first, second)
    except OSError:
        return False


def as_text(pieces: Iterator[Buffer], message: str) -> Iterator[bytes]:
    """The text of a serialized `message`.

    Raises UserError for a message with fields we have no names for: text would lose them.
    """
    found = message_in(b"".join(pieces), message)
    size = found.ByteSize()
    found.DiscardUnknownFields()
    if found.ByteSize() != size:
        raise UserError("the graph holds fields that text would lose; write a .pb instead of a .pbtxt")
    yield text_format.MessageToString(found).encode("utf-8")
