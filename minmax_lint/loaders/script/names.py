"""Names in Python source."""

import ast


def dotted(node: ast.expr) -> str:
    """`tf.lite.X` of an expression of names and dots; empty for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])
