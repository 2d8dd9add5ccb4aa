"""What the names of a script stand for: constants, lists and functions that are given once, and arguments of calls."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from minmax_lint.loaders.script.branches import Path, beyond
from minmax_lint.loaders.script.definitions import (
    Definition,
    Definitions,
    Function,
    defaults,
    parameters,
    passed_by,
)
from minmax_lint.loaders.script.names import dotted

_Read = TypeVar("_Read")
_MOST_STEPS = 32
_DEEPEST = 10
_COLLECTIONS = frozenset({"set", "list", "tuple", "frozenset"})
_MOST_VARIANTS = 8
_DEEPEST_VARIANTS = 3
"""Values that vary inside each other."""


@dataclass
class Values(Definitions):
    """What expressions stand for."""

    bound: dict[tuple[Function | None, str], ast.expr] = field(default_factory=dict)
    """Function and name -> its one value, where a single call of the function, or round of a loop, is read."""
    _depth: int = 0
    """How many expressions inside each other are being read: a name may stand for itself."""
    _passed: dict[Function, dict[ast.Call, dict[str, ast.expr]]] = field(default_factory=dict)
    """Function -> its calls, each with the arguments that it gives."""
    _texts: dict[ast.expr, str] = field(default_factory=dict)

    def arguments(self, function: Function) -> Iterator[tuple[ast.Call, dict[str, ast.expr]]]:
        """Every call of a function of the script, with the argument of each parameter that it gives."""
        yield from self._calls_of(function).items()

    def passed(self, function: Function, call: ast.Call) -> Mapping[str, ast.expr]:
        """The argument of each parameter that a call of the function gives."""
        known = self._calls_of(function)
        return known[call] if call in known else passed_by(call, parameters(function))

    def _calls_of(self, function: Function) -> Mapping[ast.Call, dict[str, ast.expr]]:
        if function not in self._passed:
            self._passed[function] = dict(self._all_passed(function))
        return self._passed[function]

    def _all_passed(self, function: Function) -> Iterator[tuple[ast.Call, dict[str, ast.expr]]]:
        names = parameters(function)
        if names[:1] in (["self"], ["cls"]):
            names = names[1:]
        holder = self._methods.get(function)
        for call in self._calls.get(holder if holder and function.name == "__init__" else function.name, []):
            if holder is None and "." in dotted(call.func):  # another object's method of that name
                continue
            if function.name != "__init__" and self.function(call.func) is not function:
                continue
            yield call, passed_by(call, names)

    def function(self, called: ast.expr) -> Function | None:
        """The function of the script that an expression stands for, an element of a dictionary as well."""
        found = super().function(called)
        if found is None and isinstance(called, (ast.Name, ast.Subscript)):
            behind = self.followed(called)
            found = super().function(behind) if isinstance(behind, ast.Name) else None
        return found

    def _values(self, node: ast.expr) -> list[ast.expr | None]:
        """All that a name may stand for where it is read."""
        name = dotted(node)
        function = self.owner.get(node)
        while function is not None and "." not in name:
            given = self.reaching(node, function, name)
            if name in parameters(function) and self._replaced(node, given):
                return [one.value for one in given]
            if (function, name) in self.bound:
                return [self.bound[function, name]]
            if name in parameters(function):
                return [*self._arguments_passed(function, name), *(one.value for one in given)]
            if given:
                return [one.value for one in given]
            function = self.owner.get(function)
        if (None, name) in self.bound:
            return [self.bound[None, name]]
        return [
            *(one.value for one in self.reaching(node, None, name)),
            *(self._fields(node) if isinstance(node, ast.Attribute) else ()),
        ]

    def _replaced(self, node: ast.expr, given: list[Definition]) -> bool:
        """Whether a parameter has one of these values, and no longer what the call passes, where it is read."""
        first = given[0] if given else None
        above = first is not None and first.end <= (node.lineno, node.col_offset)
        return (
            above
            and first is not None
            and not beyond(self.paths.get(first.target, ()), self.paths.get(node, ()))
        )

    def _fields(self, node: ast.Attribute) -> Iterator[ast.expr | None]:
        """What the body of a class of the script, or the call that makes an object of it, gives an attribute."""
        holder = self._read_within_depth(self.followed, node.value) or node.value
        made = holder.func if isinstance(holder, ast.Call) else holder
        own = self.classes.get(dotted(made))
        keywords = holder.keywords if isinstance(holder, ast.Call) else []
        given = [one.value for one in keywords if one.arg == node.attr]
        if given:
            yield from given
            return
        classes = self.objects(node) if dotted(node.value) in ("self", "cls") else [own] if own else []
        for one in classes:
            yield from self.field(one, node.attr)

    def joined(self, value: ast.expr) -> list[tuple[ast.AST, ast.expr]]:
        """What is added to the list that a name stands for: lists, each with the node that adds it."""
        function, name = self.owner.get(value), dotted(value)
        while function is not None and (function, name) not in self._given:
            function = self.owner.get(function)
        return self._joined.get((function, name), []) if name else []

    def _arguments_passed(self, function: Function, name: str) -> list[ast.expr | None]:
        """What the calls of a function pass for a parameter."""
        calls = [given for _, given in self.arguments(function)]
        found = [given.get(name, defaults(function).get(name)) for given in calls]
        return found if calls else [None]

    def followed(self, value: ast.expr) -> ast.expr:
        """What an expression stands for behind the names that are given once; itself where that cannot be read."""
        for _ in range(_MOST_STEPS):
            if isinstance(value, ast.Subscript):
                found = self._element(value.value, value.slice)
            elif (
                isinstance(value, ast.Call)
                and isinstance(value.func, ast.Attribute)
                and value.func.attr == "get"
            ):
                found = self._element(value.func.value, *value.args[:2])
            elif isinstance(value, (ast.Name, ast.Attribute)):
                found = self._only(self._values(value))
            else:
                return value
            if found is None or found is value:
                return value
            value = found
        return value

    def _only(self, values: list[ast.expr | None]) -> ast.expr | None:
        """The one value, where all of these read the same."""
        first = values[0] if values else None
        if first is None or all(one is first for one in values):
            return first
        return first if len({self._text(one) for one in values}) == 1 else None

    def _text(self, value: ast.expr | None) -> str:
        """The text of an expression; of a name, with the places that give it its values where it stands."""
        if value is None:
            return ""
        if value not in self._texts:
            given = (
                self.reaching(value, self.owner.get(value), value.id) if isinstance(value, ast.Name) else []
            )
            self._texts[value] = ast.dump(value) + "".join(str(one.end) for one in given)
        return self._texts[value]

    def variants(self, value: ast.expr, depth: int = 0) -> list[tuple[Path, ast.expr]]:
        """What an expression is where branches above it give its names their values: each under its conditions.

        One behind another replaces it where both hold. The expression itself where nothing varies.
        """
        itself: list[tuple[Path, ast.expr]] = [((), value)]
        if depth > _DEEPEST_VARIANTS:
            return itself
        if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
            rows: list[tuple[Path, list[ast.expr]]] = [((), [])]
            for element in value.elts:
                several = self.variants(element, depth + 1)
                rows = [((*path, *more), [*row, one]) for path, row in rows for more, one in several]
                if len(rows) > _MOST_VARIANTS:
                    return itself
            listed = [(path, ast.List(row, ast.Load())) for path, row in rows]
            return (
                itself if len(rows) == 1 else [(path, ast.copy_location(one, value)) for path, one in listed]
            )
        if isinstance(value, ast.Starred):
            several = self.variants(value.value, depth + 1)
            return [(path, ast.copy_location(ast.Starred(one, ast.Load()), value)) for path, one in several]
        given = [] if (self.owner.get(value), dotted(value)) in self.bound else self.varies(value)
        around, found = self.paths.get(value, ()), list[tuple[Path, ast.expr]]()
        for one in given if len(given) <= _MOST_VARIANTS else ():
            if one.value is None:
                return itself
            under = beyond(self.paths.get(one.target, ()), around)
            found += [((*under, *more), each) for more, each in self.variants(one.value, depth + 1)]
        return found if 0 < len(found) <= _MOST_VARIANTS else itself

    def _element(
        self, holder: ast.expr, key: ast.expr | None = None, default: ast.expr | None = None
    ) -> ast.expr | None:
        """An element of a list or a dictionary whose keys are constants; `default` where it has no such key."""
        holder = self._read_within_depth(self.followed, holder) or holder
        found = self._read_within_depth(self.followed, key) if key is not None else None
        given = found.value if isinstance(found, ast.Constant) else None
        if isinstance(holder, (ast.List, ast.Tuple)) and isinstance(given, int):
            return holder.elts[given] if -len(holder.elts) <= given < len(holder.elts) else None
        if not isinstance(holder, ast.Dict) or given is None:
            return None
        keys = [one.value if isinstance(one, ast.Constant) else None for one in holder.keys]
        if given in keys:
            return holder.values[keys.index(given)] if keys.count(given) == 1 else None
        return None if None in keys else default

    def number(self, value: ast.expr) -> int | None:
        """An integer, as `-1` as well; None where it cannot be read."""
        try:
            found = ast.literal_eval(self.followed(value))
        except (ValueError, TypeError):
            return None
        return found if isinstance(found, int) else None

    def elements(self, value: ast.expr) -> list[ast.expr] | None:
        """The elements of a list, a tuple or a set, each followed; None where they cannot be read."""
        return self._read_within_depth(self._elements, value)

    def _elements(self, value: ast.expr) -> list[ast.expr] | None:
        value = self.followed(value)
        if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
            found: list[ast.expr] = []
            for one in value.elts:
                more = self.elements(one.value) if isinstance(one, ast.Starred) else [self.followed(one)]
                if more is None:
                    return None
                found += more
            return found
        if isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.BitOr)):
            left, right = self.elements(value.left), self.elements(value.right)
            return None if left is None or right is None else left + right
        if isinstance(value, ast.Call) and dotted(value.func) in _COLLECTIONS:
            return self.elements(value.args[0]) if value.args else []
        return None

    def truth(self, test: ast.expr) -> bool | None:
        """Whether a test holds, where constants alone decide it."""
        return self._read_within_depth(self._truth, test)

    def _read_within_depth(self, read: Callable[[ast.expr], _Read | None], value: ast.expr) -> _Read | None:
        """What is read of an expression; None of one inside too many others."""
        if self._depth >= _DEEPEST:
            return None
        self._depth += 1
        try:
            return read(value)
        finally:
            self._depth -= 1

    def _truth(self, test: ast.expr) -> bool | None:
        test = self.followed(test)
        if isinstance(test, ast.Constant):
            return bool(test.value)
        if isinstance(test, ast.Lambda) or dotted(test) in self.functions:
            return True
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            found = self.truth(test.operand)
            return None if found is None else not found
        if isinstance(test, ast.BoolOp):
            decisive = isinstance(test.op, ast.Or)
            parts = [self.truth(one) for one in test.values]
            return decisive if decisive in parts else None if None in parts else not decisive
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return self._compare(test.left, test.ops[0], test.comparators[0])
        return None

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool | None:
        one, other = self.followed(left), self.followed(right)
        if isinstance(op, (ast.Is, ast.IsNot)) and isinstance(other, ast.Constant) and other.value is None:
            value = (
                isinstance(one, (ast.Lambda, ast.List, ast.Dict, ast.Set)) or dotted(one) in self.functions
            )
            none = isinstance(one, ast.Constant) and one.value is None
            known = value or isinstance(one, ast.Constant)
            return (none if isinstance(op, ast.Is) else not none) if known else None
        try:
            first, second = ast.literal_eval(one), ast.literal_eval(other)
            if isinstance(op, (ast.In, ast.NotIn)):
                return (first in second) == isinstance(op, ast.In)
        except (ValueError, TypeError):  # no constants, or none that Python compares so
            return None
        return (first == second) == isinstance(op, ast.Eq) if isinstance(op, (ast.Eq, ast.NotEq)) else None
