"""Two edits, one after the other, as one edit of the first graph."""

from minmax_lint.graph.edit import Edit
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.node import Node


def compose(first: Edit, second: Edit) -> Edit:
    """The edit that does to a graph what `first`, and then `second` on its result, do."""
    if first.empty or second.empty:
        return second if first.empty else first
    origin = {new: old for old, new in first.renamed.items()}
    fresh = {node.name for node in first.added}

    def old_name(name: str) -> str:
        return origin.get(name, name)

    renamed = dict(first.renamed)
    for name, new in second.renamed.items():
        if name not in fresh:
            renamed[old_name(name)] = new
    attrs = {name: dict(values) for name, values in first.attrs.items()}
    for name, values in second.attrs.items():
        if name not in fresh:
            attrs.setdefault(old_name(name), {}).update(values)
    after = {
        second.renamed.get(name, name): second.renamed.get(place, place)
        for name, place in first.after.items()
        if name not in second.removed
    }
    return Edit(
        {old: new for old, new in renamed.items() if old != new},
        {**first.inputs, **{old_name(n): raw for n, raw in second.inputs.items() if n not in fresh}},
        attrs,
        {**first.ops, **{old_name(n): op for n, op in second.ops.items() if n not in fresh}},
        tuple(_change(node, second) for node in first.added if node.name not in second.removed)
        + second.added,
        {**after, **second.after},
        first.removed | {old_name(name) for name in second.removed if name not in fresh},
    )


def _change(node: Node, edit: Edit) -> Node:
    raw = edit.inputs.get(node.name)
    return Node(
        edit.renamed.get(node.name, node.name),
        edit.ops.get(node.name, node.op),
        node.inputs if raw is None else tuple(parse_edge(text) for text in raw if not text.startswith("^")),
        node.control_inputs if raw is None else tuple(text[1:] for text in raw if text.startswith("^")),
        {**node.attrs, **edit.attrs.get(node.name, {})},
        node.device,
    )
