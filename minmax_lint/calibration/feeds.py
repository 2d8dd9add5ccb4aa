"""The user's data as feeds of a graph's inputs, in batches.

Runs in the child process (see minmax_lint/conversion/worker.py): Python 3.7, no other import of minmax_lint
than what runs there as well.
"""

from __future__ import annotations

import importlib
import os
import struct
import sys
from typing import Any, Iterator, Mapping, Sequence

import numpy
from minmax_lint.conversion.worker import Misuse

Feed = Mapping[str, Any]
"""Input array -> numpy array with a batch dimension in front."""

_NPY, _NPZ = b"\x93NUMPY", b"PK\x03\x04"
_ENCODED_IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")


class Input:
    """An input of the graph: what it is called, its element type and its shape (None: unknown rank)."""

    def __init__(
        self, name: str, dtype: Any, shape: Sequence[int | None] | None, aliases: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.dtype = numpy.dtype(dtype)
        self.shape = None if shape is None else list(shape)
        self.names = [name, name + ":0", *aliases]

    @property
    def batched(self) -> bool:
        """Whether its first dimension counts samples; a scalar has none."""
        return self.shape is None or len(self.shape) > 0

    def rows(self, value: Any) -> Any:
        """`value` as samples of this input, one a row. Raises Misuse where it does not fit."""
        array = numpy.asarray(value)
        if array.dtype.kind not in "biuf":
            raise Misuse(f"the data for input {self.name!r} are no numbers but {array.dtype}")
        if array.dtype.kind == "f" and not numpy.isfinite(array).all():
            raise Misuse(f"the data for input {self.name!r} hold NaN or infinite values")
        fitted = self._fitted(array)
        if self.dtype.kind in "iu" and array.dtype.kind == "f" and (fitted != numpy.rint(fitted)).any():
            raise Misuse(f"the data for input {self.name!r} are fractions; the graph wants {self.dtype}")
        return fitted.astype(self.dtype, copy=False)

    def _fitted(self, array: Any) -> Any:
        if self.shape is None:
            return array
        if not self.batched:
            return array.reshape(())
        if array.ndim == len(self.shape) and _fits(array.shape[1:], self.shape[1:]):
            return array
        if array.ndim == len(self.shape) - 1 and _fits(array.shape, self.shape[1:]):
            return array[numpy.newaxis]
        wanted = ", ".join("?" if size is None else str(size) for size in self.shape)
        raise Misuse(
            f"the data for input {self.name!r} have shape {list(array.shape)}; the graph wants [{wanted}]"
        )


def batches(
    source: str, inputs: Sequence[Input], size: int, limit: int | None = None, folder: str = "."
) -> Iterator[Feed]:
    """Feeds of `size` samples (or of the graph's own fixed batch size) from the user's data.

    `source`: an `.npz` or `.npy` file, a folder of them, a TFRecord file of tf.train.Example, told apart by
    content, or `module:function` (or `file.py:function`) that yields feeds. At most `limit` samples; a
    rest that does not fill a fixed batch is left out. Raises Misuse where nothing fits.
    """
    fixed = {one.shape[0] for one in inputs if one.shape and one.shape[0] is not None}
    if len(fixed) > 1:
        raise Misuse(f"the inputs have different batch sizes: {sorted(fixed)}")
    size = fixed.pop() if fixed else size
    count = 0
    for feed in _regrouped(_rows(source, inputs, folder), inputs, size, whole=bool(fixed) or size == 1):
        count += _length(feed, inputs)
        yield feed
        if limit is not None and count >= limit:
            return
    if not count:
        raise Misuse(f"{source} holds fewer samples than one batch of the graph ({size})")


def _fits(shape: Sequence[int], wanted: Sequence[int | None]) -> bool:
    return len(shape) == len(wanted) and all(w is None or w == s for s, w in zip(shape, wanted))


def _length(feed: Feed, inputs: Sequence[Input]) -> int:
    return max((len(feed[one.name]) for one in inputs if one.batched), default=1)


def _regrouped(feeds: Iterator[Feed], inputs: Sequence[Input], size: int, whole: bool) -> Iterator[Feed]:
    """Feeds of exactly `size` samples; unless `whole`, the rest as a smaller last one."""
    waiting: dict[str, Any] = {}
    for feed in feeds:
        lengths = {one.name: len(feed[one.name]) for one in inputs if one.batched}
        if len(set(lengths.values())) > 1:
            raise Misuse(f"the inputs have different numbers of samples: {lengths}")
        for one in inputs:
            old = waiting.get(one.name)
            new = feed[one.name]
            waiting[one.name] = new if old is None or not one.batched else numpy.concatenate([old, new])
        while _length(waiting, inputs) >= size:
            yield {one.name: waiting[one.name][:size] if one.batched else waiting[one.name] for one in inputs}
            if not lengths:
                break
            waiting = {
                one.name: waiting[one.name][size:] if one.batched else waiting[one.name] for one in inputs
            }
    if waiting and not whole and any(one.batched and len(waiting[one.name]) for one in inputs):
        yield waiting


def _rows(source: str, inputs: Sequence[Input], folder: str) -> Iterator[Feed]:
    """What the source holds, piece by piece, every input fitted."""
    for named in _pieces(source, inputs, folder):
        yield {one.name: one.rows(_value(named, one, source)) for one in inputs}


def _value(named: Mapping[str, Any], one: Input, source: str) -> Any:
    found = next((named[name] for name in one.names if name in named), None)
    if found is None:
        raise Misuse(f"{source} has no data for input {one.name!r}; it has {', '.join(named) or 'nothing'}")
    return found


def _pieces(source: str, inputs: Sequence[Input], folder: str) -> Iterator[Mapping[str, Any]]:
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
    except (OSError, ValueError, EOFError) as error:
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
