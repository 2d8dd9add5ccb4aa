"""What the options of a script are where its command line gives none: the defaults of argparse and absl."""

import ast
from collections.abc import Iterator

from minmax_lint.loaders.script.names import by_name, last
from minmax_lint.loaders.script.values import Values

_PARSED = frozenset({"parse_args", "parse_known_args", "parse_intermixed_args"})
_FLAGS = {"store_true": False, "store_false": True}
"""Action of argparse -> the value of an option that is not given."""
_NONE = ast.Constant(None)


def default_of(values: Values, value: ast.expr) -> ast.expr | None:
    """The default of an option that is read, `args.type` or `FLAGS.type`; None for any other expression."""
    if not isinstance(value, ast.Attribute):
        return None
    parsed = values.followed(value.value)
    if isinstance(parsed, ast.Call) and last(parsed.func) in _PARSED:
        found = [_default(call) for call in values.calls_named("add_argument") if value.attr in _names(call)]
    elif last(parsed) == "FLAGS":
        found = [
            call.args[1] if len(call.args) > 1 else by_name(call).get("default", _NONE)
            for call in values.calls_named("DEFINE_")
            if call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value == value.attr
        ]
    else:
        return None
    return ast.copy_location(values.followed(found[0]), value) if len(found) == 1 else None


def _names(call: ast.Call) -> Iterator[str]:
    """Those of an option that may be left out."""
    given = by_name(call).get("dest")
    texts = [str(one.value) for one in call.args if isinstance(one, ast.Constant)]
    required = by_name(call).get("required")
    optional = all(text.startswith("-") for text in texts)
    if optional and (required is None or getattr(required, "value", True) is False):
        named = [str(given.value)] if isinstance(given, ast.Constant) else texts
        yield from (text.lstrip("-").replace("-", "_") for text in named)


def _default(call: ast.Call) -> ast.expr:
    given = by_name(call)
    action = given.get("action")
    flag = _FLAGS.get(str(action.value)) if isinstance(action, ast.Constant) else None
    return given.get("default", _NONE if flag is None else ast.Constant(flag))
