"""Compares the arrays inside a .tflite model with those of the graph that have the same names.

A task of minmax_lint/backends/conversion/worker.py, with the request of compare.py. Result: `arrays`, one
{"index": tensor of the model, "max": largest error in real values, "low", "high": range of the graph's values}
for each tensor of the main subgraph whose name, or the end of one, is an array of the graph. The list is empty for a
SavedModel and for graphs with TF1's branches, whose arrays cannot be fetched.
"""

from __future__ import annotations

from typing import Any, Callable, Collection, Mapping

import numpy
from minmax_lint.backends.calibration.tensorflow_graph import FrozenGraph
from minmax_lint.backends.verification.compare import Model, errors_of, feeds_of, graph_of, real_values

_FUSED = frozenset(
    """
    Add AddV2 BatchNormWithGlobalNormalization BiasAdd FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars
    FakeQuantWithMinMaxVarsPerChannel FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 Identity Mul Relu Relu6 Sub
    """.split()
)
"""Ops that become part of the one in front of them."""


def run(tensorflow: Any, request: Mapping[str, Any], announce: Callable[[str], None]) -> dict[str, Any]:
    """Serve one request: how far each array of the model is from the graph's."""
    announce("import")
    graph = graph_of(tensorflow, request["graphs"]["original"], request["inputs"])
    if not isinstance(graph, FrozenGraph) or graph.branches:
        return {"arrays": []}
    inputs = graph.fed(request["aliases"])
    last = list(request["graphs"].values())[-1]["outputs"]
    model = Model(tensorflow, request["model"], inputs, last, request["keys"], inside=True)
    named = _by_name(graph, model.tensors)
    found = {index: _Compared() for index in named}
    announce("run")
    for feed in feeds_of(request, inputs, model):
        values = graph.run(list(named.values()), feed)
        model.run(feed)
        for index, reference in zip(named, values):
            found[index].add(reference, real_values(model.tensor(index), model.tensors[index]))
    return {"arrays": [one.result(index) for index, one in found.items() if one.count]}


class _Compared:
    """One array, over all samples."""

    def __init__(self) -> None:
        self.count = 0
        self._largest, self._low, self._high = 0.0, float("inf"), float("-inf")

    def add(self, reference: Any, value: Any) -> None:
        """One batch; arrays of other sizes are left out: a pass has changed what the name means."""
        reference = numpy.asarray(reference, numpy.float64)
        if reference.size != value.size or not reference.size:
            return
        self.count += 1
        errors = errors_of(reference, numpy.asarray(value, numpy.float64).reshape(reference.shape))
        self._largest = max(self._largest, float(errors.max()))
        self._low = min(self._low, float(reference.min()))
        self._high = max(self._high, float(reference.max()))

    def result(self, index: int) -> dict[str, Any]:
        return {"index": index, "max": self._largest, "low": self._low, "high": self._high}


def _by_name(graph: FrozenGraph, tensors: Mapping[int, Mapping[str, Any]]) -> dict[int, Any]:
    """Index of a tensor of the model -> the graph's tensor that it stands for.

    A converter that inlines functions puts a scope in front of names. What it fuses has one tensor, named after some
    of the ops: its value is that of the last of them, or of one behind that has no tensor of its own.
    """
    computed = graph.computed()
    place = {tensor.name: number for number, tensor in enumerate(computed)}
    by_end: dict[str, list[Any]] = {}
    for tensor in computed:
        parts = tensor.name.split("/")
        for start in range(1, len(parts)):
            by_end.setdefault("/".join(parts[start:]), []).append(tensor)
    matched: dict[int, list[Any]] = {}
    for index, detail in tensors.items():
        for name in detail["name"].split(";"):
            name = name if ":" in name else name + ":0"
            ends = [computed[place[name]]] if name in place else by_end.get(name, [])
            if len(ends) == 1:
                matched.setdefault(index, []).append(ends[0])
    taken = {tensor.name for found in matched.values() for tensor in found}
    return {
        index: _apply_activation(max(found, key=lambda tensor: place[tensor.name]), taken)
        for index, found in matched.items()
    }


def _apply_activation(tensor: Any, taken: Collection[str]) -> Any:
    """The end of the chain that begins with a tensor and that the model has no other tensor of."""
    while True:
        readers = tensor.consumers()
        if len(readers) != 1 or readers[0].type not in _FUSED or readers[0].outputs[0].name in taken:
            return tensor
        tensor = readers[0].outputs[0]
