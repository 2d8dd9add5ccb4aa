"""The one way in: any source to a Model."""

import os
import sys
from pathlib import Path
from typing import Any

from minmax_lint.errors import UnknownName, UnreadableModel
from minmax_lint.graph.names import did_you_mean
from minmax_lint.loaders.buffers import map_file, read_pipe
from minmax_lint.loaders.checkpoint import prefix as checkpoint
from minmax_lint.loaders.checkpoint.variables import with_values
from minmax_lint.loaders.content import Kind, kind_of
from minmax_lint.loaders.model import Model
from minmax_lint.loaders.parse import parse
from minmax_lint.loaders.remote.download import fetch, is_remote
from minmax_lint.loaders.savedmodel import directory as savedmodel

STANDARD_INPUT = "-"
_SCRIPTS = (".py", ".ipynb")


def load(
    source: Any,
    *,
    signature: str | None = None,
    values: str | os.PathLike[str] | None = None,
    trust: bool = False,
    python: str | os.PathLike[str] | None = None,
) -> Model:
    """Load a model from a path (`-` is standard input), a URL that fsspec knows, a message or a TensorFlow object.

    `signature` picks the MetaGraph of a SavedModel that has it. `values` is the checkpoint that holds the
    variables, where it is not the one beside the graph: a prefix, one of its files, or its folder.
    With `trust`, a Keras file may run code that it brings along. `python` is the interpreter whose Keras loads
    such a file (default: the running one).
    Raises UnreadableModel with what the source is instead of a model and what to do, UnknownName for a
    signature that is not there.
    """
    if not isinstance(source, (str, os.PathLike)):
        from minmax_lint.loaders.keras.objects import load_object

        model = load_object(source, signature)
        return model if values is None else _with_values(model, values)
    name = "standard input" if source == STANDARD_INPUT else os.fspath(source)
    path = Path(source)
    try:
        if source == STANDARD_INPUT:
            model = parse(read_pipe(sys.stdin.buffer), signature=signature)
        else:
            path = fetch(name) if is_remote(name) else path
            model = _load_path(path, signature, trust, None if python is None else os.fspath(python))
    except UnknownName:
        raise
    except UnreadableModel as error:
        raise UnreadableModel(f"{name}: {_by_url(error, path, name)}") from None
    except OSError as error:
        raise UnreadableModel(f"{name}: cannot be read ({error.strerror})") from None
    return model if values is None else _with_values(model, values)


def _with_values(model: Model, named: str | os.PathLike[str]) -> Model:
    if not is_remote(named):
        return with_values(model, Path(named))
    url, path = os.fspath(named), Path(named)
    try:
        path = fetch(url)
        return with_values(model, path)
    except UnreadableModel as error:
        raise UnreadableModel(f"{url}: {_by_url(error, path, url)}") from None


def _by_url(error: UnreadableModel, path: Path, name: str) -> str:
    """What an error says, with the URL in place of the local copy."""
    return str(error).replace(str(path), name.rstrip("/")) if is_remote(name) else str(error)


def _load_path(path: Path, signature: str | None, trust: bool = False, python: str | None = None) -> Model:
    whole = savedmodel.directory_of(path) if path.exists() else None
    if whole is not None or path.is_dir():
        return _load_folder(whole or path, signature)
    if path.suffix in _SCRIPTS and path.is_file():
        raise UnreadableModel(
            f"this is a script; name the model that it converts, and give --script {path.name}"
        )
    checkpoint.refuse_unfinished(checkpoint.prefix_of(path))
    if checkpoint.is_prefix(path) and not path.is_file():
        return _load_checkpoint(path)
    if not path.exists():
        raise UnreadableModel(f"there is no such file or folder{_suggestion(path)}")
    if checkpoint.is_data(path):
        return _load_checkpoint(checkpoint.prefix_of(path))
    buffer = map_file(path)
    kind = kind_of(buffer)
    if kind in (Kind.KERAS, Kind.KERAS_HDF5):
        from minmax_lint.loaders.keras.file import keras_model

        return keras_model(path, kind, trust=trust, python=python)
    if kind is Kind.CHECKPOINT_STATE:
        return _load_checkpoint(checkpoint.prefix_in_state(path))
    if kind is Kind.CHECKPOINT_INDEX:
        return _load_checkpoint(checkpoint.prefix_of_index(path))
    if kind in (Kind.SAVEDMODEL, Kind.SAVEDMODEL_TEXT):
        return parse(buffer, path, signature=signature, prefix=path.parent / savedmodel.VARIABLES)
    return parse(buffer, path, signature=signature, prefix=checkpoint.prefix_of(path))


def _load_checkpoint(prefix: Path) -> Model:
    checkpoint.refuse_unfinished(prefix)
    meta = checkpoint.meta_file(prefix)
    checkpoint.refuse_version_1(prefix)
    return parse(map_file(meta), meta, prefix=prefix, form="checkpoint")


def _load_folder(folder: Path, signature: str | None) -> Model:
    for name in savedmodel.FILES:
        if (folder / name).is_file():
            return _load_path(folder / name, signature)
    if (folder / checkpoint.STATE).is_file():
        return _load_checkpoint(checkpoint.prefix_in_state(folder / checkpoint.STATE))
    prefixes = checkpoint.prefixes_in(folder)
    if len(prefixes) == 1:
        return _load_checkpoint(prefixes[0])
    if prefixes:
        raise UnreadableModel(f"the folder holds several checkpoints; name one, such as {prefixes[-1]}")
    inside = sorted(
        [found.parent for name in savedmodel.FILES for found in folder.glob(f"*/{name}")]
        + [found for ending in ("pb", "pbtxt") for found in folder.glob(f"*.{ending}") if found.is_file()]
    )
    if inside:
        raise UnreadableModel(f"the folder itself is no model; name what is in it, such as {inside[0]}")
    raise UnreadableModel("the folder holds no model (no saved_model.pb, no checkpoint); name a graph")


def _suggestion(path: Path) -> str:
    """What a user may have meant by a path that is not there."""
    try:
        there = [str(found) for found in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(str(path), there, count=1)
