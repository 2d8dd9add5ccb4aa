"""A graph without the attributes that have their default, as SavedModel writers leave it (`strip_default_attrs`)."""

from typing import Any

from minmax_lint.graph.op_defaults import newer_attributes, op_defaults
from minmax_lint.schema.attributes import decode_attr
from minmax_lint.schema.messages import message_in


def stripped(content: bytes) -> bytes:
    """The GraphDef `content` without them.

    Attributes that an op has got since TF 1.15 stay: that converter really does refuse a graph that has one.
    """
    graph = message_in(content, "GraphDef")
    for node in [*graph.node, *(node for function in graph.library.function for node in function.node_def)]:
        _strip(node)
    found: bytes = graph.SerializeToString(deterministic=True)
    return found


def _strip(node: Any) -> None:
    kept = newer_attributes("1.15").get(node.op, ())
    for key, default in op_defaults(node.op).items():
        if key in node.attr and key not in kept and repr(decode_attr(node.attr[key])) == repr(default):
            del node.attr[key]
