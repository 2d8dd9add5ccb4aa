"""Runs a graph over data and observes every float array. A task of minmax_lint/conversion/worker.py.

Request: `graph` (frozen GraphDef), `inputs` {name: shape or null}, `outputs`, `aliases` {input: [name]},
`data` and the `folder` it is meant in, `method` ("minmax", "percentile", "moving-average"), `percentile`,
`batch_size`, `limit` (samples, or null). Result: `ranges` {array: [min, max]}, `not_finite` [array],
`samples`.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

import numpy
from minmax_lint.calibration.feeds import batches
from minmax_lint.calibration.tensorflow_graph import FrozenGraph
from minmax_lint.conversion.worker import Misuse

DECAY = 0.99
"""Of the moving average: how much a batch counts against the one after it."""

RESERVOIR = 1 << 17
"""Values of one array that a percentile is taken of; where there are more, a random sample of them."""


def run(tensorflow: Any, request: Mapping[str, Any], announce: Callable[[str], None]) -> dict[str, Any]:
    """Serve one request."""
    announce("import")
    graph = FrozenGraph(tensorflow, request["graph"], request["inputs"], request["outputs"])
    inputs = graph.fed(request["aliases"])
    if not inputs:
        raise Misuse("no input leads to the outputs, so no data can be fed")
    tensors = graph.computed()
    names = [tensor.name[:-2] if tensor.name.endswith(":0") else tensor.name for tensor in tensors]
    observer: Extremes | Percentiles
    if request["method"] == "percentile":
        observer = Percentiles(len(tensors), request["percentile"])
        fetches = tensors
    else:
        observer = Extremes(len(tensors), DECAY if request["method"] == "moving-average" else None)
        fetches = _extremes(tensorflow, graph.graph, tensors)
    announce("run")
    samples = 0
    feeds = batches(
        request["data"], inputs, request["batch_size"], request["limit"], folder=request["folder"]
    )
    for done, feed in enumerate(feeds, 1):
        observer.add(graph.run(fetches, feed))
        samples += max((len(value) for value in feed.values() if numpy.ndim(value)), default=1)
        announce(f"batch {done}")
    ranges = dict(zip(names, observer.ranges()))
    finite = {name: pair for name, pair in ranges.items() if numpy.isfinite(pair).all()}
    return {
        "ranges": {name: [float(low), float(high)] for name, (low, high) in finite.items()},
        "not_finite": [name for name in names if name not in finite],
        "samples": samples,
    }


class Extremes:
    """(min, max) of each array: over all batches, or their moving average without the bias of its start."""

    def __init__(self, count: int, decay: float | None) -> None:
        self._decay = decay
        self._low = numpy.full(count, numpy.inf if decay is None else 0.0)
        self._high = -self._low
        self._weight = 0.0

    def add(self, extremes: Sequence[Sequence[float]]) -> None:
        """(min, max) of each array in one batch."""
        low, high = numpy.asarray(extremes, numpy.float64).T
        if self._decay is None:
            self._low, self._high = numpy.minimum(self._low, low), numpy.maximum(self._high, high)
            return
        self._low, self._high = (
            self._decay * old + (1 - self._decay) * new for old, new in ((self._low, low), (self._high, high))
        )
        self._weight = self._decay * self._weight + (1 - self._decay)

    def ranges(self) -> list[tuple[float, float]]:
        """In the order of the arrays."""
        weight = self._weight or 1.0
        return list(zip(self._low / weight, self._high / weight))


class Percentiles:
    """The range of each array that leaves the same share of its values out at either end."""

    def __init__(self, count: int, percentile: float) -> None:
        self._percentile = percentile
        self._kept = [numpy.empty(0, numpy.float32) for _ in range(count)]
        self._seen = [0] * count
        self._random = numpy.random.RandomState(0)

    def add(self, values: Sequence[Any]) -> None:
        """The values of each array in one batch."""
        for i, value in enumerate(values):
            flat = value.ravel()
            room = RESERVOIR - len(self._kept[i])
            self._kept[i] = numpy.concatenate([self._kept[i], flat[:room]])
            late = flat[room:]
            self._seen[i] += flat.size - late.size
            if late.size:
                self._replace(i, late)

    def _replace(self, i: int, late: Any) -> None:
        """Let every value seen so far be in the sample with the same probability."""
        self._seen[i] += late.size
        count = min(self._random.binomial(RESERVOIR, late.size / self._seen[i]), late.size)
        places = self._random.choice(RESERVOIR, count, replace=False)
        self._kept[i][places] = self._random.choice(late, count, replace=False)

    def ranges(self) -> list[tuple[float, float]]:
        """In the order of the arrays."""
        ends = [100 - self._percentile, self._percentile]
        return [
            tuple(numpy.percentile(kept, ends)) if kept.size else (numpy.inf, -numpy.inf)
            for kept in self._kept
        ]


def _extremes(tensorflow: Any, graph: Any, tensors: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Computed by TensorFlow, so that no large array leaves it."""
    with graph.as_default():
        return [(tensorflow.reduce_min(tensor), tensorflow.reduce_max(tensor)) for tensor in tensors]
