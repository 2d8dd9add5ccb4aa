"""From TOCO's answer to a Prediction: the message, all missing ranges with their consequences, the ops."""

import math
from dataclasses import replace

from minmax_lint.converters.prediction import SHAPE_OPS, Obstacle, ObstacleKind, OpOutcome, Prediction
from minmax_lint.converters.toco.failure import NEEDS_CUSTOM, Fatal, MissingRange, NoQuantizedForm
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Operator
from minmax_lint.converters.toco.quantization_util import array_parameters
from minmax_lint.converters.toco.quantize.check_ready import lacks_range
from minmax_lint.converters.toco.tables import CLAMPS, FIXED_RANGE, FORWARD, Version, tflite_name
from minmax_lint.converters.toco.transformations.fakequants import SILENT_ABORT
from minmax_lint.graph.dtype import DType

_HANDS_ON = FORWARD | FIXED_RANGE.keys() | {"AveragePool", "Concatenation", "L2Normalization", "MaxPool"}
_HANDS_ON |= {"Pack", "Reshape", "Select", "Split"}
"""Types whose output would have a range if their input had one."""

FAR = 1e3
"""No activation is expected beyond."""


def missing_ranges(model: Model, operators: list[Operator]) -> list[Obstacle]:
    """Every array without range that no other missing range explains, with the arrays that fail with it."""
    roots: dict[str, list[str]] = {}
    origin: dict[str, str] = {}
    for op in operators:
        for name in op.inputs:
            if lacks_range(model, name) and name not in origin:
                _explain(model, name, roots, origin)
            if name in origin:
                _add(roots[origin[name]], model.arrays[op.output].source)
        for name in op.outputs:
            if lacks_range(model, name) and not _will_go(model, op):
                _explain(model, name, roots, origin)
    return [_obstacle(model, name, consequences) for name, consequences in roots.items()]


def _explain(model: Model, name: str, roots: dict[str, list[str]], origin: dict[str, str]) -> None:
    producer = model.producer(name)
    if producer is not None and (producer.type in _HANDS_ON or _is_guard(model, producer)):
        slots = producer.inputs[1:2] if producer.type == "Split" else producer.inputs
        cause = next((source for source in slots if source in origin), None)
        if cause is not None:
            origin[name] = origin[cause]
            _add(roots[origin[name]], model.arrays[name].source)
            return
    origin.setdefault(name, name)
    roots.setdefault(origin[name], [])


def _limits(model: Model, op: Operator) -> tuple[float, float] | None:
    """The interval to which the last op of a model clamps, where no other op reads it; else None."""
    if model.arrays[op.output].consumers:
        return None
    if op.type in ("Minimum", "Maximum") and len(op.inputs) == 2:
        bound = model.scalar(op.inputs[1])
        if bound is not None:
            return (-math.inf, bound) if op.type == "Minimum" else (bound, math.inf)
    return CLAMPS.get(op.type)


def _will_go(model: Model, op: Operator) -> bool:
    """Whether quantization removes a final clamp, because no byte of its input lies beyond it."""
    limits, source = _limits(model, op), model.arrays[op.inputs[0]] if op.inputs else None
    if limits is None or source is None or source.minmax is None:
        return False
    known = array_parameters(source.minmax, source.narrow_range)
    return known is not None and known.lowest >= limits[0] and known.highest <= limits[1]


def _is_guard(model: Model, op: Operator) -> bool:
    """Whether a final clamp lets everything through that its input could hold: it goes once that has a range."""
    limits = _limits(model, op)
    return limits is not None and limits[0] <= -FAR and limits[1] >= FAR


def _add(consequences: list[str], array: str) -> None:
    if array not in consequences:
        consequences.append(array)


def _obstacle(model: Model, name: str, consequences: list[str]) -> Obstacle:
    array = model.arrays[name]
    producer = model.producer(name)
    reader = f", which {consequences[0]} reads" if consequences else ", an output,"
    return Obstacle(
        "no-range",
        array.source,
        producer.node.name if producer is not None else None,
        f"{array.source}{reader} has no range.",
        tuple(consequences),
    )


def kernel_obstacles(operators: list[Operator], version: Version) -> list[Obstacle]:
    """Every operator without quantized form."""
    return [
        Obstacle(
            "no-kernel",
            op.output,
            op.node.name,
            f"TOCO has no quantized form of {op.node.op if op.type == 'Unsupported' else op.type}.",
            (op.output,),
        )
        for op in operators
        if op.type not in version.quantizable and op.type not in ("Dequantize", "FakeQuant")
    ]


def outcomes(model: Model, operators: list[Operator], version: Version) -> tuple[OpOutcome, ...]:
    """The ops of the model to be written."""
    found = []
    for op in operators:
        arrays = [name for name in (*op.inputs, *op.outputs) if name in model.arrays]
        real = [name for name in arrays if model.arrays[name].dtype is DType.FLOAT]
        integer = op.type in version.quantizable and not any(lacks_range(model, name) for name in real)
        found.append(
            OpOutcome(
                tflite_name(op.type),
                model.arrays[op.output].source if op.output in model.arrays else op.output,
                op.nodes,
                integer,
                op.type != "Dequantize" and tflite_name(op.type) not in SHAPE_OPS and bool(real),
            )
        )
    return tuple(found)


def abort_prediction(
    profile: str, error: Fatal, obstacles: list[Obstacle], ops: tuple[OpOutcome, ...]
) -> Prediction:
    """The prediction of an abort, with every obstacle."""
    made = Prediction(profile, "abort", "other", message=error.message, ops=ops, obstacles=tuple(obstacles))
    if isinstance(error, MissingRange):
        return replace(made, kind="minmax", array=error.array)
    if isinstance(error, NoQuantizedForm):
        named = error.message.partition("operator of type ")[2].partition(" for which")[0]
        return replace(made, kind="unsupported-op", op=named)
    causes = [
        Obstacle(_kind(each.message), each.array, each.node, each.message) for each in (error, *error.next)
    ]
    return replace(made, obstacles=(*causes, *obstacles))


def _kind(message: str) -> ObstacleKind:
    if message.startswith("Bad value"):
        return "bad-weights"
    if message == SILENT_ABORT:
        return "bad-range"
    if message.startswith(NEEDS_CUSTOM):
        return "unknown-op"
    if "listed in both" in message:
        return "output"
    if "mis-matching" in message:
        return "unused-input"
    return "other"
