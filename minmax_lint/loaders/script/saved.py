"""Where a script saves the model that it converts from memory."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from minmax_lint.converters.call import ConverterCall
from minmax_lint.loaders.script.definitions import passed_by
from minmax_lint.loaders.script.names import dotted, last, text_of, walk
from minmax_lint.loaders.script.options import default_of
from minmax_lint.loaders.script.values import Values

_METHODS = frozenset({"save", "export"})
"""Methods of a Keras model whose first argument is the place."""
_FUNCTIONS = frozenset({"save", "save_model", "export_saved_model"})
"""Functions that are given the model and the place: tf.saved_model.save, keras.models.save_model."""
_PLACES = frozenset({"filepath", "export_dir", "saved_model_path"})
_PATHS = frozenset({"Path", "PurePath", "PosixPath", "str", "fspath"})
_OBJECTS = {"from_keras_model": ("model",), "from_concrete_functions": ("funcs", "trackable_obj")}
"""Class method of TFLiteConverter -> its parameters up to the object that is converted."""
_DEEPEST = 4
_MOST_PARTS = 6
_MOST = 64
"""Expressions inside each other, parts of each and calls that are read: names may stand for each other many times."""


def of_model(calls: tuple[ConverterCall, ...], path: str) -> tuple[ConverterCall, ...]:
    """The calls of a script without those that convert other models, where one is known to convert that at `path`."""
    here = os.path.realpath(path)
    known = [{os.path.realpath(one) for one in (call.converted, *call.saved) if one} for call in calls]
    if not any(here in paths for paths in known):
        return calls
    return tuple(call for call, paths in zip(calls, known, strict=True) if not paths or here in paths)


def path_of(values: Values, value: ast.expr, depth: int = 0) -> str:
    """The path that an expression of constants stands for: joined, formatted or added ones; empty where it is none.

    An option of the script is its default.
    """
    value = values.followed(value)
    value = default_of(values, value) or value
    if isinstance(value, ast.Constant) or depth > _DEEPEST:
        return text_of(value)
    parts: list[ast.expr] = []
    between = ""
    if isinstance(value, ast.JoinedStr):
        plain = [
            one for one in value.values if not isinstance(one, ast.FormattedValue) or one.format_spec is None
        ]
        parts = [one.value if isinstance(one, ast.FormattedValue) else one for one in plain]
        parts = parts if len(plain) == len(value.values) else []
    elif isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.Div)):
        parts, between = [value.left, value.right], "/" if isinstance(value.op, ast.Div) else ""
    elif isinstance(value, ast.Call) and not value.keywords:
        joins = dotted(value.func).endswith("path.join") or last(value.func) in _PATHS
        parts, between = value.args if joins else [], "/"
    if len(parts) > _MOST_PARTS:
        return ""
    read = []
    for one in parts:
        read.append(path_of(values, one, depth + 1))
        if not read[-1]:
            return ""
    return between.join(read)


@dataclass(frozen=True, eq=False)
class Savings:
    """What a script saves, and where."""

    values: Values

    @cached_property
    def _calls(self) -> tuple[tuple[ast.Call, str, str], ...]:
        """Every call that saves a model, with the name of the model and the place."""
        found = (
            (call, holder, path_of(self.values, place))
            for call, holder, place in islice(_savings(self.values.tree), _MOST)
        )
        return tuple(one for one in found if one[2])

    @cached_property
    def _assigned(self) -> dict[tuple[ast.AST | None, str], list[int]]:
        """Function and name -> the lines in which it is given a value there."""
        found: dict[tuple[ast.AST | None, str], list[int]] = {}
        for node in walk(self.values.tree):
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    for one in target.elts if isinstance(target, ast.Tuple) else [target]:
                        key = (self.values.owner.get(node), dotted(one))
                        found.setdefault(key, []).append(node.lineno)
        return found

    @property
    def places(self) -> tuple[str, ...]:
        """Every place to which the script saves a model."""
        return tuple(dict.fromkeys(place for _, _, place in self._calls))

    def of(self, maker: str, call: ast.Call) -> tuple[str, ...]:
        """Where the model is saved that TFLiteConverter.`maker` is given; empty where that is not known.

        A name may stand for several models one after the other: what is saved while it stands for the converted one.
        """
        name, line = _converted(maker, call), call.lineno
        changes = self._assigned.get((self.values.owner.get(call), name), [])
        since = max((one for one in changes if one <= line), default=0)
        until = min((one for one in changes if one > line), default=line)
        found = (
            place
            for saving, holder, place in self._calls
            if holder == name and since <= saving.lineno and (until == line or saving.lineno < until)
        )
        return tuple(dict.fromkeys(found)) if name else ()


def _converted(maker: str, call: ast.Call) -> str:
    """The name of the object that is converted: a Keras model, or what owns the functions."""
    parameters = _OBJECTS.get(maker, ())
    given = passed_by(call, parameters)
    return dotted(given[parameters[-1]]) if parameters and parameters[-1] in given else ""


def _savings(tree: ast.AST) -> Iterator[tuple[ast.Call, str, ast.expr]]:
    """Every call that saves a model, with the name of the model and the place."""
    for node in walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Attribute, ast.Name)):
            continue
        holder, _, last = dotted(node.func).rpartition(".")
        places = [one.value for one in node.keywords if one.arg in _PLACES]
        if last in _FUNCTIONS and (len(node.args) > 1 or (node.args and places)) and dotted(node.args[0]):
            yield node, dotted(node.args[0]), (*node.args[1:2], *places)[0]
        elif last in _METHODS and holder and (node.args or places):
            yield node, holder, (*node.args[:1], *places)[0]
