"""Where the user's data come from: files, folders, records, a function.

Runs in the child process (see minmax_lint/conversion/worker.py), in Python 3.7 as well.
"""

from __future__ import annotations

import importlib
import os
import struct
import sys
import zipfile
from typing import Any, Iterator, Mapping, Sequence

import numpy
from minmax_lint.calibration.inputs import Input
from minmax_lint.conversion.worker import Misuse

_NPY, _NPZ = b"\x93NUMPY", b"PK\x03\x04"
_ENCODED_IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")


def pieces(source: str, inputs: Sequence[Input], folder: str) -> Iterator[Mapping[str, Any]]:
    """What `source` (meant in `folder`) holds, piece by piece, by the names it has. Raises Misuse."""
    path = os.path.join(folder, source)
    if os.path.isdir(path):
        files = sorted(one for one in os.listdir(path) if one.endswith((".npz", ".npy")))
        if not files:
            raise Misuse(f"{source} holds no .npz and no .npy files")
        for file in files:
            yield from _in_file(os.path.join(path, file), inputs)
    elif os.path.exists(path):
        yield from _in_file(path, inputs)
    elif ":" in source:
        yield from _from_function(source, inputs, folder)
    else:
        raise Misuse(f"there are no data at {source}: no such file or folder, and no module:function")


def _in_file(path: str, inputs: Sequence[Input]) -> Iterator[Mapping[str, Any]]:
    try:
        with open(path, "rb") as file:
            head = file.read(16)
        if head.startswith(_NPY):
            yield _by_order([numpy.load(path, mmap_mode="r")], inputs, path)
        elif head.startswith(_NPZ):
            with numpy.load(path) as archive:
                named = {name: archive[name] for name in archive.files}
            known = any(name in named for one in inputs for name in one.names)
            yield named if known or len(inputs) > 1 else _by_order(list(named.values()), inputs, path)
        elif len(head) >= 12 and struct.unpack("<Q", head[:8])[0] < os.path.getsize(path):
            yield from _records(path, inputs)
        else:
            raise Misuse(f"{path} is no .npz, .npy or TFRecord file")
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise Misuse(f"{path} cannot be read: {error}") from None


def _by_order(values: Sequence[Any], inputs: Sequence[Input], source: str) -> Mapping[str, Any]:
    if len(values) != len(inputs):
        names = ", ".join(one.name for one in inputs)
        raise Misuse(f"{source} holds {len(values)} arrays without names for the inputs {names}")
    return {one.name: value for one, value in zip(inputs, values)}


def _from_function(source: str, inputs: Sequence[Input], folder: str) -> Iterator[Mapping[str, Any]]:
    """What the user's function yields: a mapping, a sequence in the order of the inputs, or one array."""
    module, _, name = source.rpartition(":")
    place, base = os.path.split(module[:-3] if module.endswith(".py") else module.replace(".", os.sep))
    try:
        if module.endswith(".py"):
            sys.path.insert(0, os.path.abspath(os.path.join(folder, place)))
            module = base
        sys.path.insert(0, os.path.abspath(folder))
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise Misuse(f"{source} cannot be imported: {error}") from None
    for value in function():
        if isinstance(value, Mapping):
            yield value
        else:
            values = list(value) if isinstance(value, (list, tuple)) else [value]
            yield _by_order(values, inputs, source)


def _records(path: str, inputs: Sequence[Input]) -> Iterator[Mapping[str, Any]]:
    """The examples of a TFRecord file; a bytes feature holds one array in the input's own element type."""
    import tensorflow

    try:
        for record in tensorflow.compat.v1.io.tf_record_iterator(path):
            features = tensorflow.train.Example.FromString(record).features.feature
            named = {}
            for one in inputs:
                key = next((name for name in one.names if name in features), None)
                if key is not None:
                    named[one.name] = _feature(features[key], one, path)
            yield named or dict.fromkeys(features)
    except tensorflow.errors.DataLossError:
        raise Misuse(f"{path} is no TFRecord file, or is damaged") from None


def _feature(feature: Any, one: Input, path: str) -> Any:
    kind = feature.WhichOneof("kind")
    if kind == "bytes_list":
        content = b"".join(feature.bytes_list.value)
        if content.startswith(_ENCODED_IMAGES):
            raise Misuse(f"{path} holds encoded images: decode them in a module:function of yours")
        if len(content) % one.dtype.itemsize:
            raise Misuse(f"{path}: {len(content)} bytes are no {one.dtype} array for input {one.name!r}")
        flat = numpy.frombuffer(content, one.dtype)
    else:
        flat = numpy.asarray(getattr(feature, kind).value if kind else [])
    sizes = one.shape[1:] if one.shape else []
    if None in sizes:
        if sizes.count(None) > 1:
            raise Misuse(f"give input {one.name!r} a shape (-i {one.name}=1,...): records have none")
        sizes = [-1 if size is None else size for size in sizes]
    try:
        return flat.reshape([1, *sizes] if one.batched else [])
    except ValueError:
        raise Misuse(f"{path}: {flat.size} values do not fit input {one.name!r} {one.shape}") from None
