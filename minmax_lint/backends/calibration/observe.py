"""Runs a graph over data and observes every float array. A task of minmax_lint/backends/conversion/worker.py.

Request: `graph` (frozen GraphDef), `inputs` {name: shape or null}, `outputs`, `aliases` {input: [name]},
`data` and the `folder` it is meant in, `method` ("minmax", "percentile", "moving-average"), `percentile`,
`batch_size`, `limit` (samples, or null). Result: `ranges` {array: [min, max]}, `not_finite` [array],
`not_run` [array in a branch or loop that no sample entered], `functions` [function whose arrays are not seen],
`samples`.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Mapping, Sequence, Tuple, Union

import numpy

from minmax_lint.backends.calibration.feeds import Feed, batches, counted
from minmax_lint.backends.calibration.tensorflow_graph import FrozenGraph
from minmax_lint.backends.conversion.worker import Misuse

DECAY = 0.99
"""Of the moving average: how much a batch counts against the one after it."""

RESERVOIR = 1 << 17
"""Values of one array that a percentile is taken of; where there are more, a random sample of them."""


Look = Tuple[Callable[[Feed], Sequence[Any]], Callable[[], Sequence[bool]]]
"""(values of all arrays for one feed, in the form that the observer adds; which arrays ever had a value)"""


def run(tensorflow: Any, request: Mapping[str, Any], announce: Callable[[str], None]) -> dict[str, Any]:
    """Serve one request: the ranges of all float arrays."""
    announce("import")
    graph = FrozenGraph(tensorflow, request["graph"], request["inputs"], request["outputs"])
    inputs = graph.fed(request["aliases"])
    if not inputs:
        raise Misuse("no input leads to the outputs, so no data can be fed")
    tensors = graph.computed()
    names = [tensor.name[:-2] if tensor.name.endswith(":0") else tensor.name for tensor in tensors]
    observer: Observer
    if request["method"] == "percentile":
        observer = Percentiles(len(tensors), request["percentile"])
    else:
        observer = Extremes(len(tensors), DECAY if request["method"] == "moving-average" else None)
    look = _in_branches if graph.branches else _everywhere
    values, ran = look(tensorflow, graph, tensors, observer)
    announce("run")
    samples, total = 0, [""]
    feeds = batches(
        request["data"],
        inputs,
        request["batch_size"],
        request["limit"],
        folder=request["folder"],
        total=partial(counted, total),
    )
    for done, feed in enumerate(feeds, 1):
        observer.add(values(feed))
        samples += max((len(value) for value in feed.values() if numpy.ndim(value)), default=1)
        announce(f"batch {done}{total[0]}")
    entered = ran()
    ranges = {name: pair for name, pair, seen in zip(names, observer.ranges(), entered) if seen}
    finite = {name: pair for name, pair in ranges.items() if numpy.isfinite(pair).all()}
    return {
        "ranges": {name: [float(low), float(high)] for name, (low, high) in finite.items()},
        "not_finite": [name for name in ranges if name not in finite],
        "not_run": [name for name, seen in zip(names, entered) if not seen],
        "functions": graph.functions,
        "samples": samples,
    }


class Extremes:
    """(min, max) of each array: over all batches, or their moving average without the bias of its start."""

    def __init__(self, count: int, decay: float | None) -> None:
        self._decay = decay
        self._low = numpy.full(count, numpy.inf if decay is None else 0.0)
        self._high = -self._low
        self._weight = numpy.zeros(count)

    def excerpt(self, value: Any) -> Any:
        """What is to be kept of one value until its batch is over."""
        return numpy.array([value.min(), value.max()]) if value.size else value.flatten()

    def of_batch(self, values: Any) -> Any:
        """What `add` wants, of the excerpts of an array's values in one batch."""
        return (values.min(), values.max()) if values.size else (numpy.inf, -numpy.inf)

    def add(self, extremes: Sequence[Sequence[float] | None]) -> None:
        """(min, max) of each array in one batch; None where it had no value."""
        ran = numpy.array([one is not None for one in extremes])
        blank = (numpy.inf, -numpy.inf) if self._decay is None else (0.0, 0.0)
        low, high = numpy.asarray([blank if one is None else one for one in extremes], numpy.float64).T
        if self._decay is None:
            self._low, self._high = numpy.minimum(self._low, low), numpy.maximum(self._high, high)
            return
        old, new = numpy.where(ran, self._decay, 1.0), numpy.where(ran, 1 - self._decay, 0.0)
        self._low, self._high = old * self._low + new * low, old * self._high + new * high
        self._weight = old * self._weight + new

    def ranges(self) -> list[tuple[float, float]]:
        """(min, max) of each array, in their order."""
        weight = numpy.where(self._weight > 0, self._weight, 1.0)
        return list(zip(self._low / weight, self._high / weight))


class Percentiles:
    """The range of each array that leaves the same share of its values out at either end."""

    def __init__(self, count: int, percentile: float) -> None:
        self._percentile = percentile
        self._kept = [numpy.empty(0, numpy.float32) for _ in range(count)]
        self._seen = [0] * count
        self._random = numpy.random.RandomState(0)

    def excerpt(self, value: Any) -> Any:
        """What is to be kept of one value until its batch is over: TensorFlow uses its memory again."""
        return value.flatten()

    def of_batch(self, values: Any) -> Any:
        """What `add` wants, of the excerpts of an array's values in one batch."""
        return values

    def add(self, values: Sequence[Any]) -> None:
        """The values of each array in one batch; None where it had none."""
        for i, value in enumerate(values):
            if value is None:
                continue
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
        """(min, max) of each array, in their order."""
        ends = [100 - self._percentile, self._percentile]
        return [
            tuple(numpy.percentile(kept, ends)) if kept.size else (numpy.inf, -numpy.inf)
            for kept in self._kept
        ]


Observer = Union[Extremes, Percentiles]


def _everywhere(tensorflow: Any, graph: FrozenGraph, tensors: Sequence[Any], observer: Observer) -> Look:
    """Arrays that always have a value. Extremes are computed by TensorFlow: no large array leaves it."""
    fetches = tensors
    if isinstance(observer, Extremes):
        with graph.graph.as_default():
            fetches = [(tensorflow.reduce_min(tensor), tensorflow.reduce_max(tensor)) for tensor in tensors]
    return lambda feed: graph.run(fetches, feed), lambda: [True] * len(tensors)


def _in_branches(tensorflow: Any, graph: FrozenGraph, tensors: Sequence[Any], observer: Observer) -> Look:
    """Arrays that have a value as often as their branch or loop runs: all of one batch count as one."""
    taps = Taps(tensorflow, graph.graph, tensors, observer.excerpt)

    def values(feed: Feed) -> list[Any]:
        graph.run(taps.ops, feed)
        return [observer.of_batch(numpy.concatenate(parts)) if parts else None for parts in taps.taken()]

    return values, lambda: taps.ran


class Taps:
    """An op at each tensor in a branch or loop of TF1 that keeps what `form` makes of its values; `ops` are to be run.

    Such arrays cannot be fetched: their value is there once, often or never. But an op that nothing depends on runs
    wherever, and as often as, its input does: source tensorflow/core/common_runtime/executor.cc.
    """

    def __init__(
        self, tensorflow: Any, graph: Any, tensors: Sequence[Any], form: Callable[[Any], Any]
    ) -> None:
        self._form = form
        self._values: list[list[Any]] = [[] for _ in tensors]
        self.ran = [False] * len(tensors)
        """Which of the tensors ever had a value."""
        with graph.as_default():
            self.ops = [
                tensorflow.compat.v1.py_func(self._keeper(i), [tensor], [], stateful=True)
                for i, tensor in enumerate(tensors)
            ]

    def taken(self) -> list[list[Any]]:
        """What was kept of each tensor since the last time; nothing where it had no value."""
        taken, self._values = self._values, [[] for _ in self._values]
        self.ran = [ran or bool(values) for ran, values in zip(self.ran, taken)]
        return taken

    def _keeper(self, i: int) -> Callable[[Any], None]:
        def keep(value: Any) -> None:
            self._values[i].append(self._form(value))

        return keep
