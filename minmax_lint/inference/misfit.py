"""Shapes that do not fit an op: TensorFlow imports no graph that has them.

Source: the shape functions in tensorflow/core/ops and common_shape_fns.cc; messages as import_graph_def of TF 2.21
begins them.
"""

from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference
from minmax_lint.inference.shape_call import RANKS


def misfit(inference: Inference) -> tuple[str, str] | None:
    """The first kept node with such an operand, and what TensorFlow says; None where all fit."""
    kept = inference.kept
    for name in kept.of_ops({"Transpose", *RANKS}):
        node = kept.graph[name]
        message = _rank(inference, node) or (_order(inference, node) if node.op == "Transpose" else None)
        if message is not None:
            return name, f"ValueError: {message} for '{{{{node {name}}}}}"
    return None


def _rank(inference: Inference, node: Node) -> str | None:
    for edge, rank in zip(node.inputs, RANKS.get(node.op, ()), strict=False):
        shape = inference.shape(edge.array)
        if shape is not None and len(shape) != rank:
            return f"Shape must be rank {rank} but is rank {len(shape)}"
    return None


def _order(inference: Inference, node: Node) -> str | None:
    """What is wrong with the permutation of a Transpose."""
    shape, order = inference.shape(node.inputs[0].array), inference.constant(node.inputs[1].array)
    if shape is None or order is None or not order.known or order.dtype.struct_code is None:
        return None
    rank = len(shape)
    if len(order.shape) != 1:
        return f"Shape must be rank 1 but is rank {len(order.shape)}"
    if order.size != rank:
        return f"Dimension must be {rank} but is {order.size}"
    outside = [axis for axis in map(int, order.values()) if not -rank <= axis < rank]
    return f"perm dim {outside[0]} is out of range of input rank {rank}" if outside else None
