"""Names in Python source, and the way through its nodes."""

import ast
from collections.abc import Iterator


def dotted(node: ast.expr) -> str:
    """`tf.lite.X` of an expression of names and dots; empty for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.NamedExpr):
        node = node.target
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def last(node: ast.expr) -> str:
    """`X` of `tf.lite.X`."""
    return dotted(node).rpartition(".")[2]


def spelled(node: ast.expr) -> str:
    """What a script calls the place of an object: dotted names, and elements by constant keys, `made['int8'].x`."""
    if isinstance(node, ast.Attribute):
        holder = spelled(node.value)
        return f"{holder}.{node.attr}" if holder else ""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        holder, key = spelled(node.value), repr(node.slice.value)
        return f"{holder}[{key}]" if holder and "." not in key else ""
    return dotted(node)


def root_of(node: ast.expr) -> ast.expr:
    """`tf` of `tf.lite.X`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def arguments(call: ast.Call) -> list[ast.expr]:
    """All that a call passes, by place and by name."""
    return [*call.args, *(one.value for one in call.keywords)]


def by_name(call: ast.Call) -> dict[str | None, ast.expr]:
    """What a call passes by name; None for what it unpacks."""
    return {one.arg: one.value for one in call.keywords}


def text_of(value: ast.expr | None) -> str:
    """A constant text; empty for anything else."""
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below a node, in order; gathered once, since a script is gone through many times."""
    found: list[ast.AST] | None = node.__dict__.get("children")
    if found is None:
        found = node.__dict__["children"] = list(ast.iter_child_nodes(node))
    return found


def walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node, one before those below it."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending += children(node)
