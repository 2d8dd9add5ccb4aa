"""Whether what a script's dataset goes over is empty, as far as its text, or the files that it names, show it."""

import ast
import os
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from minmax_lint.loaders.script.names import dotted, last
from minmax_lint.loaders.script.saved import path_of
from minmax_lint.loaders.script.values import Values

_SAME_COUNT = frozenset({"iter", "list", "tuple", "sorted", "reversed", "enumerate", "tqdm", "set"})
"""Functions that give out as many elements as they are given."""
_PATTERNS = frozenset({"glob", "iglob"})


def is_empty(values: Values, over: ast.expr) -> bool:
    """Whether what a loop goes over, or a function returns, has no element: `[]`, `range(0)`, `x[:0]`, `x.take(0)`.

    A name that stands for an empty list says nothing: lists are filled later.
    """
    if isinstance(over, (ast.List, ast.Tuple)):
        return not over.elts
    over = values.followed(over)
    if isinstance(over, ast.Subscript) and isinstance(over.slice, ast.Slice):
        return _is(over.slice.upper, 0) or is_empty(values, over.value)
    if not isinstance(over, ast.Call):
        return False
    name = dotted(over.func)
    if name == "range":
        bounds = [values.followed(one) for one in over.args]
        numbers = [
            one.value for one in bounds if isinstance(one, ast.Constant) and isinstance(one.value, int)
        ]
        return (
            len(numbers) == len(bounds) and 0 not in numbers[2:] and bool(numbers) and not range(*numbers[:3])
        )
    if isinstance(over.func, ast.Attribute) and over.func.attr == "take":
        return bool(over.args) and _is(values.followed(over.args[0]), 0)
    return last(over.func) in _SAME_COUNT and bool(over.args) and is_empty(values, over.args[0])


def unmatched_pattern(values: Values, over: ast.expr, folders: Iterable[Path]) -> str:
    """The pattern of `glob` after which a loop takes its files, where none in `folders` fits it; else empty."""
    over = values.followed(over)
    while isinstance(over, ast.Subscript) or (
        isinstance(over, ast.Call) and last(over.func) in _SAME_COUNT and over.args
    ):
        over = values.followed(over.value if isinstance(over, ast.Subscript) else over.args[0])
    if not (isinstance(over, ast.Call) and isinstance(over.func, (ast.Name, ast.Attribute)) and over.args):
        return ""
    called = over.func.attr if isinstance(over.func, ast.Attribute) else over.func.id
    pattern = path_of(values, over.args[0]) if called in _PATTERNS else ""
    holder = over.func.value if isinstance(over.func, ast.Attribute) else None
    if holder is not None and not dotted(holder).endswith(("glob", "gfile")):  # Path(...).glob(...)
        folder = path_of(values, holder)
        pattern = os.path.join(folder, pattern) if pattern and folder else ""
    return pattern if pattern and all(_fits_none(folder, pattern) for folder in folders) else ""


def _fits_none(folder: Path, pattern: str) -> bool:
    """Whether no file has such a name; False where that takes a search through folders, or another machine."""
    where, name = os.path.split(pattern)
    if "://" in pattern or pattern.startswith(("//", "\\\\", "~")) or any(one in where for one in "*?["):
        return False
    if "**" in name:
        return False
    try:
        with os.scandir(folder / where) as found:
            return not any(fnmatch(one.name, name) for one in found)
    except OSError:
        return True


def _is(value: ast.expr | None, number: int) -> bool:
    return isinstance(value, ast.Constant) and value.value == number and value.value is not False
