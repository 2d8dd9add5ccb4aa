"""From what a script makes a converter: which model, and which signatures of a SavedModel."""

import ast
from typing import Any

from minmax_lint.converters.call import Maker
from minmax_lint.converters.profile import Flow
from minmax_lint.loaders.script.names import dotted
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
_DEFAULT = {"DEFAULT_SERVING_SIGNATURE_DEF_KEY": "serving_default"}
"""Constant of tf.saved_model -> its value."""


def model_converted(values: Values, maker: str, flow: Flow, call: ast.Call) -> dict[str, Any]:
    """Fields of ConverterCall: what a call of TFLiteConverter.`maker` converts."""
    signatures = _signatures(values, maker, call)
    every = flow == "tf2" and maker == "from_saved_model" and not signatures
    return {
        "converted": _path(values, call),
        "signatures": signatures,
        "every_signature": every,
    }


def _signatures(values: Values, maker: str, call: ast.Call) -> tuple[str, ...]:
    """The signatures that a call of TFLiteConverter.`maker` names; empty for none, and for what cannot be read."""
    given = {one.arg: one.value for one in call.keywords}
    if maker == "from_saved_model":
        if "signature_key" in given:  # TF1's
            return _keys(values, [given["signature_key"]])
        positional = call.args[1] if len(call.args) > 1 else None
        keys = given.get("signature_keys", positional)
        return () if keys is None else _keys(values, values.elements(keys))
    if maker != "from_concrete_functions":
        return ()
    functions = values.elements(given.get("funcs", call.args[0])) if call.args or "funcs" in given else None
    found = [
        one.slice
        for one in functions or ()
        if isinstance(one, ast.Subscript) and dotted(one.value).endswith(".signatures")
    ]
    return _keys(values, found if len(found) == len(functions or ()) else None)


def _path(values: Values, call: ast.Call) -> str:
    """The path that a call of TFLiteConverter is given, or the call that loads what it is given; empty for neither."""
    for _ in range(_MOST_CALLS):
        given = call.args[:1] or [one.value for one in call.keywords if one.arg in _MODELS]
        found = values.followed(given[0]) if given else None
        if not isinstance(found, ast.Call) or dotted(found.func).rpartition(".")[2] not in _LOADERS:
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
    if isinstance(value, ast.Constant):
        return value.value if isinstance(value.value, str) else ""
    return _DEFAULT.get(dotted(value).rpartition(".")[2], "")
