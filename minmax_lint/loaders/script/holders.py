"""Which converters the names of a script hold, and its functions return."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from minmax_lint.loaders.script.branches import Path, beyond, exclusive
from minmax_lint.loaders.script.definitions import Function, parameters
from minmax_lint.loaders.script.names import dotted, spelled
from minmax_lint.loaders.script.values import Values

_ELEMENTS = frozenset({"values", "items", "get", "pop", "copy"})
"""Methods of a collection that give out its elements."""
_SAME = frozenset({"list", "tuple", "set", "iter", "next", "zip", "enumerate", "reversed", "sorted"})
"""Functions that give out the elements of what they are given."""
_Scope = Function | str | None
"""A function, the class of `self`, or None for the script itself."""


@dataclass
class Holders:
    """What holds the converters of a script, gathered while it is read; a converter is its number."""

    values: Values
    made: dict[ast.expr, int] = field(default_factory=dict)
    """Call that makes a converter -> the converter."""
    _names: dict[tuple[_Scope, str], list[tuple[Path, tuple[int, ...]]]] = field(default_factory=dict)
    """Scope and name -> the converters that it may hold, each with the branches in which it gets them."""
    _returned: dict[Function | None, list[ast.expr]] = field(default_factory=dict)

    def of(self, value: ast.expr) -> tuple[int, ...]:
        """The converters that an expression may give; of a conditional chain, those of every branch."""
        held: list[int] = []
        pending, seen = [value], set[ast.expr]()
        while pending:
            one = pending.pop()
            if one in seen:
                continue
            seen.add(one)
            if one in self.made:
                held.append(self.made[one])
            elif isinstance(one, ast.Call):
                pending += self._results(one)
            elif isinstance(one, ast.NamedExpr):
                pending.append(one.value)
            elif isinstance(one, ast.IfExp):
                pending += [one.orelse, one.body]
            elif isinstance(one, (ast.List, ast.Tuple, ast.Set)):
                pending += one.elts[::-1]
            elif isinstance(one, ast.Dict):
                pending += one.values[::-1]
            elif isinstance(one, (ast.ListComp, ast.GeneratorExp, ast.DictComp)):
                pending.append(one.value if isinstance(one, ast.DictComp) else one.elt)
            elif spelled(one) and (found := self.named(spelled(one), one)):
                held += found
            elif isinstance(one, ast.Subscript):
                pending.append(one.value)
        return tuple(dict.fromkeys(held))

    def named(self, name: str, where: ast.expr) -> tuple[int, ...]:
        """The converters that a name may hold at a place."""
        held: list[int] = []
        path = self.values.paths.get(where, ())
        for start, converters in reversed(self._known(name, where)):
            if not exclusive(start, path):
                held = [*converters, *held]
            if not beyond(start, path):  # this one replaces all before it
                break
        return tuple(dict.fromkeys(held))

    def hold(self, target: ast.expr, held: tuple[int, ...]) -> None:
        """Note that a name gets converters, or something else and holds none."""
        name = spelled(target)
        if isinstance(target, (ast.Tuple, ast.List)):  # of a loop over pairs
            for one in target.elts:
                self.hold(one, held)
        elif isinstance(target, ast.Subscript) and held:  # a list or a dictionary holds each of its elements
            self.hold(target.value, (*self.of(target.value), *held))
        if held or self._known(name, target):
            self._note(name, target, held)

    def _note(self, name: str, where: ast.expr, held: tuple[int, ...]) -> None:
        for scope in self._scopes(name, where) if name else ():
            self._names.setdefault((scope, name), []).append((self.values.paths.get(where, ()), held))

    def hold_elements(self, target: ast.expr, value: ast.expr) -> None:
        """Note that a name gets a dictionary or a list of converters, by the keys with which it is read."""
        pairs: list[tuple[ast.expr, ast.expr]] = []
        if isinstance(value, ast.Dict):
            keyed = zip(value.keys, value.values, strict=True)
            pairs = [(key, one) for key, one in keyed if key is not None]
        elif isinstance(value, (ast.List, ast.Tuple)):
            pairs = [(ast.Constant(number), one) for number, one in enumerate(value.elts)]
        for key, one in pairs:
            held = self.of(one)
            if held and isinstance(target, (ast.Name, ast.Attribute)):
                name = spelled(ast.Subscript(target, key, ast.Store()))
                self._note(name, target, held)

    def returns(self, statement: ast.Return) -> None:
        """Note what a function returns."""
        if statement.value is not None:
            self._returned.setdefault(self.values.owner.get(statement), []).append(statement.value)

    def _known(self, name: str, where: ast.expr) -> list[tuple[Path, tuple[int, ...]]]:
        for scope in self._visible(name, where):
            if (scope, name) in self._names:
                return self._names[scope, name]
        return []

    def _visible(self, name: str, where: ast.expr) -> Iterator[_Scope]:
        """The scopes in which a name is looked up; those around a function of which it is a parameter hide it."""
        root = name.partition(".")[0].partition("[")[0]
        function = self.values.owner.get(where)
        if root in ("self", "cls"):
            yield self._class(function)
        while function is not None and root not in ("self", "cls"):
            yield self.values.scope(function, name)
            if root in parameters(function):
                return
            function = self.values.owner.get(function)
        yield None

    def _scopes(self, name: str, where: ast.expr) -> list[_Scope]:
        """The scopes in which a name is given here: a field also to methods of other classes, which may inherit it."""
        function = self.values.owner.get(where)
        if "." in name:
            own = self._class(function) if name.startswith(("self.", "cls.")) else None
            return [own, None] if own is not None else [None]
        return [self.values.scope(function, name)]

    def _class(self, function: Function | None) -> str | None:
        while function is not None and self.values.holder(function) is None:
            function = self.values.owner.get(function)
        return None if function is None else self.values.holder(function)

    def _results(self, call: ast.Call) -> Iterator[ast.expr]:
        """What a function of the script returns, its arguments as the call passes them."""
        function = self.values.function(call.func)
        made = self.values.followed(call.func)
        if isinstance(made, ast.Lambda):
            yield made.body
        if isinstance(call.func, ast.Attribute) and call.func.attr in _ELEMENTS:
            yield call.func.value
        if dotted(call.func) in _SAME:
            yield from call.args
        if function is None:
            return
        given = self.values.passed(function, call)
        for one in self._returned.get(function, []):
            yield given.get(dotted(one), one)
