"""The host's side of verification: graphs and a model in, their differences in output steps out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from minmax_lint.calibration.run import Data
from minmax_lint.conversion.child import DEFAULT_TIME_LIMIT, Child, Watch
from minmax_lint.converters.finished import TensorInfo, TFLiteModel
from minmax_lint.errors import UserError
from minmax_lint.loaders.tflite_file import read_model

Party = Literal["original", "fixed", "model"]
Shapes = Mapping[str, Sequence[int | None] | None]

DEFAULT_SAMPLES = 100
_STEPS = {"uint8": 255, "int8": 255, "int16": 65535}
_WITHOUT_SCALE = 255
"""An output that stays float has no step of its own: 1/255 of the range of its values stands for it.
Whole numbers, such as the place of a maximum, count by ones."""


@dataclass(frozen=True)
class Comparison:
    """How one output of `value` differs from that of `reference`, in steps of the model's output."""

    reference: Party
    value: Party
    output: str
    step: float
    """Real value of one step."""
    max_error: float
    mean_error: float
    agreement: float | None
    """Share of rows whose largest element is at the same place; None for single numbers."""


@dataclass(frozen=True)
class Verification:
    """What running everything on the same inputs showed."""

    comparisons: tuple[Comparison, ...]
    samples: int
    source: str | None
    """The data; None for seeded random inputs within the model's input ranges."""
    clipped: Mapping[str, float]
    """Input -> share of its values outside what the model's input can represent."""
    seconds: float

    @property
    def worst(self) -> float:
        """Largest error of the model against the original graph, over all outputs, in steps."""
        return max((one.max_error for one in self.of("original", "model")), default=0.0)

    def of(self, reference: Party, value: Party) -> Iterator[Comparison]:
        """The comparisons of two parties, one for each output."""
        return (one for one in self.comparisons if (one.reference, one.value) == (reference, value))


def verify(
    original: tuple[bytes, Sequence[str]],
    fixed: tuple[bytes, Sequence[str]] | None,
    model: bytes,
    inputs: Shapes,
    *,
    data: Data | None = None,
    samples: int = DEFAULT_SAMPLES,
    python: str | os.PathLike[str] | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT,
    watch: Watch | None = None,
) -> Verification:
    """Run the original graph, the fixed one and the .tflite model on the same inputs and compare outputs.

    Graphs are frozen GraphDefs with their output arrays; `fixed` is None where nothing was fixed. Inputs are
    at most `samples` samples of `data`, or seeded random ones on the grid of the model's own inputs. Raises
    UserError where the data do not fit, or TensorFlow cannot run a graph or the model.
    """
    content = read_model(model)
    graphs = {"original": original} | ({"fixed": fixed} if fixed is not None else {})
    data_request = (data or Data("")).request() | {"data": data.source if data else None}
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        folder = Path(name)
        (folder / "model.tflite").write_bytes(model)
        for party, (graph, _) in graphs.items():
            (folder / f"{party}.pb").write_bytes(graph)
        child = Child("verification", folder, python=python, time_limit=time_limit, watch=watch)
        answer = child.answer(
            {
                "task": "verification.compare",
                "graphs": {party: str(folder / f"{party}.pb") for party in graphs},
                "outputs": {party: list(outputs) for party, (_, outputs) in graphs.items()},
                "inputs": {key: None if shape is None else list(shape) for key, shape in inputs.items()},
                "model": str(folder / "model.tflite"),
                "grid": _grids(content, inputs),
                "samples": samples,
                **data_request,
            }
        )
    if answer.failure is not None:
        raise UserError(f"the values cannot be compared: {answer.failure.message}")
    found = answer.values
    steps = _steps(content, original[1], found["ranges"])
    return Verification(
        tuple(_comparisons(found["pairs"], original[1], steps)),
        found["samples"],
        data.source if data else None,
        found["clipped"],
        answer.seconds,
    )


def _comparisons(
    pairs: Sequence[Mapping[str, Any]], outputs: Sequence[str], steps: Sequence[float]
) -> Iterator[Comparison]:
    for pair in pairs:
        for output, step, found in zip(outputs, steps, pair["outputs"], strict=True):
            yield Comparison(
                pair["reference"],
                pair["value"],
                output,
                step,
                found["max"] / step,
                found["mean"] / step,
                found["agreement"],
            )


def _steps(model: TFLiteModel, outputs: Sequence[str], ranges: Sequence[Sequence[float]]) -> list[float]:
    """The real value of one step of each output."""
    tensors = {tensor.name: tensor for tensor in model.outputs}
    by_name = all(name in tensors for name in outputs)
    found = [tensors[name] for name in outputs] if by_name else model.outputs
    steps = []
    for tensor, (low, high) in zip(found, ranges, strict=True):
        stored = _stored(model, tensor, boundary="outputs")
        whole = not stored.dtype.startswith("float")
        steps.append(stored.scale or (0.0 if whole else (high - low) / _WITHOUT_SCALE) or 1.0)
    return steps


def _grids(model: TFLiteModel, inputs: Shapes) -> dict[str, tuple[float, float, int]]:
    """Input -> (least value, step, number of steps) that the model's input tensor can represent."""
    grids: dict[str, tuple[float, float, int]] = {}
    names = {tensor.name for tensor in model.inputs}
    for name, tensor in zip(inputs, model.inputs, strict=False):
        own = next((one for one in model.inputs if one.name == name), tensor) if name in names else tensor
        stored = _stored(model, own, boundary="inputs")
        if stored.scale is None or stored.zero_point is None or stored.dtype not in _STEPS:
            continue
        least = {"uint8": 0, "int8": -128, "int16": -32768}[stored.dtype]
        grids[name] = (stored.scale * (least - stored.zero_point), stored.scale, _STEPS[stored.dtype])
    return grids


def _stored(model: TFLiteModel, tensor: TensorInfo, *, boundary: Literal["inputs", "outputs"]) -> TensorInfo:
    """The quantized tensor at the border: behind the QUANTIZE of a float input, before the DEQUANTIZE."""
    if tensor.scale is not None:
        return tensor
    for op in model.ops:
        if boundary == "inputs" and op.name == "QUANTIZE" and tensor in op.inputs:
            return op.outputs[0]
        if boundary == "outputs" and op.name == "DEQUANTIZE" and tensor in op.outputs:
            return op.inputs[0]
    return tensor
