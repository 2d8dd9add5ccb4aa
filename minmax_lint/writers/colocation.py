"""Colocation groups (`_class`: `loc:@node`) follow a renamed node: TensorFlow refuses a group without one.

Source: tf.import_graph_def, "colocates with unknown node".
"""

from collections.abc import Mapping

from minmax_lint.graph.graph import Graph, Serialized
from minmax_lint.schema.messages import message_in

_PREFIX = b"loc:@"


def moved_groups(graph: Graph, serialized: Serialized) -> Mapping[bytes, bytes]:
    """Old and new colocation groups of nodes whose old name is gone, if any node is in one."""
    groups: dict[bytes, bytes] = {}
    for position in sorted(serialized.changed):
        origin, name = serialized.origin(position), graph.names[position]
        if origin is None:
            continue
        record = bytes(serialized.buffer[origin.start : origin.end])
        before: str = message_in(record, "minmax_lint.IndexNode").name
        if before != name and before not in graph and _is_mentioned(serialized, before.encode()):
            groups[_PREFIX + before.encode()] = _PREFIX + name.encode()
    return groups


def _is_mentioned(serialized: Serialized, name: bytes) -> bool:
    buffer = serialized.buffer
    found = (bytes(buffer) if isinstance(buffer, memoryview) else buffer).find(_PREFIX + name)
    return found >= 0
