"""The object graph of a TF2 checkpoint: which key holds the value of which object.

Source: trackable_object_graph.proto.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from google.protobuf.message import DecodeError

from minmax_lint.loaders.checkpoint.bundle import Bundle
from minmax_lint.schema.messages import message_class

_CHECKPOINT_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"

VALUE = "VARIABLE_VALUE"


def keys_by_name(bundle: Bundle) -> Mapping[str, str]:
    """Name of a variable -> checkpoint key, as a checkpoint of TF2 has them; names that two have are left out.

    By these a Saver of TF1 restores such a checkpoint. Source: tensorflow/python/training/saver.py
    (object_graph_key_mapping).
    """
    saved = checkpoint_objects(bundle)
    named = [
        (attribute.full_name, attribute.checkpoint_key)
        for node in (saved.nodes if saved is not None else ())
        for attribute in node.attributes
        if attribute.name == VALUE and attribute.full_name
    ]
    counts = Counter(name for name, _ in named)
    return {name: key for name, key in named if counts[name] == 1}


def checkpoint_objects(bundle: Bundle) -> Any | None:
    """The TrackableObjectGraph of a checkpoint; None where it holds something else."""
    try:
        return message_class("TrackableObjectGraph").FromString(bundle.text(_CHECKPOINT_OBJECTS) or b"")
    except DecodeError:
        return None
