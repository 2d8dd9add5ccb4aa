"""Which layer a node of a function belongs to: loaders note it, where the node's own name does not say it."""

from typing import NamedTuple

from minmax_lint.graph.node import Node

IMPLEMENTS = "_api_implements"
"""Attribute of a loop: what the function around it implements, as Keras 2 says it (`lstm_` and a number)."""

LAYER = "_layer"
"""Attribute of control flow and lists: the call of the function that they stand in."""


class TrainingWrapper(NamedTuple):
    """A layer of TensorFlow's Model Optimization Toolkit around another one, which is to come off before export."""

    layer: str
    """Its class."""
    scope: str
    """What its nodes' names begin with, in front of `_` and the name of the layer inside."""
    purpose: str
    strip: str
    """The function that takes it off."""


TRAINING_WRAPPERS = (
    TrainingWrapper(
        "PruneLowMagnitude", "prune_low_magnitude", "pruning", "tfmot.sparsity.keras.strip_pruning"
    ),
    TrainingWrapper("ClusterWeights", "cluster", "clustering", "tfmot.clustering.keras.strip_clustering"),
)

_CALLS = ("/PartitionedCall", "/StatefulPartitionedCall")


def layer_of(call: str) -> str:
    """The layer that makes a call: `model/gru/PartitionedCall` is `model/gru`."""
    return next((call.removesuffix(end) for end in _CALLS if call.endswith(end)), call)


def place_in_layer(node: Node) -> str:
    """The node's name, and its layer where the name does not have it: `'while' in 'model/gru'`."""
    layer = node.text(LAYER)
    return f"{node.name!r} in {layer!r}" if layer and layer not in node.name else f"{node.name!r}"
