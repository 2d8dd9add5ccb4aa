"""The environments in which a place of a script runs: one a call of the function around it, and a round of a loop."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from minmax_lint.loaders.script.assigned import CONVERT, GIVEN_AWAY
from minmax_lint.loaders.script.branches import Path, asked, beyond, condition, ends, exclusive, never
from minmax_lint.loaders.script.datasets.dataset import dataset_of
from minmax_lint.loaders.script.definitions import Function, defaults
from minmax_lint.loaders.script.flags import Setting, settings
from minmax_lint.loaders.script.names import dotted, walk
from minmax_lint.loaders.script.values import Values

_MOST = 8
"""A place that runs in more environments is read once, for all of them."""
_DEEPEST = 3
"""Functions that call each other."""
Bound = Mapping[tuple[Function | None, str], ast.expr]
"""Function and name -> its value."""


class Environment(NamedTuple):
    """What the parameters and the variables of loops are when a place runs."""

    bound: Bound
    call: ast.Call | None = None
    """The call of the function in which the place stands."""


def environments(values: Values, node: ast.expr, depth: int = _DEEPEST) -> list[Environment]:
    """Those of a node; a single empty one where there are too many, or none is known."""
    function = values.owner.get(node)
    outer = [Environment({})]
    calls = list(values.arguments(function)) if function is not None and depth else []
    calls.sort(key=lambda one: (one[0].lineno, one[0].col_offset))
    if len(calls) > _MOST:
        return outer
    if function is not None and calls:
        outer = [
            Environment({**around.bound, **pass_parameters(function, given)}, call)
            for call, given in calls
            for around in environments(values, call, depth - 1)
        ]
    found = []
    for one in outer[: _MOST + 1]:
        values.bound = {**one.bound}
        found += [one._replace(bound={**one.bound, **each}) for each in _rounds(values, node)]
    values.bound = {}
    return found if len(found) <= _MOST else [Environment({})]


def pass_parameters(function: Function, given: Mapping[str, ast.expr]) -> Bound:
    """The parameters of a function in a call that gives it these arguments."""
    values = {name: value for name, value in defaults(function).items() if value is not None}
    return {(function, name): value for name, value in {**values, **given}.items()}


def _rounds(values: Values, node: ast.expr) -> list[Bound]:
    """What the loops around a node in its function give their variables, round by round."""
    found: list[Bound] = [{}]
    for loop in values.loops_of(node):
        if isinstance(loop, ast.While):
            continue
        function = values.owner.get(loop)
        rounds = [_bound(function, loop.target, element) for element in _elements(values, loop.iter)]
        if 1 <= len(rounds) <= _MOST:
            both: list[Bound] = [{**before, **one} for before in found for one in rounds]
            found = both[: _MOST + 1]
    return found


def _bound(function: Function | None, target: ast.expr, element: ast.expr) -> Bound:
    """What one round gives the variables of a loop, `for place, (name, kind) in ...` as well."""
    pairs = (target, element)
    if all(isinstance(one, (ast.Tuple, ast.List)) for one in pairs):
        names, parts = (one.elts if isinstance(one, (ast.Tuple, ast.List)) else [] for one in pairs)
        bound: dict[tuple[Function | None, str], ast.expr] = {}
        for name, part in zip(names, parts, strict=False):
            bound.update(_bound(function, name, part))
        return bound
    return {(function, dotted(target)): element} if dotted(target) else {}


def _elements(values: Values, over: ast.expr) -> list[ast.expr]:
    if isinstance(over, ast.Call) and dotted(over.func) in ("zip", "enumerate"):
        columns = [_elements(values, one) for one in over.args]
        if dotted(over.func) == "enumerate":
            columns = (
                [[ast.Constant(place) for place in range(len(columns[0]))], *columns[:1]] if columns else []
            )
        return [ast.Tuple([*row], ast.Load()) for row in zip(*columns, strict=False)]
    if (
        isinstance(over, ast.Call)
        and isinstance(over.func, ast.Attribute)
        and over.func.attr in ("items", "keys")
    ):
        held = values.followed(over.func.value)
        keys = [one for one in held.keys if one is not None] if isinstance(held, ast.Dict) else []
        if not isinstance(held, ast.Dict) or len(keys) != len(held.values):
            return []
        if over.func.attr == "keys":
            return keys
        return [ast.Tuple([key, value], ast.Load()) for key, value in zip(keys, held.values, strict=True)]
    return values.elements(over) or []


class Conditions:
    """The tests of a script's branches, to be decided anew in an environment."""

    def __init__(self, values: Values, path: str) -> None:
        self._values, self._path = values, path
        self._tests: dict[tuple[Function | None, str], ast.expr] = {}
        self._returned: set[ast.AST] = set()
        self._ends: dict[Function | None, list[ast.stmt]] = {}
        for end in ends(values.tree):
            self._ends.setdefault(values.owner.get(end), []).append(end)
        for node in walk(values.tree):
            if isinstance(node, (ast.If, ast.IfExp)):
                for (key, _), *_ in filter(None, [condition(node.test, 0, lambda _: None, values.followed)]):
                    self._tests[values.owner.get(node), key] = asked(node.test, values.followed)[0]
            elif isinstance(node, ast.Return) and node.value is not None:
                self._returned.update(walk(node.value))

    def remaining(self, path: Path, function: Function | None) -> Path | None:
        """The conditions of a path that the environment leaves open; None where one of them does not hold."""
        remaining = []
        for key, branch in path:
            test = self._tests.get((function, key))
            known = self._values.truth(test) if test is not None else None
            if known is None:
                remaining.append((key, branch))
            elif known == bool(branch):
                return None
        return tuple(remaining)

    def ended(self, start: Path, convert: ast.expr) -> list[Path]:
        """The branches that do not come to a call of `convert`: a `return` or a `raise` above it ends them.

        `start`: those in which the converter is made.
        """
        function = self._values.owner.get(convert)
        holds, found = (*start, *self._values.paths.get(convert, ())), list[Path]()
        for end in self._ends.get(function, []):
            path = self._values.paths.get(end, ())
            if end.lineno < convert.lineno and not exclusive(path, holds) and not never(path):
                left = self.remaining(beyond(path, holds), function)
                found += [left] if left else []
        return found

    def reached(self, given: Iterable[Setting]) -> Iterator[Setting]:
        """What is set in the environment that is read, up to the conversion that a branch returns."""
        for one in given:
            found = list(self.resolved(one))
            yield from found
            if (
                one.attribute == CONVERT
                and one.value in self._returned
                and one.path
                and not all(left.path for left in found)
            ):
                return

    def resolved(self, setting: Setting) -> Iterator[Setting]:
        """A setting as the environment makes it: none where it does not come to it."""
        path = self.remaining(setting.path, setting.function)
        if path is None:
            return
        if setting.attribute in (CONVERT, GIVEN_AWAY):
            yield setting._replace(path=path)
            return
        for one in settings(self._values, path, setting.attribute, setting.value, setting.adds):
            one = one._replace(function=setting.function)
            if one.attribute == "representative_dataset":
                one = one._replace(dataset=dataset_of(self._values, one.value, self._path))
            yield one
