"""The quantization steps at a model's border: what errors count in, and what random inputs are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from minmax_lint.converters.finished import TensorInfo, TFLiteModel
from minmax_lint.graph.names import canonical_array

DEFAULT_THRESHOLD = 32.0
"""Largest error of a sound output, in steps of 8 bits: an eighth of its range.

What quantization alone costs stays below (2 steps in quantization-aware training, some 20 in deep calibrated
nets); a range that contradicts the values costs a large part of the output's range.
"""
_STEPS = {"uint8": 255, "int8": 255, "int16": 65535}
_WITHOUT_SCALE = 255
"""An output that stays float has no step of its own: 1/255 of the range of its values stands for it.
Whole numbers, such as the place of a maximum, count by ones."""


def steps_of(model: TFLiteModel, places: Sequence[int], ranges: Sequence[Sequence[float]]) -> list[float]:
    """The real value of one step of each output; `places` are theirs among the model's outputs."""
    steps = []
    for place, (low, high) in zip(places, ranges, strict=True):
        stored = _stored_type(model, model.outputs[place], boundary="outputs")
        whole = not stored.dtype.startswith("float")
        steps.append(stored.scale or (0.0 if whole else (high - low) / _WITHOUT_SCALE) or 1.0)
    return steps


def limits_of(model: TFLiteModel, places: Sequence[int]) -> list[float]:
    """The default threshold of each output, in its own steps; without end where it holds whole numbers.

    The place of a maximum says nothing by how far it is off.
    """
    stored = (_stored_type(model, model.outputs[place], boundary="outputs") for place in places)
    return [_limit(tensor) for tensor in stored]


def _limit(tensor: TensorInfo) -> float:
    if tensor.scale is None and not tensor.dtype.startswith("float"):
        return math.inf
    return DEFAULT_THRESHOLD * range_of_steps(tensor) / _WITHOUT_SCALE


def range_of_steps(tensor: TensorInfo) -> int:
    """How many steps the range of a tensor has: 255, or 65535 of 16 bits."""
    return _STEPS.get(tensor.dtype, _WITHOUT_SCALE)


def grids_of(model: TFLiteModel, inputs: Iterable[str]) -> dict[str, tuple[float, float, int]]:
    """Input -> (least value, step, number of steps) that the model's input tensor can represent."""
    grids: dict[str, tuple[float, float, int]] = {}
    named = {canonical_array(tensor.name): tensor for tensor in model.inputs}
    for name, tensor in zip(inputs, model.inputs, strict=False):
        stored = _stored_type(model, named.get(name, tensor), boundary="inputs")
        if stored.scale is None or stored.zero_point is None or stored.dtype not in _STEPS:
            continue
        least = {"uint8": 0, "int8": -128, "int16": -32768}[stored.dtype]
        grids[name] = (stored.scale * (least - stored.zero_point), stored.scale, _STEPS[stored.dtype])
    return grids


def _stored_type(
    model: TFLiteModel, tensor: TensorInfo, *, boundary: Literal["inputs", "outputs"]
) -> TensorInfo:
    """The quantized tensor at the border: behind the QUANTIZE of a float input, before the DEQUANTIZE."""
    if tensor.scale is not None:
        return tensor
    for op in model.ops:
        if boundary == "inputs" and op.name == "QUANTIZE" and tensor in op.inputs:
            return op.outputs[0]
        if boundary == "outputs" and op.name == "DEQUANTIZE" and tensor in op.outputs:
            return op.inputs[0]
    return tensor
