"""Which constants of a serialized GraphDef differ in their values only, told by their bytes."""

from __future__ import annotations

from typing import Any

import numpy
from google.protobuf.message import DecodeError

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.dtype import DType
from minmax_lint.loaders.large_node import ATTR, CONTENT, tensor_in
from minmax_lint.loaders.wire import Buffer, fields

_DTYPE, _FLOATS = 1, 5
"""TensorProto.dtype and float_val; of the latter there may be many, if they are not packed."""

_PATTERNS = 16
"""Forms looked for among constants of one size: weights of one shape have one or two."""

_DESCRIBED = 1024
"""Bytes beside its values that a constant may have."""

_AT_ONCE = 1 << 14
"""Constants compared at once, so that their bytes take little memory."""


def constant_forms(buffer: Buffer, heads: Any, ends: Any, places: Any) -> Any:
    """A number for each node of a graph, equal for float constants that differ in their values only; -1 for others.

    `heads`, `ends`: where each node's attributes start and end. `places`: the nodes to be looked at.
    """
    view = numpy.frombuffer(buffer, numpy.uint8)
    found = numpy.full(len(heads), -1, numpy.int64)
    sizes = (ends - heads)[places]
    count = 0
    for size in numpy.unique(sizes).tolist():
        left = places[sizes == size]
        for _ in range(_PATTERNS):
            if len(left) < 2:
                break
            start = int(heads[left[0]])
            span = _values(buffer, start, start + size)
            if span is None or size - (span[1] - span[0]) > _DESCRIBED:
                left = left[1:]
                continue
            beside = numpy.concatenate([numpy.arange(span[0] - start), numpy.arange(span[1] - start, size)])
            same = _equal(view, heads[left], beside)
            found[left[same]] = count
            count += 1
            left = left[~same]
    return found


def _equal(view: Any, heads: Any, beside: Any) -> Any:
    """For each node whether it has the first one's bytes at the offsets `beside`."""
    pattern = view[int(heads[0]) + beside]
    parts = [
        (view[heads[at : at + _AT_ONCE, None] + beside] == pattern).all(axis=1)
        for at in range(0, len(heads), _AT_ONCE)
    ]
    return numpy.concatenate(parts)


def _values(buffer: Buffer, start: int, end: int) -> tuple[int, int] | None:
    """Where the values of a float constant lie, whose attributes are buffer[start:end]; None for another node."""
    try:
        attrs = [attr for attr in fields(buffer, start, end) if attr.number == ATTR]
        tensors = [tensor for attr in attrs if (tensor := tensor_in(buffer, attr)) is not None]
        if len(tensors) != 1:
            return None
        parts = list(fields(buffer, tensors[0].start, tensors[0].end))
    except (UnreadableModel, DecodeError):
        return None
    is_float = any(part.number == _DTYPE and buffer[part.start] == DType.FLOAT for part in parts)
    values = [part for part in parts if part.number >= CONTENT]
    if not is_float or len(values) != 1 or values[0].number not in (CONTENT, _FLOATS):
        return None
    return values[0].start, values[0].end
