"""The names of the patterns that a TensorFlow library holds (`python -m tests.converters.mlir.pattern_names PYTHON`).

MLIR names a pattern by its C++ type, so that the name stands in libtensorflow_cc.so.2. The table `pattern_lists.toml`
was made with the libraries of TensorFlow 2.12 to 2.22; the passes were read off TensorFlow's source.
"""

import re
import sys
from functools import cache
from pathlib import Path

_TYPE = re.compile(rb"DesiredTypeName = (mlir::[^\]\x00]{1,300})\]\x00")
_OF_TENSORFLOW = re.compile(r"mlir::TF::(?:\(anonymous namespace\)|\{anonymous\})::(?!GeneratedConvert)(\w+)")
"""Those written in C++ or named in a .td file; what has a number for a name legalizes StableHLO."""
_CHUNK, _OVERLAP = 1 << 24, 400
_INTERFACE = re.compile(r"(Interface|Attr|Type|Op(GenericAdaptor)?|::\w+)$")


def library(python: Path) -> Path:
    """The library of the TensorFlow of that interpreter."""
    return next(python.parents[1].glob("lib/python3*/site-packages/tensorflow/libtensorflow_cc.so.2"))


@cache
def types(path: Path) -> frozenset[str]:
    """The names of MLIR's types in the library, with their namespaces."""
    found: set[str] = set()
    with path.open("rb") as stream:
        tail = b""
        while chunk := stream.read(_CHUNK):
            block = tail + chunk
            found.update(match[1].decode() for match in _TYPE.finditer(block))
            tail = block[-_OVERLAP:]
    return frozenset(found)


def pattern_names(path: Path) -> set[str]:
    """The names of TensorFlow Lite's and TensorFlow's patterns, instances of a template as one."""
    lite = (name for name in types(path) if name.startswith("mlir::TFL::"))
    named = (_OF_TENSORFLOW.match(name) for name in types(path))
    return {name for one in lite if (name := _pattern(one))} | {found[1] for found in named if found}


def type_names(path: Path) -> set[str]:
    """The names of all of MLIR's types without namespaces and arguments."""
    return {re.sub(r"<.*", "", name).rpartition("::")[2] for name in types(path)}


def _pattern(type_name: str) -> str | None:
    """The name of a pattern; None for another type."""
    unnamed = "(anonymous namespace)" in type_name or "{anonymous}" in type_name
    name = re.sub(r"^mlir::TFL::", "", type_name)
    name = re.sub(r"^(\(anonymous namespace\)|\{anonymous\}|quantize_\w+)::", "", name)
    name = re.sub(r"<.*$", "", name)
    if not unnamed and _INTERFACE.search(name):
        return None
    name = re.sub(r"TFL_Select(V2)?Op(?=[A-Z])", "SelectOp", re.sub(r"^anonymous_\d+", "", name))
    return re.sub(r"_?TFL?_\w+$", "", name) or None


if __name__ == "__main__":
    for python in sys.argv[1:]:
        print(*sorted(pattern_names(library(Path(python)))), sep="\n")
