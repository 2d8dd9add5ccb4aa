"""What a script's statements and calls set on an object: assignments, `setattr`, what adds to a collection."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from minmax_lint.loaders.script.definitions import ADDING, parameters
from minmax_lint.loaders.script.names import dotted, spelled
from minmax_lint.loaders.script.values import Values

GIVEN_AWAY = "given away"
"""What stands for a call that is given the object, and may do with it what is not read."""
CONVERT = "convert()"
"""The attribute of a setting that stands for a call of `convert`, which is its value."""
DELETED = "del"
"""The attribute of a setting that takes one away: its value is the name of that."""
KEYWORDS = "**"
"""The attribute of a `setattr` in a loop over the keywords that a function is given (`**flags`)."""


class Assigned(NamedTuple):
    """An attribute that a statement sets."""

    name: str
    """Of what holds it."""
    attribute: str
    value: ast.expr
    statement: ast.stmt | None
    """Where its text can be changed."""
    target: ast.expr
    adds: bool = False
    holder: ast.expr | None = None
    """The argument by which a function was given the object."""


def by_call(values: Values, statement: ast.Expr, call: ast.Call) -> Iterator[Assigned]:
    """What a statement sets that is a `setattr`, or adds to a collection."""
    name = spelled(call.func)
    if name == "setattr" and len(call.args) == 3:
        holder, named, value = call.args
        constant = isinstance(named, ast.Constant)
        pairs = list(_assignments_named(values, named, value))
        if not pairs:
            yield Assigned(spelled(holder), GIVEN_AWAY, call, None, named)
        for attribute, one in pairs:
            yield Assigned(spelled(holder), attribute, one, statement if constant else None, named)
    name, _, method = name.rpartition(".")
    if method == "update" and name.endswith(".__dict__"):
        yield Assigned(name.removesuffix(".__dict__"), GIVEN_AWAY, call, None, call.func)
    if method in ADDING and len(call.args) == 1:
        holder_name, _, attribute = name.rpartition(".")
        value = call.args[0]
        value = value if ADDING[method] else ast.copy_location(ast.List([value], ast.Load()), value)
        yield Assigned(holder_name, attribute, value, None, call.func, True)


def keywords(values: Values, given: Assigned, call: ast.Call | None = None) -> Iterator[Assigned]:
    """One for each keyword that a call gives the function in which `given` stands; of its only call for None."""
    function = values.owner.get(given.target)
    if function is None:
        return
    calls = [one for one, _ in values.arguments(function)] if call is None else [call]
    for keyword in calls[0].keywords if len(calls) == 1 else ():
        if keyword.arg is not None and keyword.arg not in parameters(function):
            yield given._replace(attribute=keyword.arg, value=keyword.value)


def _assignments_named(values: Values, named: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The attributes that `setattr` sets, each with its value: one, or those of the loop around it."""
    loop = values.loop(named)
    if isinstance(named, ast.Constant):
        yield str(named.value), value
    elif loop is not None:
        target, over = loop.target, loop.iter
        if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr == "items":
            over = over.func.value
        if isinstance(target, ast.Tuple) and list(map(dotted, target.elts)) == [dotted(named), dotted(value)]:
            yield from _pairs(values, over, value)
        elif isinstance(value, ast.Subscript) and dotted(target) == dotted(named) == dotted(value.slice):
            yield from _pairs(values, value.value, value)


def _pairs(values: Values, over: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Name and value of a dictionary, `dict(...)`, or a list of pairs."""
    function = values.owner.get(over)
    if function is not None and function.args.kwarg is not None and dotted(over) == function.args.kwarg.arg:
        yield KEYWORDS, value
        return
    found = values.followed(over)
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    if isinstance(found, ast.Dict):
        pairs = list(zip(found.keys, found.values, strict=True))
    elif isinstance(found, ast.Call) and dotted(found.func) == "dict":
        pairs = [(ast.Constant(one.arg), one.value) for one in found.keywords]
    for one in values.elements(over) or ():
        if isinstance(one, (ast.Tuple, ast.List)) and len(one.elts) == 2:
            pairs.append((one.elts[0], one.elts[1]))
    yield from ((str(key.value), one) for key, one in pairs if isinstance(key, ast.Constant))
