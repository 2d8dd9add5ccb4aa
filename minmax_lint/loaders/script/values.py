"""What the names of a script stand for: constants, lists and functions that are given once, and arguments of calls."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from minmax_lint.loaders.script.names import dotted

Function = ast.FunctionDef | ast.AsyncFunctionDef
_Read = TypeVar("_Read")
_MOST_STEPS = 32
_DEEPEST = 10
_COLLECTIONS = frozenset({"set", "list", "tuple", "frozenset"})


@dataclass
class Values:
    """The values that each name gets, by the function in which it does."""

    tree: ast.AST
    functions: dict[str, Function] = field(default_factory=dict)
    """Name -> its definition, the last where there are several."""
    owner: dict[ast.AST, Function] = field(default_factory=dict)
    """Node -> the innermost function around it."""
    _given: dict[tuple[Function | None, str], list[ast.expr | None]] = field(default_factory=dict)
    """Function and name -> what it is set to there; None for what cannot be read, such as a loop's values."""
    _loops: dict[tuple[Function | None, str], ast.For | ast.AsyncFor] = field(default_factory=dict)
    """Function and variable of a loop -> the loop, the last where there are several."""
    _calls: dict[str, list[ast.Call]] = field(default_factory=dict)
    _depth: int = 0
    """How many expressions inside each other are being read: a name may stand for itself."""

    def __post_init__(self) -> None:
        pending: list[tuple[ast.AST, Function | None]] = [(self.tree, None)]
        while pending:
            node, function = pending.pop()
            if function is not None:
                self.owner[node] = function
            self._note(node, function)
            inner = node if isinstance(node, Function) else function
            pending += [(child, inner) for child in ast.iter_child_nodes(node)]

    def _note(self, node: ast.AST, function: Function | None) -> None:
        if isinstance(node, Function):
            self.functions[node.name] = node
        elif isinstance(node, ast.Call):
            self._calls.setdefault(dotted(node.func).rpartition(".")[2], []).append(node)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._set(target, node.value, function)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            self._set(node.target, node.value, function)
        elif isinstance(node, (ast.AugAssign, ast.For, ast.AsyncFor, ast.comprehension)):
            self._set(node.target, None, function)
            if isinstance(node, (ast.For, ast.AsyncFor)):
                targets = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
                self._loops.update({(function, dotted(one)): node for one in targets})
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._set(node.optional_vars, None, function)

    def _set(self, target: ast.expr, value: ast.expr | None, function: Function | None) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            for place, one in enumerate(target.elts):
                self._set(one, values[place] if len(values) == len(target.elts) else None, function)
            return
        name = dotted(target)
        self._given.setdefault((None if "." in name else function, name), []).append(value)

    def arguments(self, function: Function) -> Iterator[tuple[ast.Call, dict[str, ast.expr]]]:
        """Every call of a function of the script, with the argument of each parameter that it gives."""
        names = parameters(function)
        if names[:1] in (["self"], ["cls"]):
            names = names[1:]
        for call in self._calls.get(function.name, []):
            given = dict(zip(names, call.args, strict=False))
            yield call, given | {one.arg: one.value for one in call.keywords if one.arg}

    def loop(self, node: ast.expr) -> ast.For | ast.AsyncFor | None:
        """The loop of the same function, or of the script itself, that gives a variable its values."""
        return self._loops.get((self.owner.get(node), dotted(node)))

    def _values(self, node: ast.expr) -> list[ast.expr | None]:
        """All that a name may stand for where it is read."""
        name = dotted(node)
        function = self.owner.get(node)
        while function is not None and "." not in name:
            if name in parameters(function):
                return self._passed(function, name)
            if (function, name) in self._given:
                return self._given[function, name]
            function = self.owner.get(function)
        return self._given.get((None, name), [])

    def _passed(self, function: Function, name: str) -> list[ast.expr | None]:
        """What the calls of a function pass for a parameter."""
        positional = [*function.args.posonlyargs, *function.args.args]
        defaults: dict[str, ast.expr | None] = dict(
            zip([one.arg for one in positional[::-1]], function.args.defaults[::-1], strict=False)
        )
        defaults |= {
            one.arg: value
            for one, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        }
        calls = [given for _, given in self.arguments(function)]
        found = [given.get(name, defaults.get(name)) for given in calls]
        return found if calls else [None]

    def followed(self, value: ast.expr) -> ast.expr:
        """What an expression stands for behind the names that are given once; itself where that cannot be read."""
        for _ in range(_MOST_STEPS):
            if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
                held = self._values(value.value) if isinstance(value.value, ast.Name) else [value.value]
                holder = held[0] if len(held) == 1 and held[0] is not None else value
                found = _element(holder, value.slice.value)
            elif isinstance(value, (ast.Name, ast.Attribute)):
                values = {ast.dump(one) if one is not None else "": one for one in self._values(value)}
                found = next(iter(values.values())) if len(values) == 1 else None
            else:
                return value
            if found is None or found is value:
                return value
            value = found
        return value

    def elements(self, value: ast.expr) -> list[ast.expr] | None:
        """The elements of a list, a tuple or a set, each followed; None where they cannot be read."""
        return self._bounded(self._elements, value)

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
        return self._bounded(self._truth, test)

    def _bounded(self, read: Callable[[ast.expr], _Read | None], value: ast.expr) -> _Read | None:
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
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            found = self.truth(test.operand)
            return None if found is None else not found
        if isinstance(test, ast.BoolOp):
            decisive = isinstance(test.op, ast.Or)
            parts = [self.truth(one) for one in test.values]
            return decisive if decisive in parts else None if None in parts else not decisive
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return self._compared(test.left, test.ops[0], test.comparators[0])
        return None

    def _compared(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool | None:
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


def parameters(function: Function) -> list[str]:
    """Their names, in order."""
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _element(holder: ast.expr, key: Any) -> ast.expr | None:
    if isinstance(holder, ast.Dict):
        keys = [one.value if isinstance(one, ast.Constant) else None for one in holder.keys]
        return holder.values[keys.index(key)] if key is not None and keys.count(key) == 1 else None
    if isinstance(holder, (ast.List, ast.Tuple)) and isinstance(key, int):
        return holder.elts[key] if -len(holder.elts) <= key < len(holder.elts) else None
    return None
