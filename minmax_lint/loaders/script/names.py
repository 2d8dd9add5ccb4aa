"""Names in Python source."""

import ast


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
