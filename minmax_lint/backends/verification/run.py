"""The host's side of verification: graphs and a model in, their differences in output steps out."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from minmax_lint.backends.calibration.run import Data
from minmax_lint.backends.conversion.child import DEFAULT_TIME_LIMIT, Child, Watch
from minmax_lint.backends.conversion.run import SavedModel
from minmax_lint.backends.verification.steps import grids_of, steps_of
from minmax_lint.errors import UserError
from minmax_lint.loaders.tflite.file import read_model

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


@dataclass(frozen=True)
class Parties:
    """What is run on the same inputs, and on how many."""

    original: tuple[bytes | SavedModel, Sequence[str]]
    """A frozen GraphDef, or a SavedModel, and its output arrays."""
    fixed: tuple[bytes | SavedModel, Sequence[str]] | None
    """The same repaired; None where nothing was."""
    model: bytes
    """The .tflite file."""
    inputs: Shapes
    keys: Sequence[str | None] = ()
    """Under which a signature of the model knows the outputs."""
    data: Data | None = None
    """None: seeded random inputs, on the grid of the model's own."""
    samples: int = DEFAULT_SAMPLES
    """At most so many."""

    def request(self, folder: Path) -> dict[str, Any]:
        """What compare.py needs; graphs and model become files in `folder`."""
        graphs: dict[Party, tuple[bytes | SavedModel, Sequence[str]]] = {"original": self.original}
        if self.fixed is not None:
            graphs["fixed"] = self.fixed
        (folder / "model.tflite").write_bytes(self.model)
        return (self.data or Data("")).request() | {
            "task": "backends.verification.compare",
            "graphs": {party: _graph(folder / f"{party}.pb", *graph) for party, graph in graphs.items()},
            "inputs": {key: None if shape is None else list(shape) for key, shape in self.inputs.items()},
            "keys": list(self.keys),
            "model": str(folder / "model.tflite"),
            "grid": grids_of(read_model(self.model), self.inputs),
            "samples": self.samples,
            "data": self.data.source if self.data else None,
        }

    def verification(self, found: Mapping[str, Any], seconds: float) -> Verification:
        """What compare.py found, in steps."""
        steps = steps_of(read_model(self.model), found["places"], found["ranges"])
        pairs = tuple(_comparisons(found["pairs"], self.original[1], steps))
        source = self.data.source if self.data else None
        return Verification(pairs, found["samples"], source, found["clipped"], seconds)


def verify(
    parties: Parties,
    *,
    python: str | os.PathLike[str] | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT,
    watch: Watch | None = None,
) -> Verification:
    """Run the original graph, the fixed one and the .tflite model on the same inputs and compare outputs.

    Raises UserError where the data do not fit, or TensorFlow cannot run a graph or the model.
    """
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        child = Child("verification", Path(name), python=python, time_limit=time_limit, watch=watch)
        answer = child.answer(parties.request(Path(name)))
    if answer.failure is not None:
        raise UserError(f"the values cannot be compared: {answer.failure.message}")
    return parties.verification(answer.values, answer.seconds)


def verify_here(tensorflow: Any, parties: Parties) -> Verification:
    """The same in this process, whose TensorFlow is given: it need not be imported once more."""
    from minmax_lint.backends.verification.compare import run

    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        request = parties.request(Path(name))
        try:
            found = run(tensorflow, request, lambda stage: None)
        except Exception as error:
            # Whatever TensorFlow or its interpreter says: the model is there, it only cannot be compared.
            raise UserError(f"the values cannot be compared: {' '.join(str(error).split())}") from error
    return parties.verification(found, time.monotonic() - started)


def _graph(file: Path, graph: bytes | SavedModel, outputs: Sequence[str]) -> dict[str, Any]:
    """A graph of the request; a frozen one goes to `file`."""
    if isinstance(graph, SavedModel):
        return {**graph.request(), "inputs": dict(graph.inputs), "outputs": list(graph.outputs)}
    file.write_bytes(graph)
    return {"graph": str(file), "outputs": list(outputs)}


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
