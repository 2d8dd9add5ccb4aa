"""The host's side of calibration: data and a graph in, a range for each array out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from minmax_lint.backends.conversion.child import DEFAULT_TIME_LIMIT, Child, Watch
from minmax_lint.backends.conversion.interpreter import checked_interpreter
from minmax_lint.backends.conversion.run import graph_file
from minmax_lint.errors import UserError

Method = Literal["minmax", "percentile", "moving-average"]
METHODS: tuple[Method, ...] = get_args(Method)
"""minmax: the extremes over all data; percentile: without the outermost values; moving-average: of the
batches' extremes, as training with FakeQuant keeps it (decay 0.99)."""


@dataclass(frozen=True)
class Data:
    """The user's data, and how to read it."""

    source: str
    """An `.npz` or `.npy` file, a folder of them, a TFRecord file of tf.train.Example, or `module:function`
    (`file.py:function`) that yields feeds. The function is called twice: its first feed is looked at before
    TensorFlow starts."""
    batch_size: int = 16
    """Samples to run at once, where the graph does not fix it."""
    limit: int | None = None
    """Samples to use; None is all of them."""
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Input array -> further names under which the data may hold it, such as a signature's keys."""

    def request(self) -> dict[str, Any]:
        """The part of the worker's request that names the data."""
        return {
            "data": self.source,
            "folder": os.getcwd(),
            "aliases": {name: list(keys) for name, keys in self.aliases.items()},
            "batch_size": self.batch_size,
            "limit": self.limit,
        }


@dataclass(frozen=True)
class Calibration:
    """The ranges that were observed, and the arrays without one."""

    ranges: Mapping[str, tuple[float, float]]
    """Array -> (min, max), for every float32 array that depends on an input; inputs included."""
    not_finite: tuple[str, ...]
    """Arrays that took NaN or infinite values, or none at all: they have no range."""
    samples: int
    seconds: float
    unobserved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Why TensorFlow gave out no value -> the arrays of which it gave none."""


def calibrate(
    graph: bytes | str | os.PathLike[str],
    inputs: Mapping[str, Sequence[int | None] | None],
    outputs: Sequence[str],
    data: Data,
    *,
    method: Method = "minmax",
    percentile: float = 99.99,
    python: str | os.PathLike[str] | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT,
    watch: Watch | None = None,
) -> Calibration:
    """Run a frozen GraphDef over the data and observe its arrays.

    The graph runs as it is, its FakeQuants included, so ranges are those behind quantized arrays.
    `percentile` (above 50, at most 100) counts for the method of that name. Raises UserError where the data
    cannot be read or do not fit the inputs, or TensorFlow cannot run the graph.
    """
    if not 50 < percentile <= 100:
        raise UserError(f"the percentile {percentile:g} is not above 50 and at most 100; 99.99 is usual")
    checked_interpreter(python)
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        folder = Path(name)
        child = Child("calibration", folder, python=python, time_limit=time_limit, watch=watch)
        answer = child.answer(
            {
                "task": "backends.calibration.observe",
                "graph": str(graph_file(graph, folder)),
                "inputs": {key: None if shape is None else list(shape) for key, shape in inputs.items()},
                "outputs": list(outputs),
                "method": method,
                "percentile": percentile,
                **data.request(),
            }
        )
    if answer.failure is not None:
        raise UserError(f"TensorFlow cannot run the graph over {data.source}: {answer.failure.message}")
    return Calibration(
        {array: (low, high) for array, (low, high) in answer.values["ranges"].items()},
        tuple(answer.values["not_finite"]),
        answer.values["samples"],
        answer.seconds,
        dict(_arrays_without_range(answer.values)),
    )


def _arrays_without_range(found: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if found["not_run"]:
        yield "no sample entered their branch or loop", tuple(found["not_run"])
    if found["functions"]:
        reason = "TensorFlow does not show what the functions of If, While and Case compute"
        yield reason, tuple(f"all of function {name}" for name in found["functions"])
