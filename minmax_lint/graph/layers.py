"""Which layer a node of a function belongs to: loaders note it, where the node's own name does not say it."""

from minmax_lint.graph.node import Node

IMPLEMENTS = "_api_implements"
"""Attribute of a loop: what the function around it implements, as Keras 2 says it (`lstm_` and a number)."""

LAYER = "_layer"
"""Attribute of control flow and lists: the call of the function that they stand in."""

_CALLS = ("/PartitionedCall", "/StatefulPartitionedCall")


def layer_of(call: str) -> str:
    """The layer that makes a call: `model/gru/PartitionedCall` is `model/gru`."""
    return next((call.removesuffix(end) for end in _CALLS if call.endswith(end)), call)


def place_in_layer(node: Node) -> str:
    """The node's name, and its layer where the name does not have it: `'while' in 'model/gru'`."""
    layer = node.text(LAYER)
    return f"{node.name!r} in {layer!r}" if layer and layer not in node.name else f"{node.name!r}"
