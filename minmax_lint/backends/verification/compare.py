"""Runs graphs and a .tflite model on the same inputs and measures how their outputs differ.

A task of backends/conversion/worker.py. Request: `graphs` {"original": graph, "fixed": graph} (either may be
missing; a graph is {"graph": path, "outputs": [array]} where it is frozen, else {"saved_model": folder,
"signature": key, "inputs": {array: key}, "outputs": [key]}), `inputs` {name: shape or null}, `aliases`, `keys`
[key of the model's signature, or null, for each output], `model` (path), `grid` {input: [least, step, steps]}
for random values, `data` (null: seeded random inputs), `folder`, `samples`, `batch_size`. Result: `samples`,
`pairs` (see Difference.result), `ranges` ([min, max] of what the first graph computed, by output), `places`
[where the model has each output], `clipped` {input: share of the values that lie more than a step outside what
the model can represent}.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator, Mapping, Sequence

import numpy
from minmax_lint.backends.calibration.feeds import Feed, batches
from minmax_lint.backends.calibration.inputs import Input
from minmax_lint.backends.calibration.tensorflow_graph import FedGraph, FrozenGraph
from minmax_lint.backends.conversion.worker import Misuse
from minmax_lint.backends.verification.served import ServedModel

SEED = 0


def run(tensorflow: Any, request: Mapping[str, Any], announce: Callable[[str], None]) -> dict[str, Any]:
    """Serve one request: the differences of all pairs of models."""
    announce("import")
    graphs = {name: graph_of(tensorflow, one, request["inputs"]) for name, one in request["graphs"].items()}
    first = next(iter(graphs.values()))
    inputs = first.fed(request["aliases"])
    if not inputs:
        raise Misuse("no input leads to the outputs, so there is nothing to compare")
    last = list(request["graphs"].values())[-1]["outputs"]
    model = Model(tensorflow, request["model"], inputs, last, request["keys"])
    announce("run")
    pairs: dict[tuple[str, str], list[Difference]] = {}
    ranges: list[tuple[float, float]] = []
    samples, total = 0, request["samples"]
    for feed in feeds_of(request, inputs, model):
        values = {name: graph.run(graph.outputs, feed) for name, graph in graphs.items()}
        values["model"] = model.run(feed)
        names = list(values)
        for pair in ((a, b) for i, a in enumerate(names) for b in names[i + 1 :]):
            found = pairs.setdefault(pair, [Difference() for _ in values[pair[0]]])
            for difference, reference, value in zip(found, values[pair[0]], values[pair[1]]):
                difference.add(reference, value)
        ranges = _wider(ranges, values[names[0]])
        samples += max((len(feed[one.name]) for one in inputs if one.batched), default=1)
        announce(f"batch {samples} {max(total, samples)}")
    return {
        "samples": samples,
        "pairs": [
            {"reference": a, "value": b, "outputs": [difference.result() for difference in found]}
            for (a, b), found in pairs.items()
        ],
        "ranges": [[float(low), float(high)] for low, high in ranges],
        "places": model.places,
        "clipped": model.clipped(),
    }


def graph_of(
    tensorflow: Any, one: Mapping[str, Any], shapes: Mapping[str, Sequence[int | None] | None]
) -> FedGraph:
    """A graph of the request, ready to run."""
    if "graph" in one:
        return FrozenGraph(tensorflow, one["graph"], shapes, one["outputs"])
    folder, signature = one["saved_model"], one["signature"]
    return ServedModel(tensorflow, folder, signature, one["inputs"], one["outputs"], shapes)


class Difference:
    """How one output of one computation differs from another's, over all samples."""

    def __init__(self) -> None:
        self._largest = self._sum = 0.0
        self._count = self._rows = self._agreeing = 0

    def add(self, reference: Any, value: Any) -> None:
        """One batch of real values; a model may drop dimensions of size one."""
        reference = numpy.asarray(reference, numpy.float64)
        value = numpy.asarray(value, numpy.float64)
        if reference.size != value.size:
            raise Misuse(f"outputs of shapes {list(reference.shape)} and {list(value.shape)} do not compare")
        value = value.reshape(reference.shape)
        errors = errors_of(reference, value)
        if errors.size:
            self._largest = max(self._largest, float(errors.max()))
        self._sum += float(errors.sum())
        self._count += errors.size
        if reference.ndim > 1 and reference.shape[-1] > 1:
            # Quantized values tie where real ones do not: a tie at the top agrees.
            top = numpy.argmax(reference, -1)[..., numpy.newaxis]
            agreeing = numpy.take_along_axis(value, top, -1)[..., 0] == value.max(-1)
            self._rows += agreeing.size
            self._agreeing += int(agreeing.sum())

    def result(self) -> dict[str, Any]:
        """`max` and `mean` error in real values; `agreement` of argmax, null for single numbers."""
        return {
            "max": self._largest,
            "mean": self._sum / max(self._count, 1),
            "agreement": self._agreeing / self._rows if self._rows else None,
        }


def errors_of(reference: Any, value: Any) -> Any:
    """How far values are apart; what is no number, or infinite, in one of them alone is so without end."""
    with numpy.errstate(invalid="ignore"):
        errors = numpy.abs(reference - value)
    alike = (reference == value) | (numpy.isnan(reference) & numpy.isnan(value))
    return numpy.where(alike, 0.0, numpy.where(numpy.isnan(errors), numpy.inf, errors))


class ModelRefused(Exception):
    """TFLite's interpreter does not run the model: a kernel is missing, or does not take the model's types."""


class Model:
    """A .tflite model in TensorFlow's interpreter, with real values at its border."""

    def __init__(
        self,
        tensorflow: Any,
        path: str,
        inputs: Sequence[Input],
        outputs: Sequence[str],
        keys: Sequence[str | None],
        inside: bool = False,
    ) -> None:
        """`inside`: whether every tensor keeps its value, for which no delegate may take part."""
        options = {} if not inside else _inside(tensorflow)
        try:
            self._interpreter = tensorflow.lite.Interpreter(model_path=path, **options)
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise ModelRefused(str(error)) from error
        self._inputs = _match(self._interpreter.get_input_details(), [one.name for one in inputs])
        details = self._interpreter.get_output_details()
        self._outputs = _by_signature(self._interpreter, keys) or list(_match(details, outputs).values())
        indices = [detail["index"] for detail in details]
        self.places = [indices.index(detail["index"]) for detail in self._outputs]
        self._clipped = dict.fromkeys(self._inputs, 0)
        self._fed = dict.fromkeys(self._inputs, 0)

    @property
    def batch_size(self) -> int:
        """How many samples the model takes at once."""
        return next((int(one["shape"][0]) for one in self._inputs.values() if len(one["shape"])), 1)

    def run(self, feed: Feed) -> list[Any]:
        """The outputs as real values."""
        for name, detail in self._inputs.items():
            self._interpreter.set_tensor(detail["index"], self._to_stored(name, feed[name], detail))
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise ModelRefused(str(error)) from error
        return [real_values(self._interpreter.get_tensor(one["index"]), one) for one in self._outputs]

    @property
    def tensors(self) -> dict[int, Mapping[str, Any]]:
        """Index -> detail of every tensor of the main subgraph."""
        return {detail["index"]: detail for detail in self._interpreter.get_tensor_details()}

    def tensor(self, index: int) -> Any:
        """The stored value of a tensor after a run."""
        return self._interpreter.get_tensor(index)

    def clipped(self) -> dict[str, float]:
        """Input -> share of the values fed that the model cannot represent."""
        return {name: count / self._fed[name] for name, count in self._clipped.items() if count}

    def _to_stored(self, name: str, value: Any, detail: Mapping[str, Any]) -> Any:
        scale, zero_point = detail["quantization"]
        value = numpy.asarray(value).reshape(detail["shape"])
        if scale:
            limits = numpy.iinfo(detail["dtype"])
            steps = value / scale + zero_point
            self._clipped[name] += int(((steps < limits.min - 1) | (steps > limits.max + 1)).sum())
            self._fed[name] += steps.size
            value = numpy.clip(numpy.rint(steps), limits.min, limits.max)
        return value.astype(detail["dtype"])


def _inside(tensorflow: Any) -> dict[str, Any]:
    """The interpreter's options that keep the values of all tensors. Raises AttributeError before TF 2.5."""
    resolver = tensorflow.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    return {"experimental_preserve_all_tensors": True, "experimental_op_resolver_type": resolver}


def real_values(value: Any, detail: Mapping[str, Any]) -> Any:
    """What a stored value stands for; whole numbers without a scale stand for themselves."""
    scale, zero_point = detail["quantization"]
    return (value.astype(numpy.float64) - zero_point) * scale if scale else value


def _match(details: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Array -> the model's tensor: by name where all names are there, else by place."""
    by_name = {detail["name"].split(":0")[0]: detail for detail in details}
    if all(name in by_name for name in names):
        return {name: by_name[name] for name in names}
    if len(details) != len(names):
        raise Misuse(f"the model has {len(details)} arrays where {', '.join(names)} were expected")
    return dict(zip(names, details))


def _by_signature(interpreter: Any, keys: Sequence[str | None]) -> list[Mapping[str, Any]]:
    """The model's outputs as its signature names them: a SavedModel's are in any order and have other names.

    Empty where the model has no such signature. TensorFlow 1.15's interpreter knows none.
    """
    for name in interpreter.get_signature_list() if hasattr(interpreter, "get_signature_list") else ():
        details = interpreter.get_signature_runner(name).get_output_details()
        if keys and all(key in details for key in keys):
            return [details[key] for key in keys]
    return []


def feeds_of(request: Mapping[str, Any], inputs: Sequence[Input], model: Model) -> Iterator[Feed]:
    """The samples of the request, in batches of the model's size."""
    one_batch = [
        Input(one.name, one.dtype, one.shape and [model.batch_size, *one.shape[1:]], one.names[2:])
        for one in inputs
    ]
    if request["data"] is not None:
        yield from batches(
            request["data"], one_batch, model.batch_size, request["samples"], folder=request["folder"]
        )
        return
    random = numpy.random.RandomState(SEED)
    for _ in range(-(-request["samples"] // model.batch_size)):
        yield {one.name: _random(one, request["grid"].get(one.name), random) for one in one_batch}


def _random(one: Input, grid: Sequence[float] | None, random: Any) -> Any:
    """Values on the grid of the model's input, so that storing them there costs nothing."""
    if one.shape is None or None in one.shape:
        raise Misuse(f"give input {one.name!r} a shape to make random inputs for: -i {one.name}=1,...")
    if one.dtype.kind != "f":
        return random.randint(0, 2, one.shape).astype(one.dtype)
    least, step, steps = grid or (-1.0, 2.0 / 255, 255)
    return (least + step * random.randint(0, int(steps) + 1, one.shape)).astype(one.dtype)


def _wider(ranges: list[tuple[float, float]], values: Sequence[Any]) -> list[tuple[float, float]]:
    """The ranges widened to hold the values, as far as these are finite."""
    finite = [numpy.asarray(value)[numpy.isfinite(value)] for value in values]
    new = [(float(one.min()), float(one.max())) if one.size else (0.0, 0.0) for one in finite]
    if not ranges:
        return new
    return [(min(a, c), max(b, d)) for (a, b), (c, d) in zip(ranges, new)]
