"""From what a script makes a converter: which model, and which signatures of a SavedModel."""

import ast
from typing import Any, TypeVar

from minmax_lint.converters.call import Maker
from minmax_lint.converters.profile import Flow
from minmax_lint.loaders.script.names import by_name, last, root_of, text_of
from minmax_lint.loaders.script.saved import path_of
from minmax_lint.loaders.script.values import Values

MAKERS: dict[str, Flow] = {
    "from_frozen_graph": "tf1",
    "from_session": "tf1",
    "from_keras_model_file": "tf1",
    "from_saved_model": "tf2",
    "from_keras_model": "tf2",
    "from_concrete_functions": "tf2",
    "experimental_from_jax": "tf2",
}
"""Class methods of TFLiteConverter. The last four are TF1's where the converter is `tf.compat.v1`'s."""

MADE_FROM: dict[str, Maker] = {
    "from_saved_model": "saved_model",
    "from_keras_model": "keras",
    "from_concrete_functions": "functions",
}
"""What TF2's converter is made from."""

_LOADERS = frozenset({"load_model"})
_MOST_CALLS = 3
"""Calls in one another that are looked through."""
_MODELS = frozenset({"saved_model_dir", "model", "model_file", "graph_def_file", "filepath"})
"""Arguments of TFLiteConverter's class methods and of load_model that hold the model."""
_DEFAULT_KEY = "serving_default"
_DEFAULT = {"DEFAULT_SERVING_SIGNATURE_DEF_KEY": _DEFAULT_KEY}
"""Constant of tf.saved_model -> its value."""


def complete(values: Values, call: ast.Call) -> ast.Call:
    """The call with what functools.partial and getattr stand for: of `partial(X.from_saved_model, 'm')()` that method.

    Itself where they make nothing of it.
    """
    function = _plain(values, call, values.followed(call.func))
    given, named = call.args, call.keywords
    for _ in range(_MOST_CALLS):
        if not isinstance(function, ast.Call) or last(function.func) != "partial" or not function.args:
            break
        own = {one.arg for one in named}
        given = [*function.args[1:], *given]
        named = [*(one for one in function.keywords if one.arg not in own), *named]
        function = _plain(values, call, values.followed(function.args[0]))
    if function is values.followed(call.func) or isinstance(function, ast.Call):
        return call
    return _placed(values, ast.copy_location(ast.Call(function, given, named), call), call)


def _plain(values: Values, call: ast.Call, function: ast.expr) -> ast.expr:
    """`X.name` of `getattr(X, 'name')`."""
    for _ in range(_MOST_CALLS):
        root = root_of(function)
        if not isinstance(root, ast.Call) or last(root.func) != "getattr" or len(root.args) < 2:
            break
        named = values.followed(root.args[1])
        if not isinstance(named, ast.Constant):
            break
        plain: ast.expr = ast.Attribute(root.args[0], str(named.value), ast.Load())
        behind = []
        while function is not root and isinstance(function, ast.Attribute):
            behind.append(function.attr)
            function = function.value
        for attribute in reversed(behind):
            plain = ast.Attribute(plain, attribute, ast.Load())
        function = _placed(values, ast.copy_location(plain, root), call)
    return function


_Expression = TypeVar("_Expression", bound=ast.expr)


def _placed(values: Values, made: _Expression, call: ast.Call) -> _Expression:
    """The expression, in the function in which the call stands."""
    owner = values.owner.get(call)
    if owner is not None:
        values.owner[made] = owner
    return made


def model_converted(values: Values, maker: str, flow: Flow, call: ast.Call) -> dict[str, Any]:
    """Fields of ConverterCall: what a call of TFLiteConverter.`maker` converts."""
    signatures = _signatures(values, maker, flow, call)
    every = flow == "tf2" and maker == "from_saved_model" and not signatures
    return {
        "converted": _path(values, call),
        "signatures": signatures,
        "every_signature": every,
    }


def _signatures(values: Values, maker: str, flow: Flow, call: ast.Call) -> tuple[str, ...]:
    """The signatures that a call of TFLiteConverter.`maker` names; empty for none, and for what cannot be read."""
    given = by_name(call)
    if maker == "from_saved_model":
        positional = call.args[1] if len(call.args) > 1 else None
        if flow == "tf1":
            own = given.get("signature_key", given.get(None))  # **options may hold it
            return (_DEFAULT_KEY,) if own is None else _keys(values, [own])
        keys = given.get("signature_keys", positional)
        keys = None if keys is None else values.followed(keys)
        if text_of(keys):
            return tuple(text_of(keys))  # the converter takes each character for a key
        return () if keys is None else _keys(values, values.elements(keys))
    if maker != "from_concrete_functions":
        return ()
    functions = values.elements(given.get("funcs", call.args[0])) if call.args or "funcs" in given else None
    found = [
        one.slice
        for one in functions or ()
        if isinstance(one, ast.Subscript) and getattr(values.followed(one.value), "attr", "") == "signatures"
    ]
    return _keys(values, found if len(found) == len(functions or ()) else None)


def _path(values: Values, call: ast.Call) -> str:
    """The path that a call of TFLiteConverter is given, or the call that loads what it is given; empty for neither."""
    for _ in range(_MOST_CALLS):
        given = call.args[:1] or [one.value for one in call.keywords if one.arg in _MODELS]
        found = values.followed(given[0]) if given else None
        if not isinstance(found, ast.Call) or last(found.func) not in _LOADERS:
            return "" if found is None else path_of(values, found)
        call = found
    return ""


def lacks_object(values: Values, call: ast.Call) -> bool:
    """Whether a call of from_concrete_functions gives no object beside the functions: such a model has no signature."""
    given = [one.value for one in call.keywords if one.arg == "trackable_obj"] or call.args[1:2]
    unknown = any(one.arg is None for one in call.keywords) or any(
        isinstance(one, ast.Starred) for one in call.args
    )
    found = values.followed(given[0]) if given else None
    return not unknown and (found is None or (isinstance(found, ast.Constant) and found.value is None))


def _keys(values: Values, keys: list[ast.expr] | None) -> tuple[str, ...]:
    found = [_key(values, one) for one in keys or ()]
    return tuple(found) if all(found) else ()


def _key(values: Values, value: ast.expr) -> str:
    value = values.followed(value)
    return text_of(value) or _DEFAULT.get(last(value), "")
