"""What a script defines: functions, classes, and the values that names get, each with where it gets them."""

import ast
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from minmax_lint.loaders.script.branches import Followed, Path, Truth, beyond, exclusive, never, paths
from minmax_lint.loaders.script.names import children, dotted

Function = ast.FunctionDef | ast.AsyncFunctionDef
Loop = ast.For | ast.AsyncFor | ast.While
_MOST_VALUES = 256
"""Of a name with more values, or functions, it is not told which of them a place has."""
_MOST_ON_WAYS = 64
"""Of a name with more values in branches in front of a place it is not told which of them the place has."""
ADDING = {"add": False, "append": False, "extend": True, "update": True}
"""Method of a collection -> whether it takes several elements."""


class Definition(NamedTuple):
    """A value that a name gets."""

    value: ast.expr | None
    """None for what cannot be read, such as a loop's values."""
    target: ast.expr
    end: tuple[int, int]
    """Line and column behind which the name has it."""


@dataclass
class Definitions:
    """The definitions of a script, by the function in which each stands."""

    tree: ast.AST
    functions: dict[str, Function] = field(default_factory=dict)
    """Name -> its definition, the last where there are several."""
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    owner: dict[ast.AST, Function] = field(default_factory=dict)
    """Node -> the innermost function around it."""
    _given: dict[tuple[Function | None, str], list[Definition]] = field(default_factory=dict)
    """Function and name -> what it is set to there, in the order of the text."""
    _loops: dict[tuple[Function | None, str], ast.For | ast.AsyncFor] = field(default_factory=dict)
    """Function and variable of a loop -> the loop, the last where there are several."""
    _spans: dict[Function | None, list[Loop]] = field(default_factory=dict)
    """Function -> all its loops."""
    _calls: dict[str, list[ast.Call]] = field(default_factory=dict)
    _methods: dict[ast.AST, str] = field(default_factory=dict)
    """Method -> its class."""
    _named: dict[str, list[Function]] = field(default_factory=dict)
    """Name -> all functions of that name, in the order of the text."""
    _shared: set[tuple[Function | None, str]] = field(default_factory=set)
    """Function and name that it declares to be of the script (`global`) or of the function around it."""
    _joined: dict[tuple[Function | None, str], list[tuple[ast.AST, ast.expr]]] = field(default_factory=dict)
    """Function and name of a list -> what `append`, `extend` and `+=` add to it, each with where it does."""

    _reached: dict[tuple[ast.AST, Function | None, str], list[Definition]] = field(default_factory=dict)
    """Place, function and name -> the values that it may have there."""

    def __post_init__(self) -> None:
        pending: list[tuple[ast.AST, Function | None]] = [(self.tree, None)]
        while pending:
            node, function = pending.pop()
            if function is not None:
                self.owner[node] = function
            self._note(node, function)
            inner = node if isinstance(node, Function) else function
            pending += [(child, inner) for child in children(node)[::-1]]

    @cached_property
    def paths(self) -> dict[ast.AST, Path]:
        """Node -> the branches that lead to it; until a reader decides those that are known to hold."""
        return paths(self.tree, lambda _: None)

    def decide_branches(self, truth: Truth, followed: Followed) -> None:
        """Leave tests whose truth is known out of the branches."""
        self.paths = paths(self.tree, truth, followed)
        self._reached = {}

    def function(self, called: ast.expr) -> Function | None:
        """The function of the script that a name stands for where it is read.

        Of several with one name, that is the one of the class itself for `self.name`, else the last above the place in
        the script's own code, and the last of all within functions, which run later.
        """
        name = dotted(called)
        known = self._named.get(name.rpartition(".")[2], [])
        if not 1 < len(known) <= _MOST_VALUES:
            return known[-1] if known else None
        around = self.owner.get(called)
        if name.startswith(("self.", "cls.")):
            while around is not None and around not in self._methods:
                around = self.owner.get(around)
            own = [one for one in known if around and self._methods.get(one) == self._methods.get(around)]
            return (own or known)[-1]
        plain = known if "." in name else [one for one in known if one not in self._methods] or known
        above = [one for one in plain if one.lineno < called.lineno] if around is None else []
        return (above or plain)[-1]

    def calls_named(self, start: str) -> list[ast.Call]:
        """Every call of a function whose name starts so, whatever holds it."""
        return [call for name, calls in self._calls.items() if name.startswith(start) for call in calls]

    def objects(self, place: ast.AST) -> list[ast.ClassDef]:
        """The classes that `self` may be of in a method: its own and those derived from it, of which objects are made.

        All of the script where the place is in no method.
        """
        around = self.owner.get(place)
        while around is not None and around not in self._methods:
            around = self.owner.get(around)
        if around is None:
            return list(self.classes.values())
        own = [
            one for one in self.classes.values() if self.classes[self._methods[around]] in self._bases(one)
        ]
        return [one for one in own if self._calls.get(one.name)] or own

    def _bases(self, derived: ast.ClassDef) -> list[ast.ClassDef]:
        """A class and its bases in the script, nearest first."""
        found = [derived]
        for one in found:
            known = (self.classes.get(dotted(base).rpartition(".")[2]) for base in one.bases)
            found += [base for base in known if base is not None and base not in found]
        return found

    def field(self, derived: ast.ClassDef, name: str) -> Iterator[ast.expr | None]:
        """What the body of a class, else of the nearest base that does, gives a field."""
        for body in self._bases(derived):
            given = [
                one.value
                for one in body.body
                if (isinstance(one, ast.Assign) and name in map(dotted, one.targets))
                or (isinstance(one, ast.AnnAssign) and dotted(one.target) == name)
            ]
            if given:
                yield from given
                return

    def scope(self, function: Function | None, name: str) -> Function | None:
        """The function whose variable a name is that a function gives a value; None for the script's."""
        return None if (function, name) in self._shared else function

    def holder(self, function: Function) -> str | None:
        """The class whose method a function is."""
        return self._methods.get(function)

    def reaching(self, node: ast.expr, function: Function | None, name: str) -> list[Definition]:
        """What a name of a function may hold where it is read, the last value last.

        Where the place is in another function, or a loop brings a later value to it, that is all it ever gets.
        """
        known = self._given.get((function, name), [])
        if len(known) < 2:
            return known
        if (node, function, name) not in self._reached:
            own = self.owner.get(node) is function and hasattr(node, "lineno")
            found = self._reaching(node, known) if own else known
            unread = Definition(None, node, found[-1].end)
            self._reached[node, function, name] = found if len(found) <= _MOST_VALUES else [unread]
        return self._reached[node, function, name]

    def _reaching(self, node: ast.expr, known: list[Definition]) -> list[Definition]:
        """Those of the values that a name of the same function may have at a place."""
        start = (node.lineno, node.col_offset)
        count = bisect_right(known, start, key=lambda one: one.end)
        if self._comes_round(node, known, count):
            return known
        path, found = self.paths.get(node, ()), list[Definition]()
        for place in range(count - 1, max(count - _MOST_ON_WAYS, 0) - 1, -1):
            given = self.paths.get(known[place].target, ())
            if never(given) or exclusive(given, path):
                continue
            found.append(known[place])
            if not beyond(given, path):  # this one replaces all before it
                return found[::-1]
        return found[::-1] if found and count <= _MOST_ON_WAYS else known

    def varies(self, node: ast.expr) -> list[Definition]:
        """The values that a variable of the same function gets in branches above the place; none for any other."""
        function, name = self.owner.get(node), dotted(node)
        known = self._given.get((function, name), [])
        found = self.reaching(node, function, name) if isinstance(node, ast.Name) else []
        if not 1 < len(found) <= _MOST_VALUES:
            return []
        above = all(one.end <= (node.lineno, node.col_offset) for one in found)
        return found if above and not self._comes_round(node, known, 0) else []

    def loop(self, node: ast.expr) -> ast.For | ast.AsyncFor | None:
        """The loop of the same function, or of the script itself, that gives a variable its values."""
        return self._loops.get((self.owner.get(node), dotted(node)))

    def loops_of(self, node: ast.expr) -> list[Loop]:
        """The loops of the same function that go through a node."""
        return [one for one in self._spans.get(self.owner.get(node), []) if _within(node.lineno, one)]

    def _comes_round(self, node: ast.expr, given: list[Definition], start: int) -> bool:
        """Whether a loop around the place gives the name one of these values, from that one on, in an earlier round."""
        around = self.loops_of(node) if start < len(given) else []
        return any(_within(each.target.lineno, loop) for loop in around for each in given[start:])

    def _note(self, node: ast.AST, function: Function | None) -> None:
        if isinstance(node, Function):
            self.functions[node.name] = node
            self._named.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ClassDef):
            self.classes[node.name] = node
            self._methods.update({one: node.name for one in node.body if isinstance(one, Function)})
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            self._shared.update((function, name) for name in node.names)
        elif isinstance(node, ast.Call):
            self._note_call(node, function)
        elif (
            isinstance(node, ast.AugAssign)
            and isinstance(node.op, ast.Add)
            and isinstance(node.value, ast.List)
        ):
            self._joined.setdefault((function, dotted(node.target)), []).append((node, node.value))
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._set(target, node.value, function, node)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            self._set(node.target, node.value, function, node)
        elif isinstance(node, (ast.AugAssign, ast.For, ast.AsyncFor, ast.comprehension)):
            self._set(node.target, None, function, node.target)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._set(node.optional_vars, None, function, node.optional_vars)
        if isinstance(node, Loop):
            self._spans.setdefault(function, []).append(node)
        if isinstance(node, (ast.For, ast.AsyncFor)):
            targets = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
            self._loops.update({(function, dotted(one)): node for one in targets})

    def _note_call(self, node: ast.Call, function: Function | None) -> None:
        name, _, called = dotted(node.func).rpartition(".")
        self._calls.setdefault(called, []).append(node)
        if called in ADDING and len(node.args) == 1 and "." not in name:
            value = node.args[0]
            added = value if ADDING[called] else ast.copy_location(ast.List([value], ast.Load()), value)
            self._joined.setdefault((function, name), []).append((node, added))

    def _set(
        self, target: ast.expr, value: ast.expr | None, function: Function | None, around: ast.expr | ast.stmt
    ) -> None:
        """Note that `around`, a statement or an expression, gives a name its value."""
        if isinstance(target, (ast.Tuple, ast.List)):
            values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            for place, one in enumerate(target.elts):
                self._set(one, values[place] if len(values) == len(target.elts) else None, function, around)
            return
        name = dotted(target)
        end = (around.end_lineno or around.lineno, around.end_col_offset or 0)
        scope = None if "." in name else self.scope(function, name)
        self._given.setdefault((scope, name), []).append(Definition(value, target, end))


def _within(line: int, loop: Loop) -> bool:
    return loop.lineno <= line <= (loop.end_lineno or loop.lineno)


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


def passed_by(call: ast.Call, names: Sequence[str]) -> dict[str, ast.expr]:
    """What a call gives the parameters of these names."""
    given = dict(zip(names, call.args, strict=False))
    return given | {one.arg: one.value for one in call.keywords if one.arg}
