"""The branches of a script: in which order, and under which conditions, its statements run."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice, product

from minmax_lint.loaders.script.names import children, dotted, walk

Path = tuple[tuple[str, int], ...]
"""What is tested, and the branch that is taken (0 where it holds), from the outside in."""

_MOST = 64
"""So many ways through a script are looked at."""
_DEEPEST = 16
"""Branches in so many others are taken as what stands around them."""
_NEVER: Path = (("", 2),)
"""Of a branch that is not taken."""
_EXITS = frozenset({"exit", "quit", "sys.exit", "os._exit"})
Truth = Callable[[ast.expr], bool | None]
"""Whether a test holds, where that is known."""
Followed = Callable[[ast.expr], ast.expr]
"""What an expression stands for."""


def _itself(test: ast.expr) -> ast.expr:
    return test


def paths(tree: ast.AST, truth: Truth, followed: Followed = _itself) -> dict[ast.AST, Path]:
    """Every node in a branch -> the branches that lead to it.

    `if __name__ == "__main__":` and tests whose `truth` is known are no conditions; the body of a loop and of a `try`
    are taken to run. Two tests that say the same are one condition.
    """
    found: dict[ast.AST, Path] = {}
    pending: list[tuple[ast.AST, Path]] = [(tree, ())]
    while pending:
        node, path = pending.pop()
        if path:
            found[node] = path
        branches = dict(_branches(node, truth, followed))
        pending += [
            (one, path + branches.get(one, ()) if len(path) < _DEEPEST else path) for one in children(node)
        ]
    return found


def _branches(node: ast.AST, truth: Truth, followed: Followed) -> Iterator[tuple[ast.AST, Path]]:
    """The children that run under a condition, each with that."""
    if isinstance(node, (ast.If, ast.IfExp)) and not _always(node.test):
        for branch, block in enumerate((node.body, node.orelse)):
            children: list[ast.AST] = [*block] if isinstance(block, list) else [block]
            path = condition(node.test, branch, truth, followed)
            yield from ((one, path) for one in children)
    elif isinstance(node, ast.Try):
        for number, handler in enumerate(node.handlers):
            yield handler, ((f"exception {node.lineno} {number}", 0),)
    elif isinstance(node, ast.Match):
        # One of the cases, or none: each is a condition that holds where those before it do not.
        before: Path = ()
        subject = ast.dump(node.subject)
        for number, case in enumerate(node.cases[:_DEEPEST]):
            if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None:
                yield case, before  # `case _` fits whatever is left
                break
            key = f"{subject} {number}"
            yield case, (*before, (key, 0))
            before = (*before, (key, 1))


def condition(test: ast.expr, branch: int, truth: Truth, followed: Followed = _itself) -> Path:
    """The condition of a branch, none where it is always taken: `not x` is the other branch of `x`."""
    known = truth(test)
    if known is not None:
        return () if known != bool(branch) else _NEVER
    test, negated = asked(test, followed)
    return ((_key(test), branch ^ negated),)


def asked(test: ast.expr, followed: Followed, depth: int = 1) -> tuple[ast.expr, bool]:
    """What a test asks, and whether it holds where that does not: `not x`, `x is False`, `bool(x)` all ask for `x`.

    Before: `if quantized: ...` after `quantized = not args.float`.
    After:  `args.float`, True.
    """
    negated = False
    for _ in range(_DEEPEST):
        inner, turned = _inner(test)
        if inner is test:
            inner = followed(test)
        if inner is test:
            break
        test, negated = inner, negated ^ turned
    if isinstance(test, ast.BoolOp):
        follow = followed if depth else _itself
        parts = [asked(one, follow, depth - 1) for one in test.values] if depth > -_DEEPEST else []
        values = [ast.UnaryOp(ast.Not(), one) if turned else one for one, turned in parts]
        test = ast.copy_location(ast.BoolOp(test.op, values or test.values), test)
    return test, negated


def _inner(test: ast.expr) -> tuple[ast.expr, bool]:
    """What stands in a `not`, a `bool()` or a comparison with True or False, and whether that turns it round."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand, True
    if isinstance(test, ast.Call) and dotted(test.func) == "bool" and len(test.args) == 1:
        return test.args[0], False
    if isinstance(test, ast.IfExp) and {_flag(test.body), _flag(test.orelse)} == {True, False}:
        return test.test, _flag(test.body) is False
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
        alike = isinstance(test.ops[0], (ast.Is, ast.Eq))
        sides = [test.left, *test.comparators]
        for one, other in (sides, sides[::-1]) if len(sides) == 2 else ():
            if _flag(other) is not None:
                return one, alike != _flag(other)
    return test, False


def _flag(value: ast.expr) -> bool | None:
    found = value.value if isinstance(value, ast.Constant) else None
    return found if isinstance(found, bool) else None


def _key(test: ast.expr) -> str:
    return ast.unparse(test) if isinstance(test, (ast.Compare, ast.BoolOp)) else ast.dump(test)


def _always(test: ast.expr) -> bool:
    """Whether a test says nothing about the path: whether the script is run."""
    return {one.id for one in walk(test) if isinstance(one, ast.Name)} == {"__name__"}


def beyond(path: Path, start: Path) -> Path:
    """The conditions of `path` that do not hold already where `start` is reached."""
    return tuple(one for one in path if one not in start)


def never(path: Path) -> bool:
    """Whether no way through the script takes it."""
    return any(one in path for one in _NEVER)


def exclusive(first: Path, second: Path) -> bool:
    """Whether no way through the script takes both."""
    return any((key, 1 - branch) in second for key, branch in first)


def ways(found: Iterable[Path]) -> Iterator[Mapping[str, int]]:
    """The ways through these paths: condition -> branch; first that on which every condition holds."""
    keys = list(dict.fromkeys(key for path in found for key, _ in path if key))
    joined = {key: test for key in keys if (test := _joined(key)) is not None}
    parts = [one for test in joined.values() for one in dict.fromkeys(_parts(test))]
    keys += [one for one in dict.fromkeys(parts) if one not in keys and parts.count(one) > 1]
    comparisons = {key: compared for key in keys if (compared := _comparison(key))}
    all_ways = (
        dict(zip(keys, branches, strict=True))
        for branches in islice(product((0, 1), repeat=len(keys)), _MOST * _MOST)
    )
    agreeing = (way for way in all_ways if _agree(way, joined) and _possible(way, comparisons))
    possible = list(islice(agreeing, _MOST))
    yield from possible or [dict.fromkeys(keys, 0)]


_Comparison = tuple[str, bool, tuple[object, ...]]
"""What is compared with constants, whether the test holds where it is one of them, and the constants."""


def _comparison(key: str) -> _Comparison | None:
    """Of a test `x == 1`, `x != 1`, `x in (1, 2)`; None of any other."""
    try:
        test = ast.parse(key, mode="eval").body
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            return None
        one_of = isinstance(test.ops[0], (ast.In, ast.NotIn))
        given = ast.literal_eval(test.comparators[0])
        values = tuple(given) if one_of else (given,)
        set(values)
    except (SyntaxError, ValueError, TypeError, RecursionError):
        return None
    if not isinstance(test.ops[0], (ast.Eq, ast.NotEq, ast.In, ast.NotIn)):
        return None
    return ast.dump(test.left), isinstance(test.ops[0], (ast.Eq, ast.In)), values


def _joined(key: str) -> ast.BoolOp | None:
    """Of a test with `and` or `or`, that."""
    with suppress(SyntaxError, ValueError, RecursionError):
        test = ast.parse(key, mode="eval").body
        return test if isinstance(test, ast.BoolOp) else None
    return None


def _parts(test: ast.BoolOp) -> Iterator[str]:
    """The conditions that are joined."""
    for one in test.values:
        inner, _ = asked(one, _itself)
        if isinstance(inner, ast.BoolOp):
            yield from _parts(inner)
        else:
            yield _key(inner)


def _agree(way: Mapping[str, int], joined: Mapping[str, ast.BoolOp]) -> bool:
    """Whether a way takes joined conditions as it takes their parts, where these decide."""
    found = ((_holds(test, way), way[key]) for key, test in joined.items())
    return all(known is None or known == (branch == 0) for known, branch in found)


def _holds(test: ast.expr, way: Mapping[str, int]) -> bool | None:
    """Whether a test holds on a way; None where that is open."""
    test, negated = asked(test, _itself)
    if isinstance(test, ast.BoolOp):
        decisive = isinstance(test.op, ast.Or)
        parts = [_holds(one, way) for one in test.values]
        found = decisive if decisive in parts else None if None in parts else not decisive
    else:
        branch = way.get(_key(test))
        found = None if branch is None else branch == 0
    return None if found is None else found ^ negated


def _possible(way: Mapping[str, int], comparisons: Mapping[str, _Comparison]) -> bool:
    """Whether some value of each thing that is compared takes this way."""
    for left in {one for one, _, _ in comparisons.values()}:
        tests = [(key, holds, values) for key, (one, holds, values) in comparisons.items() if one == left]
        candidates = {value for _, _, values in tests for value in values} | {object()}
        if not any(
            all(((value in values) == holds) == (way[key] == 0) for key, holds, values in tests)
            for value in candidates
        ):
            return False
    return True


def taken(path: Path, way: Mapping[str, int]) -> bool:
    """Whether the way takes this path."""
    return all(way.get(key) == branch for key, branch in path)


def ends(tree: ast.AST) -> Iterator[ast.stmt]:
    """The statements behind which a function, or the script, does not go on.

    No `raise` in the body of a `try`: a handler may take it.
    """
    pending: list[tuple[ast.AST, bool]] = [(tree, False)]
    while pending:
        node, caught = pending.pop()
        call = node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        raises = isinstance(node, ast.Raise) or (call is not None and dotted(call.func) in _EXITS)
        if isinstance(node, ast.Return) or (raises and not caught and isinstance(node, ast.stmt)):
            yield node
        tried = node.body if isinstance(node, ast.Try) and node.handlers else []
        pending += [(child, caught or child in tried) for child in children(node)]


def in_order(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node before what stands behind it, a call before the assignment that takes its value."""
    pending: list[tuple[ast.AST, bool]] = [(tree, False)]
    while pending:
        node, ready = pending.pop()
        if ready or not isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Return)):
            yield node
        else:
            pending.append((node, True))
        if not ready:
            below = children(node)
            if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
                below = [*node.generators, *(one for one in below if one not in node.generators)]
            pending += [(child, False) for child in reversed(below)]
