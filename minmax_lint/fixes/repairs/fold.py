"""Fold: batch normalization with constant statistics goes into the weights of the linear op in front of it."""

from collections.abc import Collection
from typing import Any

import numpy as np

from minmax_lint.fixes.edit.draft import Draft, float32s
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.fixes.repairs.batch_norm import BatchNorm, Linear, batch_norms, linear_before
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference

Array = np.ndarray[Any, Any]


@np.errstate(all="ignore")
def fold(graph: Graph, inference: Inference, about: Collection[str]) -> Repair:
    """Fold the batch norms that the names of nodes `about` touch into what is in front of them.

    `conv(x, W) + b` becomes `conv(x, W * scale) + (b * scale + offset)`; the node that ended the batch norm
    is the new BiasAdd and keeps its name. A FakeQuant of the weights gets a new range, symmetric around the
    folded values; one between the two ops goes. A fused batch norm of images with no linear op in front
    becomes a depthwise convolution of 1x1. Unsafe: sums are rounded differently, and ranges change.
    Raises CannotRepair where there is none to fold.
    """
    draft = Draft(graph)
    healed: list[str] = []
    for norm in batch_norms(inference):
        if not {norm.source.node, *norm.nodes} & set(about):
            continue
        linear = linear_before(inference, norm)
        if linear is not None and _fits(norm, linear):
            _into(draft, norm, linear)
        elif (
            len(norm.nodes) == 1 and norm.data_format == b"NHWC" and len(inference.shape(norm.end) or ()) == 4
        ):
            _as_depthwise(draft, norm)
        else:
            continue
        healed.append(norm.end)
    if not healed:
        raise CannotRepair("there is no batch normalization with constant statistics to fold")
    return draft.repair("fold", safe=False, heals=healed)


def _fits(norm: BatchNorm, linear: Linear) -> bool:
    """Whether the channels of the batch norm are those that the linear op makes."""
    return linear.weights.size > 0 and all(
        np.size(one) in (1, _depth(linear)) for one in (norm.scale, norm.offset, linear.bias)
    )


def _depth(linear: Linear) -> int:
    shape = linear.weights.shape
    if linear.node.op == "DepthwiseConv2dNative":
        return int(shape[2] * shape[3])
    return int(shape[0] if linear.node.flag("transpose_b") else shape[-1])


def _into(draft: Draft, norm: BatchNorm, linear: Linear) -> None:
    depth = _depth(linear)
    scale = np.broadcast_to(norm.scale, depth)
    if linear.node.op == "DepthwiseConv2dNative":
        weights = linear.weights * scale.reshape(linear.weights.shape[2:])
    elif linear.node.flag("transpose_b"):
        weights = linear.weights * scale[:, None]
    else:
        weights = linear.weights * scale
    source = draft.add_constant(
        draft.free_name(f"{norm.end}/weights"), float32s(weights), _before(draft, linear)
    )
    if linear.fake_quant is not None:
        source = _fake_quant(draft, linear.fake_quant, weights, f"{norm.end}/weights_quant", source)
    draft.read(linear.node.name, 1, source)
    _end(draft, norm, linear.node.name, np.broadcast_to(linear.bias, depth) * scale + norm.offset)


def _before(draft: Draft, linear: Linear) -> str:
    """The file order puts weights in front of what reads them, where something is in front."""
    position = draft.graph.position(linear.node.name)
    return draft.graph.names[max(position - 1, 0)]


def _end(draft: Draft, norm: BatchNorm, source: str, bias: Array) -> None:
    """The BiasAdd under the name of the batch norm's last op."""
    operand = draft.add_constant(draft.free_name(f"{norm.end}/bias"), float32s(bias), source)
    attrs: dict[str, Attr] = {"T": DType.FLOAT, "data_format": norm.data_format}
    draft.replace(Node(norm.end, "BiasAdd", (Edge(source, 0), Edge(operand, 0)), attrs=attrs))


def _as_depthwise(draft: Draft, norm: BatchNorm) -> None:
    name = draft.free_name(f"{norm.end}/depthwise")
    weights = draft.add_constant(
        draft.free_name(f"{norm.end}/weights"), float32s(norm.scale.reshape(1, 1, -1, 1)), norm.source.node
    )
    attrs: dict[str, Attr] = {
        "T": DType.FLOAT,
        "data_format": b"NHWC",
        "dilations": [1, 1, 1, 1],
        "padding": b"VALID",
        "strides": [1, 1, 1, 1],
    }
    draft.add(Node(name, "DepthwiseConv2dNative", (norm.source, Edge(weights, 0)), attrs=attrs), weights)
    _end(draft, norm, name, norm.offset)


def _fake_quant(draft: Draft, like: Node, weights: Array, wanted: str, source: str) -> str:
    """A FakeQuant as `like`, with the symmetric range of `weights`, behind constant `source`."""
    per_channel = like.op.endswith("PerChannel")
    limit = np.abs(weights).max(axis=tuple(range(weights.ndim - 1)) if per_channel else None)
    limit = np.where(limit > 0, limit, 1.0)
    name = draft.free_name(wanted)
    attrs: dict[str, Attr] = {
        "num_bits": like.integer("num_bits", 8),
        "narrow_range": like.flag("narrow_range"),
    }
    if not per_channel:
        attrs |= {"min": -float(limit), "max": float(limit)}
        return draft.add(Node(name, "FakeQuantWithMinMaxArgs", (Edge(source, 0),), attrs=attrs), source)
    low = draft.add_constant(draft.free_name(f"{wanted}/min"), float32s(-limit), source)
    high = draft.add_constant(draft.free_name(f"{wanted}/max"), float32s(limit), low)
    edges = (Edge(source, 0), Edge(low, 0), Edge(high, 0))
    return draft.add(Node(name, like.op, edges, attrs=attrs), high)
