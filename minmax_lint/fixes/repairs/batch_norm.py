"""Batch normalizations with constant statistics, and the linear ops in front of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference
from minmax_lint.ops.table import BATCH_NORMS

Array = np.ndarray[Any, Any]

LINEAR = frozenset({"Conv2D", "DepthwiseConv2dNative", "MatMul"})
_ADDING = frozenset({"Add", "AddV2", "BiasAdd"})
_EPSILON = 1e-4
"""TensorFlow's default (nn_ops.cc)."""


@dataclass(frozen=True)
class BatchNorm:
    """`end` = `source` * scale + offset, each channel by its own numbers."""

    end: str
    source: Edge
    scale: Array
    offset: Array
    data_format: bytes
    nodes: tuple[str, ...]
    """The op itself where it is a fused one, else the Mul and the Add."""


@dataclass(frozen=True)
class Linear:
    """A linear op whose result only the batch norm reads, with its constant weights and bias."""

    node: Node
    weights: Array
    bias: Array | float
    fake_quant: Node | None
    """The FakeQuant of the weights."""


def batch_norms(inference: Inference) -> Iterator[BatchNorm]:
    """The batch normalizations of a kept subgraph, in file order: fused ones, and a Mul before an Add."""
    kept = inference.kept
    for name in kept.order:
        op = kept.graph.op(name)
        if kept.is_cut(name) or op not in BATCH_NORMS | _ADDING:
            continue
        node = kept.graph[name]
        found = _match_fused(inference, node) if op in BATCH_NORMS else _match_written_out(inference, node)
        if found is not None:
            yield found


def linear_before(inference: Inference, norm: BatchNorm) -> Linear | None:
    """The linear op to fold `norm` into: right before it, or with a bias or FakeQuants between."""
    kept = inference.kept
    edge, bias = norm.source, None
    while True:
        if edge.port or edge.node not in kept or kept.is_cut(edge.node) or edge.node in kept.outputs:
            return None
        if len(kept.uses(edge.node)) != 1:
            return None
        node = kept.graph[edge.node]
        if node.op in LINEAR:
            break
        if node.op in _ADDING and bias is None:
            sides = _constant_side(inference, node)
            if sides is None:
                return None
            edge, bias = sides
        elif is_fake_quant(node.op):
            edge = node.inputs[0]
        else:
            return None
    weights, fake_quant = node.inputs[1], None
    if weights.node in kept and is_fake_quant(kept.graph.op(weights.node)):
        fake_quant = kept.graph[weights.node]
        weights = fake_quant.inputs[0]
    value = value_of(inference, weights)
    shift = 0.0 if bias is None else _channels(bias)
    return None if value is None or shift is None else Linear(node, value, shift, fake_quant)


def value_of(inference: Inference, edge: Edge) -> Array | None:
    """The constant real value of an array; None where there is none."""
    if not inference.is_constant(edge.array):
        return None
    tensor = inference.constant(edge.array)
    if tensor is None or not tensor.known or tensor.spreads or tensor.dtype is not DType.FLOAT:
        return None
    value: Array = tensor.numpy().astype("float64")
    return value


def _match_fused(inference: Inference, node: Node) -> BatchNorm | None:
    kept = inference.kept
    others = (node.output(port) for port in range(1, 6))
    if node.flag("is_training", True) or len(node.inputs) < 5 or any(kept.uses(name) for name in others):
        return None
    values = [value_of(inference, edge) for edge in node.inputs[1:5]]
    known = [value for value in values if value is not None and value.ndim == 1]
    if len(known) < 4 or len({value.size for value in known}) > 1:
        return None
    gamma, beta, mean, variance = known
    scale = gamma / (variance + node.real("epsilon", _EPSILON)) ** 0.5
    layout = node.text("data_format", "NHWC").encode()
    return BatchNorm(node.name, node.inputs[0], scale, beta - mean * scale, layout, (node.name,))


def _match_written_out(inference: Inference, node: Node) -> BatchNorm | None:
    """`x * scale + offset` with constants that have one value for each channel of the last dimension."""
    kept = inference.kept
    added = _constant_side(inference, node)
    if added is None or added[0].node not in kept or added[0].port or len(kept.uses(added[0].array)) != 1:
        return None
    product = kept.graph[added[0].node]
    multiplied = _constant_side(inference, product) if product.op == "Mul" else None
    if multiplied is None or kept.is_cut(product.name) or product.name in kept.outputs:
        return None
    more = max(multiplied[1].ndim, added[1].ndim) > 1  # dimensions that a constant may add to the result
    if more and inference.shape(node.output(0)) != inference.shape(multiplied[0].array):
        return None
    scale, offset = _channels(multiplied[1]), _channels(added[1])
    if scale is None or offset is None:
        return None
    return BatchNorm(node.name, multiplied[0], scale, offset, b"NHWC", (product.name, node.name))


def _constant_side(inference: Inference, node: Node) -> tuple[Edge, Array] | None:
    """The other operand, and the value of the constant one, of a binary op."""
    if len(node.inputs) != 2 or node.text("data_format", "NHWC") != "NHWC":
        return None
    for source, edge in (node.inputs, node.inputs[::-1]):
        value = value_of(inference, edge)
        if value is not None and value_of(inference, source) is None:
            return source, value
    return None


def _channels(value: Array) -> Array | None:
    """The value as one number for each channel, if it differs along the last dimension only."""
    if value.size == 1:
        return value.reshape(1)
    return value.reshape(-1) if value.size == value.shape[-1] else None
