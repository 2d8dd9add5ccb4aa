"""A sum of ramps as layers of a net: two products with a Relu6 between, on every element of an array."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minmax_lint.fixes.edit.draft import Draft, float32s
from minmax_lint.fixes.edit.place import Place
from minmax_lint.fixes.edit.repair import CannotRepair
from minmax_lint.fixes.repairs.pieces import UNITS, Pieces
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.fakequant import Range
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape
from minmax_lint.inference.inference import Inference

Array = np.ndarray[Any, Any]

COLUMN, CHANNELS = "column", "channels"
"""Where the elements stand for the products: reshaped to one column, or where they are."""
MOST_WEIGHTS = 2**18
"""Of the form `channels`: a quarter of a megabyte."""
_HEIGHT = 6.0
"""Of every ramp, before its weight: Relu6 ends it."""


def layout(
    form: str, inference: Inference, node: Node, source: Edge, pieces: Pieces
) -> Callable[[Draft], Edge]:
    """What puts `pieces` of `source` into the place of `node`. Raises CannotRepair where shapes forbid it."""
    shape = inference.shape(source.array)
    if form == COLUMN:
        if not shape or None in shape[1:]:  # the size of the batch is never relied on
            raise CannotRepair(
                f"the shape of {source.array}, which {node.op} {node.name!r} reads, is not known"
            )
        return lambda draft: _in_a_column(Place(draft, node, source), source, pieces, shape)
    if shape is None or len(shape) not in (2, 4) or shape[-1] is None:
        raise CannotRepair(f"{source.array}, which {node.op} {node.name!r} reads, is no image and no matrix")
    channels = shape[-1]
    if channels**2 * len(pieces.ramps) > MOST_WEIGHTS:
        raise CannotRepair(f"{source.array}, which {node.op} {node.name!r} reads, has {channels} channels")
    product = "Conv2D" if len(shape) == 4 else "MatMul"
    return lambda draft: _write(Place(draft, node, source), source, pieces, product, channels)


def _in_a_column(place: Place, source: Edge, pieces: Pieces, shape: Shape) -> Edge:
    column = place.reshape("column", source, (-1, 1))
    total = _write(place, column, pieces, "MatMul", 1, result="values")
    return place.reshape("", total, (-1, *(size for size in shape[1:] if size is not None)))


def _write(
    place: Place, source: Edge, pieces: Pieces, product: str, channels: int, *, result: str = ""
) -> Edge:
    """The layers for an array of so many channels, each of which goes its own way."""
    own = np.eye(channels)
    slope = _HEIGHT / (pieces.source.step * UNITS)
    slopes = np.array([[UNITS // ramp.width * slope for ramp in pieces.ramps]])
    starts = [_HEIGHT * (pieces.source.zero - ramp.start) / ramp.width for ramp in pieces.ramps]
    rises = np.array([[ramp.rise / _HEIGHT] for ramp in pieces.ramps])
    heights = _product(
        place, "ramps", product, source, np.kron(own, slopes), slope, np.tile(starts, channels)
    )
    heights = place.op("Relu6", "ramps/Relu6", heights)
    heights = place.quantize("ramps/quantized", heights, Range(0.0, _HEIGHT))
    weights, first = np.kron(own, rises), np.full(channels, pieces.first)
    total = _product(place, "sum", product, heights, weights, pieces.unit / _HEIGHT, first)
    return place.quantize(result, total, pieces.target)


def _product(
    place: Place, suffix: str, op: str, source: Edge, weights: Array, step: float, bias: Array
) -> Edge:
    """The array times weights that are multiples of `step`, plus the bias.

    The grid has all 256 bytes: of a narrow range of 255, TOCO makes another of 256, and moves the weights.
    """
    attrs: dict[str, Attr] = {"transpose_a": False, "transpose_b": False}
    if op == "Conv2D":
        weights = weights[None, None]
        attrs = {"data_format": b"NHWC", "padding": b"VALID"}
        attrs |= {"strides": [1, 1, 1, 1], "dilations": [1, 1, 1, 1]}
    values = place.constant(f"{suffix}/weights", float32s(weights))
    values = place.quantize(f"{suffix}/weights/quantized", values, Range(-128.0 * step, 127.0 * step))
    product = place.op(op, f"{suffix}/{op}", source, values, **attrs)
    offset = place.constant(f"{suffix}/bias", float32s(bias))
    return place.op("BiasAdd", suffix, product, offset, data_format=b"NHWC")
