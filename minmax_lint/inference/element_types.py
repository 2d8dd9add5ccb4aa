"""Element types of outputs, as TensorFlow's registry defines them for each op."""

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.op_registry import registered_op

LOOPS = frozenset({"StatelessWhile", "While"})


def element_type(node: Node, port: int) -> DType:
    """The type of output `port`; INVALID where the node does not say."""
    known = registered_op(node.op)
    dtype = known.result_type(node, port) if known is not None else DType.INVALID
    return dtype if dtype is not DType.INVALID else _of_foreign_op(node, port)


def _of_foreign_op(node: Node, port: int) -> DType:
    """What an op that is not TensorFlow's usually means by its attributes."""
    listed = node.attribute("Tout")
    if isinstance(listed, list) and port < len(listed):
        entry = listed[port]
        return entry if isinstance(entry, DType) else DType.INVALID
    return node.dtype("T") or node.dtype("dtype") or DType.INVALID
