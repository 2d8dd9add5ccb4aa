"""What the names of a script stand for: constants, lists and functions that are given once, and arguments of calls."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from minmax_lint.loaders.script.names import dotted

Function = ast.FunctionDef | ast.AsyncFunctionDef
_Read = TypeVar("_Read")
_MOST_STEPS = 32
_DEEPEST = 10
_COLLECTIONS = frozenset({"set", "list", "tuple", "frozenset"})
ADDING = {"add": False, "append": False, "extend": True, "update": True}
"""Method of a collection -> whether it takes several elements."""


@dataclass
class Values:
    """The values that each name gets, by the function in which it does."""

    tree: ast.AST
    functions: dict[str, Function] = field(default_factory=dict)
    """Name -> its definition, the last where there are several."""
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    bound: dict[tuple[Function | None, str], ast.expr] = field(default_factory=dict)
    """Function and name -> its one value, where a single call of the function, or round of a loop, is read."""
    owner: dict[ast.AST, Function] = field(default_factory=dict)
    """Node -> the innermost function around it."""
    _given: dict[tuple[Function | None, str], list[ast.expr | None]] = field(default_factory=dict)
    """Function and name -> what it is set to there; None for what cannot be read, such as a loop's values."""
    _loops: dict[tuple[Function | None, str], ast.For | ast.AsyncFor] = field(default_factory=dict)
    """Function and variable of a loop -> the loop, the last where there are several."""
    _calls: dict[str, list[ast.Call]] = field(default_factory=dict)
    _methods: dict[ast.AST, str] = field(default_factory=dict)
    """Method -> its class."""
    _joined: dict[tuple[Function | None, str], list[tuple[ast.AST, ast.expr]]] = field(default_factory=dict)
    """Function and name of a list -> what `append`, `extend` and `+=` add to it, each with where it does."""
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
        elif isinstance(node, ast.ClassDef):
            self.classes[node.name] = node
            self._methods.update({one: node.name for one in node.body if isinstance(one, Function)})
        elif isinstance(node, ast.Call):
            name, _, called = dotted(node.func).rpartition(".")
            self._calls.setdefault(called, []).append(node)
            if called in ADDING and len(node.args) == 1 and "." not in name:
                value = node.args[0]
                added = value if ADDING[called] else ast.copy_location(ast.List([value], ast.Load()), value)
                self._joined.setdefault((function, name), []).append((node, added))
        elif (
            isinstance(node, ast.AugAssign)
            and isinstance(node.op, ast.Add)
            and isinstance(node.value, ast.List)
        ):
            self._joined.setdefault((function, dotted(node.target)), []).append((node, node.value))
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
        holder = self._methods.get(function)
        for call in self._calls.get(holder if holder and function.name == "__init__" else function.name, []):
            if holder is None and "." in dotted(call.func):  # another object's method of that name
                continue
            given = dict(zip(names, call.args, strict=False))
            yield call, given | {one.arg: one.value for one in call.keywords if one.arg}

    def loop(self, node: ast.expr) -> ast.For | ast.AsyncFor | None:
        """The loop of the same function, or of the script itself, that gives a variable its values."""
        return self._loops.get((self.owner.get(node), dotted(node)))

    def loops_around(self, node: ast.expr) -> list[ast.For | ast.AsyncFor]:
        """The loops of the same function that go through a node."""
        function = self.owner.get(node)
        loops = {id(loop): loop for (owner, _), loop in self._loops.items() if owner is function}
        return [one for one in loops.values() if node in ast.walk(one)]

    def _values(self, node: ast.expr) -> list[ast.expr | None]:
        """All that a name may stand for where it is read."""
        name = dotted(node)
        function = self.owner.get(node)
        while function is not None and "." not in name:
            if (function, name) in self.bound:
                return [self.bound[function, name]]
            if name in parameters(function):
                return self._arguments_passed(function, name)
            if (function, name) in self._given:
                return self._given[function, name]
            function = self.owner.get(function)
        if (None, name) in self.bound:
            return [self.bound[None, name]]
        return [
            *self._given.get((None, name), []),
            *(self._fields(node) if isinstance(node, ast.Attribute) else ()),
        ]

    def _fields(self, node: ast.Attribute) -> Iterator[ast.expr | None]:
        """What the body of a class of the script, or the call that makes an object of it, gives an attribute."""
        holder = self.followed(node.value)
        made = holder.func if isinstance(holder, ast.Call) else holder
        own = self.classes.get(dotted(made))
        keywords = holder.keywords if isinstance(holder, ast.Call) else []
        given = [one.value for one in keywords if one.arg == node.attr]
        if given:
            yield from given
            return
        if dotted(node.value) in ("self", "cls"):
            classes = list(self.classes.values())
        else:
            classes = [own] if own is not None else []
        for body in classes:
            for one in body.body:
                targets = one.targets if isinstance(one, ast.Assign) else []
                targets = [one.target] if isinstance(one, ast.AnnAssign) else targets
                if node.attr in map(dotted, targets) and isinstance(one, (ast.Assign, ast.AnnAssign)):
                    yield one.value

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
                values = {ast.dump(one) if one is not None else "": one for one in self._values(value)}
                found = next(iter(values.values())) if len(values) == 1 else None
            else:
                return value
            if found is None or found is value:
                return value
            value = found
        return value

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


def parameters(function: Function) -> list[str]:
    """Their names, in order."""
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def defaults(function: Function) -> dict[str, ast.expr | None]:
    """The values of its parameters that a call may leave out."""
    positional = [*function.args.posonlyargs, *function.args.args]
    found: dict[str, ast.expr | None] = dict(
        zip([one.arg for one in positional[::-1]], function.args.defaults[::-1], strict=False)
    )
    named = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return found | {one.arg: value for one, value in named}
