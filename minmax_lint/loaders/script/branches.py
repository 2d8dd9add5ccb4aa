"""The branches of a script: in which order, and under which conditions, its statements run."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
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


def paths(tree: ast.AST, truth: Truth) -> dict[ast.AST, Path]:
    """Every node in a branch -> the branches that lead to it.

    `if __name__ == "__main__":` and tests whose `truth` is known are no conditions; the body of a loop and of a `try`
    are taken to run. Two tests that read the same are one condition.
    """
    found: dict[ast.AST, Path] = {}
    pending: list[tuple[ast.AST, Path]] = [(tree, ())]
    while pending:
        node, path = pending.pop()
        if path:
            found[node] = path
        branches = dict(_branches(node, truth))
        pending += [
            (one, path + branches.get(one, ()) if len(path) < _DEEPEST else path) for one in children(node)
        ]
    return found


def _branches(node: ast.AST, truth: Truth) -> Iterator[tuple[ast.AST, Path]]:
    """The children that run under a condition, each with that."""
    if isinstance(node, (ast.If, ast.IfExp)) and not _always(node.test):
        for branch, block in enumerate((node.body, node.orelse)):
            children: list[ast.AST] = [*block] if isinstance(block, list) else [block]
            path = condition(node.test, branch, truth)
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


def condition(test: ast.expr, branch: int, truth: Truth) -> Path:
    """The condition of a branch, none where it is always taken: `not x` is the other branch of `x`."""
    known = truth(test)
    if known is not None:
        return () if known != bool(branch) else _NEVER
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, branch = test.operand, 1 - branch
    return ((ast.unparse(test) if isinstance(test, ast.Compare) else ast.dump(test), branch),)


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
    comparisons = {key: compared for key in keys if (compared := _comparison(key))}
    all_ways = (
        dict(zip(keys, branches, strict=True))
        for branches in islice(product((0, 1), repeat=len(keys)), _MOST * _MOST)
    )
    possible = list(islice((way for way in all_ways if _possible(way, comparisons)), _MOST))
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
