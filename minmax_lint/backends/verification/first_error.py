"""The op of a model at which its values leave those of the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minmax_lint.backends.verification.steps import DEFAULT_THRESHOLD, range_of_steps
from minmax_lint.converters.finished import BOUNDARY_OPS, TensorInfo, TFLiteModel

_STEPS_OF_8_BITS = 255


def first_error(model: TFLiteModel, arrays: Iterable[Mapping[str, Any]], threshold: float | None) -> str:
    """The first op, in the model's order, whose output is off by more than the threshold.

    `arrays`: the result of intermediate.py. Errors count in steps of 8 bits of the op's own output. Empty where
    no compared array is that far off: then the error grows over several ops, or begins where names differ.
    """
    compared = {one["index"]: one for one in arrays}
    limit = DEFAULT_THRESHOLD if threshold is None else threshold
    for op in model.ops:
        if op.subgraph or op.name in BOUNDARY_OPS or not op.outputs:
            continue
        found = compared.get(op.outputs[0].index)
        if found is not None and found["max"] > limit * _step(op.outputs[0], found):
            return op.label
    return ""


def _step(tensor: TensorInfo, found: Mapping[str, Any]) -> float:
    """The real value of one of 255 steps of a tensor's range."""
    if tensor.scale is not None:
        return tensor.scale * range_of_steps(tensor) / _STEPS_OF_8_BITS
    return float(found["high"] - found["low"]) / _STEPS_OF_8_BITS or 1.0
