"""Where the user's data come from: files, folders, records, a function.

Runs in the child process (see minmax_lint/backends/conversion/worker.py), in Python 3.7 as well.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import struct
import sys
import traceback
import zipfile
from typing import Any, Callable, Iterator, Mapping, Sequence

import numpy
from minmax_lint.graph.names import did_you_mean
from minmax_lint.backends.calibration.inputs import Input
from minmax_lint.backends.conversion.worker import Misuse

_NPY, _NPZ = b"\x93NUMPY", b"PK\x03\x04"
_ENCODED_IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")
_GIVE = "give an .npz, .npy or TFRecord file, a folder of .npz and .npy files, or module:function"


def pieces(source: str, inputs: Sequence[Input], folder: str) -> Iterator[Mapping[str, Any]]:
    """What `source` (meant in `folder`) holds, piece by piece, by the names it has. Raises Misuse."""
    if names_function(source, folder):
        yield from _feeds_of(user_function(source, folder), inputs, source)
        return
    for path in files(source, folder):
        yield from _in_file(path, inputs)


def names_function(source: str, folder: str) -> bool:
    """Whether `source` is a `module:function`, and no file or folder."""
    return ":" in source and not os.path.exists(os.path.join(folder, source))


def is_one_array_file(source: str, folder: str) -> bool:
    """Whether `source` is a single .npz or .npy file, which is read whole."""
    path = os.path.join(folder, source)
    if names_function(source, folder) or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(8).startswith((_NPY, _NPZ))


def files(source: str, folder: str) -> list[str]:
    """The files that `source` means. Raises Misuse where there are none."""
    path = os.path.join(folder, source)
    if os.path.isdir(path):
        found = sorted(one for one in os.listdir(path) if one.endswith((".npz", ".npy")))
        if not found:
            raise Misuse(f"{source} holds no .npz and no .npy files; {_GIVE}")
        return [os.path.join(path, one) for one in found]
    if not os.path.exists(path):
        raise Misuse(f"there are no data at {source}: no such file or folder; {_GIVE}")
    if not os.path.isfile(path):  # a pipe would wait for ever
        raise Misuse(f"{source} is no file; {_GIVE}")
    return [path]


def _in_file(path: str, inputs: Sequence[Input]) -> Iterator[Mapping[str, Any]]:
    try:
        with open(path, "rb") as file:
            head = file.read(16)
        if head.startswith(_NPY):
            yield _by_order([numpy.load(path, mmap_mode="r")], inputs, path)
        elif head.startswith(_NPZ):
            with numpy.load(path) as archive:
                named = {name: archive[name] for name in archive.files}
            alone = len(inputs) == len(named) == 1
            yield _by_order(list(named.values()), inputs, path) if alone else named
        elif is_tfrecord(path):
            yield from _records(path, inputs)
        else:
            arrays = ", ".join(f"{one.name}=..." for one in inputs if one.name.isidentifier())
            raise Misuse(
                f"{path} is no .npz, .npy or TFRecord file; save it with numpy.savez(file, {arrays or '...'})"
            )
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        what = "holds Python objects" if "allow_pickle" in str(error) else f"cannot be read ({error})"
        raise Misuse(f"{path} {what}; save plain arrays of numbers with numpy.savez") from None


def is_tfrecord(path: str) -> bool:
    """Whether a file begins with the length of a record that it can hold."""
    with open(path, "rb") as file:
        head = file.read(12)
    numpy_file = head.startswith((_NPY, _NPZ))
    return not numpy_file and len(head) == 12 and struct.unpack("<Q", head[:8])[0] < os.path.getsize(path)


def _by_order(values: Sequence[Any], inputs: Sequence[Input], source: str) -> Mapping[str, Any]:
    if len(values) != len(inputs):
        names = ", ".join(one.name for one in inputs)
        raise Misuse(
            f"{source} holds {len(values)} arrays without names for the inputs {names}; name them so"
        )
    return {one.name: value for one, value in zip(inputs, values)}


def user_function(source: str, folder: str) -> Callable[[], Any]:
    """The user's function. Raises Misuse where its module cannot be imported, or has no such function."""
    module, _, name = source.rpartition(":")
    place = os.path.abspath(folder)
    os.chdir(place)  # for the files that it reads
    if module.endswith(".py"):
        place, base = os.path.split(os.path.join(place, module))
        module = base[:-3]
    try:
        found = _import(module, place)
    except (Exception, SystemExit) as error:
        hint = ""
        if isinstance(error, ImportError) and source.rpartition(":")[0].endswith(".py"):
            hint = "; name a Python that has it (--python). All of that file runs: keep samples in one of their own"
        raise Misuse(f"{source} cannot be imported by {sys.executable}: {_reason(error)}{hint}") from None
    function = getattr(found, name, None)
    if not callable(function):
        functions = [one for one in vars(found) if callable(getattr(found, one))]
        meant = did_you_mean(name, functions, "it must be a function that yields feeds", count=1)
        raise Misuse(f"{module} has no function {name!r}{meant}")
    checked: Callable[[], Any] = function
    return checked


def _import(module: str, folder: str) -> Any:
    """The module in `folder`, else an installed one.

    What it imports in its turn is an installed module before it is one of the folder, where a file may be called as
    one of Python's own.
    """
    sys.path.append(folder)
    first = module.split(".", maxsplit=1)[0]
    spec = importlib.machinery.PathFinder.find_spec(first, [folder])
    if spec is not None and spec.loader is not None:
        top = importlib.util.module_from_spec(spec)
        sys.modules[first] = top
        spec.loader.exec_module(top)
    return importlib.import_module(module)


def _feeds_of(
    function: Callable[[], Any], inputs: Sequence[Input], source: str
) -> Iterator[Mapping[str, Any]]:
    """What the user's function yields: a mapping, a sequence in the order of the inputs, or one array.

    Samples of several signatures are pairs of a key and a mapping: those that feed none of the inputs are left out.
    """
    known = {name for one in inputs for name in one.names}
    signatures = {name for one in inputs for name in one.signatures}
    for value in _values(function, source):
        if isinstance(value, Mapping):
            yield value
        elif isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], Mapping):
            if value[0] in signatures if signatures else known.intersection(value[1]):
                yield value[1]
        else:
            values = list(value) if isinstance(value, (list, tuple)) else [value]
            yield _by_order(values, inputs, source)


def _values(function: Callable[[], Any], source: str) -> Iterator[Any]:
    """The yielded values. Raises Misuse where the function fails, or yields nothing."""
    count = 0
    try:
        values = function()
        if not hasattr(values, "__iter__") and not hasattr(values, "__getitem__"):
            raise Misuse(f"{source} returns {type(values).__name__}; yield feeds: {{input array: values}}")
        for value in values:
            count += 1
            yield value
    except Misuse:
        raise
    except (Exception, SystemExit) as error:
        raise Misuse(f"{source} failed: {_reason(error)}") from None
    if not count:
        raise Misuse(f"{source} yields nothing; yield feeds: {{input array: values}}")


def _reason(error: BaseException) -> str:
    """An error of the user's code, with its innermost place."""
    frames = traceback.extract_tb(error.__traceback__)
    here = os.path.abspath(__file__)
    own = [one for one in frames if os.path.abspath(one.filename) != here and "importlib" not in one.filename]
    place = f" ({os.path.basename(own[-1].filename)}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {error}{place}"


def _records(path: str, inputs: Sequence[Input]) -> Iterator[Mapping[str, Any]]:
    """The examples of a TFRecord file; a bytes feature holds one array in the input's own element type."""
    import tensorflow

    try:
        for record in tensorflow.compat.v1.io.tf_record_iterator(path):
            yield example_arrays(tensorflow.train.Example, record, inputs, path)
    except tensorflow.errors.DataLossError:
        raise Misuse(f"{path} is no TFRecord file, or is damaged; write it again") from None


def example_arrays(message: Any, record: bytes, inputs: Sequence[Input], path: str) -> Mapping[str, Any]:
    """The arrays of one record, by input; by its own names where no input is among them. Raises Misuse.

    `message` is the class of tf.train.Example.
    """
    try:
        features = message.FromString(record).features.feature
    except Exception as error:
        if type(error).__name__ != "DecodeError":
            raise
        raise Misuse(
            f"the records of {path} are no tf.train.Example; read them in a module:function"
        ) from None
    named = {}
    for one in inputs:
        key = next((name for name in one.names if name in features), None)
        if key is not None:
            named[one.name] = _feature(features[key], one, path)
    return named or dict.fromkeys(features)


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
