"""The host's side of verification: graphs and a model in, their differences in output steps out."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from minmax_lint.calibration.run import Data
from minmax_lint.conversion.child import DEFAULT_TIME_LIMIT, Child, Watch
from minmax_lint.errors import UserError
from minmax_lint.loaders.tflite_file import read_model
from minmax_lint.verification.steps import grids_of, steps_of

Party = Literal["original", "fixed", "model"]
Shapes = Mapping[str, Sequence[int | None] | None]

DEFAULT_SAMPLES = 100


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
    keys: Sequence[str | None] = (),
    data: Data | None = None,
    samples: int = DEFAULT_SAMPLES,
    python: str | os.PathLike[str] | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT,
    watch: Watch | None = None,
) -> Verification:
    """Run the original graph, the fixed one and the .tflite model on the same inputs and compare outputs.

    Graphs are frozen GraphDefs with their output arrays; `fixed` is None where nothing was fixed. Inputs are
    at most `samples` samples of `data`, or seeded random ones on the grid of the model's own inputs. `keys`
    are those under which a signature of the model knows the outputs. Raises UserError where the data do not
    fit, or TensorFlow cannot run a graph or the model.
    """
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        folder = Path(name)
        request = _request(folder, original, fixed, model, inputs, keys, data, samples)
        child = Child("verification", folder, python=python, time_limit=time_limit, watch=watch)
        answer = child.answer(request)
    if answer.failure is not None:
        raise UserError(f"the values cannot be compared: {answer.failure.message}")
    return _verification(answer.values, model, original[1], data, answer.seconds)


def verify_here(
    tensorflow: Any,
    original: tuple[bytes, Sequence[str]],
    fixed: tuple[bytes, Sequence[str]] | None,
    model: bytes,
    inputs: Shapes,
    *,
    keys: Sequence[str | None] = (),
    data: Data | None = None,
    samples: int = DEFAULT_SAMPLES,
) -> Verification:
    """The same in this process, whose TensorFlow is given: it need not be imported once more."""
    from minmax_lint.verification.compare import run

    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        request = _request(Path(name), original, fixed, model, inputs, keys, data, samples)
        try:
            found = run(tensorflow, request, lambda stage: None)
        except Exception as error:
            # Whatever TensorFlow or its interpreter says: the model is there, it only cannot be compared.
            raise UserError(f"the values cannot be compared: {' '.join(str(error).split())}") from error
    return _verification(found, model, original[1], data, time.monotonic() - started)


def _request(
    folder: Path,
    original: tuple[bytes, Sequence[str]],
    fixed: tuple[bytes, Sequence[str]] | None,
    model: bytes,
    inputs: Shapes,
    keys: Sequence[str | None],
    data: Data | None,
    samples: int,
) -> dict[str, Any]:
    """What compare.py needs; graphs and model become files in `folder`."""
    graphs = {"original": original} | ({"fixed": fixed} if fixed is not None else {})
    (folder / "model.tflite").write_bytes(model)
    for party, (graph, _) in graphs.items():
        (folder / f"{party}.pb").write_bytes(graph)
    return (data or Data("")).request() | {
        "task": "verification.compare",
        "graphs": {party: str(folder / f"{party}.pb") for party in graphs},
        "outputs": {party: list(outputs) for party, (_, outputs) in graphs.items()},
        "inputs": {key: None if shape is None else list(shape) for key, shape in inputs.items()},
        "keys": list(keys),
        "model": str(folder / "model.tflite"),
        "grid": grids_of(read_model(model), inputs),
        "samples": samples,
        "data": data.source if data else None,
    }


def _verification(
    found: Mapping[str, Any], model: bytes, outputs: Sequence[str], data: Data | None, seconds: float
) -> Verification:
    steps = steps_of(read_model(model), found["places"], found["ranges"])
    pairs = tuple(_comparisons(found["pairs"], outputs, steps))
    return Verification(pairs, found["samples"], data.source if data else None, found["clipped"], seconds)


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
