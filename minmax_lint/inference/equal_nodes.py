"""Nodes that compute the same: common subexpression elimination makes one operation of them."""

from collections.abc import Iterator

from minmax_lint.inference.inference import Inference


def equal_nodes(inference: Inference, name: str) -> Iterator[str]:
    """The kept nodes that do what `name` does to the same arrays, or to equal constants; itself among them."""
    node, kept = inference.kept.graph[name], inference.kept
    for use in dict.fromkeys(use.node for use in kept.uses(node.inputs[0].array)) if node.inputs else ():
        other = kept.graph[use]
        if (other.op, other.attrs, len(other.inputs)) == (node.op, node.attrs, len(node.inputs)) and all(
            one == two or inference.constant(one.array) == inference.constant(two.array) is not None
            for one, two in zip(other.inputs, node.inputs, strict=True)
        ):
            yield use
