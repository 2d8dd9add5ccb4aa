"""The host's side of verification: graphs and a model in, their differences in output steps out."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from minmax_lint.backends.calibration.run import Data
from minmax_lint.backends.conversion.child import DEFAULT_TIME_LIMIT, Child, Watch
from minmax_lint.backends.conversion.run import SavedModel
from minmax_lint.backends.verification.first_error import first_error
from minmax_lint.backends.verification.steps import DEFAULT_THRESHOLD, grids_of, limits_of, steps_of
from minmax_lint.errors import UserError
from minmax_lint.loaders.tflite.file import read_model

Party = Literal["original", "fixed", "model"]
Shapes = Mapping[str, Sequence[int | None] | None]

DEFAULT_SAMPLES = 100


class ModelRefused(UserError):
    """TFLite's interpreter does not run a model; the message is the interpreter's own."""


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
    limit: float = DEFAULT_THRESHOLD
    """The error, in steps, that passes where no threshold is given."""

    def exceeds(self, threshold: float | None) -> bool:
        """Whether the largest error is above the threshold (None: the default)."""
        return self.max_error > (self.limit if threshold is None else threshold)


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
    first_error: str = ""
    """The op of the model at which the error begins, where an output is too far off and that is found."""

    @property
    def worst(self) -> float:
        """Largest error of the model against the original graph, over all outputs, in steps."""
        return max((one.max_error for one in self.of("original", "model")), default=0.0)

    def far_off(self, threshold: float | None = None) -> tuple[Comparison, ...]:
        """The outputs whose error against the original graph is above the threshold, the worst first."""
        found = (one for one in self.of("original", "model") if one.exceeds(threshold))
        return tuple(sorted(found, key=lambda one: -one.max_error))

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
    threshold: float | None = None
    """Largest error that passes, in steps of the output; None: the default of each output."""

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
        model = read_model(self.model)
        steps = steps_of(model, found["places"], found["ranges"])
        limits = limits_of(model, found["places"])
        pairs = tuple(_comparisons(found["pairs"], self.original[1], steps, limits))
        source = self.data.source if self.data else None
        return Verification(pairs, found["samples"], source, found["clipped"], seconds)

    def with_location(self, found: Verification, inside: Mapping[str, Any]) -> Verification:
        """With the op at which the error begins, by what intermediate.py found."""
        begins = first_error(read_model(self.model), inside["arrays"], self.threshold)
        return replace(found, first_error=begins)


def verify(
    parties: Parties,
    *,
    python: str | os.PathLike[str] | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT,
    watch: Watch | None = None,
) -> Verification:
    """Run the original graph, the fixed one and the .tflite model on the same inputs and compare outputs.

    Raises ModelRefused where the interpreter does not run the model, UserError where the data do not fit, or
    TensorFlow cannot run a graph.
    """
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        if watch is not None:
            watch.task("verification")
        child = Child("verification", Path(name), python=python, time_limit=time_limit, watch=watch)
        request = parties.request(Path(name))
        answer = child.answer(request)
        if answer.values.get("exception") == ModelRefused.__name__:
            raise _refusal(answer.values["message"])
        if answer.failure is not None:
            raise UserError(f"the values cannot be compared: {answer.failure.message}")
        found = parties.verification(answer.values, answer.seconds)
        if not found.far_off(parties.threshold):
            return found
        if watch is not None:
            watch.task("looking for where the error begins")
        inside = child.answer({**request, "task": "backends.verification.intermediate"})
    return found if inside.failure is not None else parties.with_location(found, inside.values)


def verify_here(tensorflow: Any, parties: Parties) -> Verification:
    """The same in this process, whose TensorFlow is given: it need not be imported once more."""
    from minmax_lint.backends.verification import compare, intermediate

    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        request = parties.request(Path(name))
        try:
            values = compare.run(tensorflow, request, lambda stage: None)
        except compare.ModelRefused as error:
            raise _refusal(str(error)) from error
        except Exception as error:
            # Whatever TensorFlow or its interpreter says: the model is there, it only cannot be compared.
            raise UserError(f"the values cannot be compared: {' '.join(str(error).split())}") from error
        found = parties.verification(values, time.monotonic() - started)
        if not found.far_off(parties.threshold):
            return found
        try:
            inside = intermediate.run(tensorflow, request, lambda stage: None)
        except Exception:
            # An interpreter that does not keep its tensors: where the error begins is not known then.
            return found
    return parties.with_location(found, inside)


def _refusal(message: str) -> ModelRefused:
    return ModelRefused(f"TFLite's interpreter does not run the model: {' '.join(message.split())}")


def _graph(file: Path, graph: bytes | SavedModel, outputs: Sequence[str]) -> dict[str, Any]:
    """A graph of the request; a frozen one goes to `file`."""
    if isinstance(graph, SavedModel):
        return {**graph.request(), "inputs": dict(graph.inputs), "outputs": list(graph.outputs)}
    file.write_bytes(graph)
    return {"graph": str(file), "outputs": list(outputs)}


def _comparisons(
    pairs: Sequence[Mapping[str, Any]],
    outputs: Sequence[str],
    steps: Sequence[float],
    limits: Sequence[float],
) -> Iterator[Comparison]:
    for pair in pairs:
        for output, step, limit, found in zip(outputs, steps, limits, pair["outputs"], strict=True):
            yield Comparison(
                pair["reference"],
                pair["value"],
                output,
                step,
                found["max"] / step,
                found["mean"] / step,
                found["agreement"],
                limit,
            )
