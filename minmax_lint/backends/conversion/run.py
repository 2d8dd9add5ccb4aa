"""Runs a real converter in a child process and turns what happens into data."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from minmax_lint.backends.conversion.child import DEFAULT_TIME_LIMIT, Child, Watch
from minmax_lint.backends.conversion.failure import Failure
from minmax_lint.converters.profile import Flow

Engine = Literal["toco", "mlir"]

DEFAULT_STATS = (128.0, 64.0)
"""(mean, std) of an input without quantized_input_stats: real value = (byte - mean) / std."""


@dataclass(frozen=True, slots=True)
class ConversionResult:
    """What a real converter did with a graph: a model, or a failure."""

    engine: Engine
    flow: Flow
    model: bytes | None
    """The .tflite file; None on a failure."""
    failure: Failure | None
    tensorflow: str | None
    """Version of the TensorFlow that converted; None where it died before it could say."""
    seconds: float
    """Wall time of the child process, TensorFlow's import included."""
    log: str
    """All that TensorFlow wrote to standard error."""
    refused: str = ""
    """What TFLite's interpreter says where it was tried and does not run the model."""

    @property
    def ok(self) -> bool:
        """Whether there is a model."""
        return self.model is not None


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A SavedModel that is converted, or run, as it is: the folder, and one of its signatures."""

    folder: str | os.PathLike[str]
    signature: str
    """Its key."""
    inputs: Mapping[str, str]
    """Input array -> the key that the signature has for it."""
    outputs: tuple[str, ...]
    """The signature's keys, in the order of the output arrays."""
    shapes: Mapping[str, Sequence[int | None]] = field(default_factory=dict)
    """Key -> the input's shape, where that is to be another than the signature's."""

    def request(self) -> dict[str, Any]:
        """The part of the worker's request that names the model."""
        shapes = {key: list(shape) for key, shape in self.shapes.items()}
        return {
            "saved_model": str(Path(self.folder).absolute()),
            "signature": self.signature,
            "shapes": shapes,
        }


def convert_graph(
    graph: bytes | str | os.PathLike[str] | SavedModel,
    inputs: Mapping[str, Sequence[int | None] | None],
    outputs: Sequence[str],
    *,
    engine: Engine = "mlir",
    flow: Flow = "tf1",
    api: Flow | None = None,
    stats: Mapping[str, tuple[float, float]] | None = None,
    flags: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    try_model: bool = False,
    signatures: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
    python: str | os.PathLike[str] | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT,
    watch: Watch | None = None,
) -> ConversionResult:
    """Convert a frozen GraphDef (its bytes, or a path), or a SavedModel, with a real converter.

    `inputs` maps each input array to its shape (None where the graph's own holds; None for an unknown
    dimension). `api`: whose converter is called, that of tf.compat.v1 or TF2's (default: the flow's). `stats` gives
    the (mean, std) of inputs (default: DEFAULT_STATS for each); TF1's converter alone has them. `flags` are set by the
    names of the converter's attributes (default: uint8 in the TF1 flow, else optimizations alone), `data` is its
    representative dataset, as a child reads it (`Data.request`).
    `signatures`: key -> `inputs` and `outputs` (key -> array), where several of a SavedModel become one model.
    `try_model`: whether TFLite's interpreter runs the model once.
    `python` is the interpreter that holds the TensorFlow to use (default: the running one), Python 3.7 or newer.

    A conversion that fails is a result with a `failure`. UserError is raised where no conversion could
    be tried: no such interpreter, no TensorFlow in it, TOCO asked of TensorFlow 2.16 or newer;
    TimeLimitReached after `time_limit` seconds.
    """
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        folder = Path(name)
        stats = dict.fromkeys(inputs, DEFAULT_STATS) if stats is None else stats
        request = {
            **_request(graph, folder, data),
            "inputs": {key: None if shape is None else list(shape) for key, shape in inputs.items()},
            "outputs": list(outputs),
            "engine": engine,
            "flow": flow,
            "api": api or flow,
            "stats": {key: list(pair) for key, pair in stats.items()},
            "model": str(folder / "model.tflite"),
            "try_model": try_model,
            "signatures": signatures or {},
            **({} if flags is None else {"flags": dict(flags)}),
        }
        child = Child("the converter", folder, python=python, time_limit=time_limit, watch=watch)
        answer = child.answer(request)
        model = None if answer.failure else (folder / "model.tflite").read_bytes()
    return ConversionResult(
        engine,
        flow,
        model,
        answer.failure,
        answer.tensorflow,
        answer.seconds,
        answer.log,
        " ".join(str(answer.values.get("refused", "")).split()),
    )


def _request(
    graph: bytes | str | os.PathLike[str] | SavedModel, folder: Path, data: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The part of the worker's request that names the model, and the samples that it is quantized with."""
    samples = {} if data is None else {**data, "task": "backends.calibration.post_training"}
    if not isinstance(graph, SavedModel):
        return {"graph": str(graph_file(graph, folder)), **samples}
    keys = {"keys": dict(graph.inputs)} if samples else {}
    return {**graph.request(), **samples, **keys}


def graph_file(graph: bytes | str | os.PathLike[str], folder: Path) -> Path:
    """Where a child finds the graph: its path, or a file in `folder` with its bytes."""
    if isinstance(graph, bytes):
        path = folder / "graph.pb"
        path.write_bytes(graph)
        return path
    return Path(graph).absolute()
