"""The branches of a script: under which conditions a statement runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product

Path = tuple[tuple[str, int], ...]
"""What is tested, and the branch that is taken (0 where it holds), from the outside in."""

_MOST = 64
"""So many ways through a script are looked at."""
_DEEPEST = 16
"""Branches in so many others are taken as what stands around them."""


def paths(tree: ast.AST) -> dict[ast.AST, Path]:
    """Every node in a branch -> the branches that lead to it.

    `if __name__ == "__main__":` and tests of a constant are no conditions; the body of a loop and of a `try` are taken
    to run. Two tests that read the same are one condition.
    """
    found: dict[ast.AST, Path] = {}
    pending: list[tuple[ast.AST, Path]] = [(tree, ())]
    while pending:
        node, path = pending.pop()
        if path:
            found[node] = path
        branches = dict(_branches(node))
        pending += [
            (one, path + branches.get(one, ()) if len(path) < _DEEPEST else path)
            for one in ast.iter_child_nodes(node)
        ]
    return found


def _branches(node: ast.AST) -> Iterator[tuple[ast.AST, Path]]:
    """The children that run under a condition, each with that."""
    if isinstance(node, (ast.If, ast.IfExp)) and not _always(node.test):
        for branch, block in enumerate((node.body, node.orelse)):
            children: list[ast.AST] = [*block] if isinstance(block, list) else [block]
            path = (condition(node.test, branch),)
            yield from ((one, path) for one in children)
    elif isinstance(node, ast.Try):
        for number, handler in enumerate(node.handlers):
            yield handler, ((f"exception {node.lineno} {number}", 0),)
    elif isinstance(node, ast.Match):
        # One of the cases, or none: each is a condition that holds where those before it do not.
        before: Path = ()
        subject = ast.dump(node.subject)
        for number, case in enumerate(node.cases[:_DEEPEST]):
            key = f"{subject} {number}"
            yield case, (*before, (key, 0))
            before = (*before, (key, 1))


def condition(test: ast.expr, branch: int) -> tuple[str, int]:
    """The condition of a branch: `not x` is the other branch of `x`."""
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, branch = test.operand, 1 - branch
    return ast.dump(test), branch


def _always(test: ast.expr) -> bool:
    """Whether a test says nothing about the path: a constant, or whether the script is run."""
    names = {one.id for one in ast.walk(test) if isinstance(one, ast.Name)}
    return isinstance(test, ast.Constant) or names == {"__name__"}


def beyond(path: Path, start: Path) -> Path:
    """The conditions of `path` that do not hold already where `start` is reached."""
    return tuple(one for one in path if one not in start)


def exclusive(first: Path, second: Path) -> bool:
    """Whether no way through the script takes both."""
    return any((key, 1 - branch) in second for key, branch in first)


def ways(found: Iterable[Path]) -> Iterator[Mapping[str, int]]:
    """The ways through these paths: condition -> branch; first that on which every condition holds."""
    keys = list(dict.fromkeys(key for path in found for key, _ in path))
    for branches in islice(product((0, 1), repeat=len(keys)), _MOST):
        yield dict(zip(keys, branches, strict=True))


def taken(path: Path, way: Mapping[str, int]) -> bool:
    """Whether the way takes this path."""
    return all(way[key] == branch for key, branch in path)
