"""Which rule reports which cause: every obstacle of the selected profiles goes to exactly one rule.

Rules ask for their own causes (`Subject.causes`), so one root is never reported twice, and nothing that a
converter is stopped by is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from minmax_lint.converters.mlir.legalize.flex_ops import is_flex
from minmax_lint.converters.partition import producers_of
from minmax_lint.converters.prediction import Obstacle, ObstacleDetail, ObstacleKind, OpOutcome, Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.fakequant import FakeQuant
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.trace import Kept
from minmax_lint.rules.framework.coverage import Coverage
from minmax_lint.rules.framework.patterns import batch_norm_at, is_split_activation, scaling_in
from minmax_lint.rules.framework.ranges import USUAL_BITS

LINEAR_OPS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"})
"""TFLite ops into whose weights a batch normalization can be folded."""

LEGACY_OPS = frozenset(
    """
    Dequantize QuantizeV2 QuantizedAdd QuantizedAvgPool QuantizedBatchNormWithGlobalNormalization
    QuantizedBiasAdd QuantizedConcat QuantizedConcatV2 QuantizedConv2D QuantizedConv2DWithBias
    QuantizedConv2DWithBiasAndRelu QuantizedDepthwiseConv2D QuantizedInstanceNorm QuantizedMatMul
    QuantizedMatMulWithBias QuantizedMaxPool QuantizedMul QuantizedRelu QuantizedRelu6 QuantizedReluX
    QuantizedReshape QuantizedResizeBilinear QuantizeDownAndShrinkRange RequantizationRange
    RequantizationRangePerChannel Requantize RequantizePerChannel
    """.split()
)
"""Ops of TensorFlow's first quantization (`transform_graph quantize_nodes`): no TFLite converter reads them."""

CODES: Mapping[ObstacleKind, str] = {
    "training": "MM130",
    "scale-conflict": "MM210",
    "range-not-constant": "MM310",
    "bad-weights": "MM111",
    "unused-input": "MM904",
    "unknown-op": "MM903",
    "control-flow": "MM405",
}
"""Kinds that belong to one rule, whatever the graph looks like."""

PER_CHANNEL = "FakeQuantWithMinMaxVarsPerChannel"
"""TOCO does not know it: to TOCO, the weights behind it are computed, and what reads them is in trouble."""

ABOUT_OPS = frozenset({"MM401", "MM402"})
"""Rules about an op, whatever its result is called after a converter's rewriting."""

GAPS = frozenset({"MM102", "MM110", "MM112", "MM113"})
"""Rules about an array that lacks a range where its op is."""


class Cause(NamedTuple):
    """One root for which some of the selected profiles do not make an integer model."""

    code: str
    """The rule that reports it."""
    array: str | None
    node: str | None
    profiles: tuple[str, ...]
    """Names of the profiles that it is an obstacle of."""
    consequences: tuple[str, ...]
    """Arrays whose ops go float, or fail, because of it; `array` first where it is one of them."""
    message: str
    """The first converter's own sentence about it."""
    kind: ObstacleKind
    """The obstacle of the first converter."""
    detail: ObstacleDetail | None = None
    """Of that obstacle."""

    @property
    def named_array(self) -> str:
        """`array` of a cause that has one, as those about ranges do; ValueError for another."""
        if self.array is None:
            raise ValueError(f"{self.code} at node {self.node!r} names no array: {self.message}")
        return self.array


def profiles_of(causes: Iterable[Cause]) -> tuple[str, ...]:
    """The profiles that have one of these as an obstacle, each once."""
    return tuple(dict.fromkeys(name for cause in causes for name in cause.profiles))


def consequences_of(causes: Iterable[Cause]) -> tuple[str, ...]:
    """The arrays that suffer from one of these, each once."""
    return tuple(dict.fromkeys(name for cause in causes for name in cause.consequences))


def attribute(
    coverage: Coverage, profiles: Iterable[Profile], predictions: Mapping[str, Prediction]
) -> Mapping[str, tuple[Cause, ...]]:
    """Code of a rule -> the causes that it reports, in the order of the graph as far as the converters keep it."""
    merged: dict[tuple[str, str | None], Cause] = {}
    for profile in profiles:
        prediction = predictions[profile.name]
        made_by = {op.output: op for op in prediction.ops}
        for obstacle in _obstacles(prediction, profile, coverage.kept):
            cause = _cause(coverage, obstacle, profile, made_by.get(obstacle.array or ""))
            if prediction.verdict == "undetermined" and obstacle.kind == "other":
                cause = cause._replace(code=CODES["unknown-op"])
            key = (cause.code, cause.node if cause.code in ABOUT_OPS else cause.array or cause.node)
            merged[key] = _merge(merged[key], cause) if key in merged else cause
    by_code: dict[str, list[Cause]] = {}
    for cause in _separate_tails(coverage, _without_lost_gaps(merged)):
        by_code.setdefault(cause.code, []).append(cause)
    return {code: tuple(found) for code, found in by_code.items()}


def _obstacles(prediction: Prediction, profile: Profile, kept: Kept) -> Iterator[Obstacle]:
    """The prediction's own; a float op that none of them explains stands for itself.

    One that reads an explained float op is its consequence. Without ranges every op stays float: that is what was
    asked for, as it is of an op that the call leaves float.
    """
    as_asked = profile.ranges == "none" or prediction.asked_float
    if prediction.verdict == "float" and as_asked:
        return
    yield from (found for found in prediction.obstacles if found.detail != "denied")
    explained = {array for found in prediction.obstacles for array in (found.array, *found.consequences)}
    if prediction.verdict != "float" or all(array in explained for _, array in prediction.float_ops):
        return
    floats = {array for _, array in prediction.float_ops}
    for op, reads in zip(prediction.ops, producers_of(prediction.ops, kept), strict=True):
        if op.output in explained or op.output not in floats or op.integer:
            continue
        if not any(prediction.ops[place].output in explained for place in reads):
            reason = f"{op.op} stays float, and why is not known"
            yield Obstacle("other", op.output, _node_of(op, kept), reason, (op.output,), "unexplained")
        explained.add(op.output)


def _node_of(op: OpOutcome, kept: Kept) -> str:
    """The graph's node that a float op is blamed on: its first that computes."""
    own = [name for name in op.nodes if name in kept and kept.graph[name].inputs]
    return own[0] if own else parse_edge(op.output).node


def _cause(coverage: Coverage, obstacle: Obstacle, profile: Profile, made_by: OpOutcome | None) -> Cause:
    """`made_by`: the op of the converted model that makes the obstacle's array, where it is known."""
    code = _code(coverage, obstacle, profile, made_by)
    array = obstacle.array
    unknown = _per_channel(coverage, obstacle) if profile.engine == "toco" else None
    if unknown is not None:
        return Cause(
            "MM401", unknown, unknown, (profile.name,), obstacle.consequences, obstacle.message, "no-kernel"
        )
    if code in ("MM101", "MM102", "MM103") and array is not None:
        array = coverage.output_behind(array) or array
    return Cause(
        code,
        array,
        obstacle.node,
        (profile.name,),
        obstacle.consequences,
        obstacle.message,
        obstacle.kind,
        obstacle.detail,
    )


def _per_channel(coverage: Coverage, obstacle: Obstacle) -> str | None:
    """The FakeQuant with a range for each channel that an obstacle of TOCO is about."""
    if obstacle.kind not in ("no-range", "no-kernel"):
        return None
    producer = coverage.producer(obstacle.array)
    names = [name for name in (obstacle.node, producer.name if producer is not None else None) if name]
    if producer is None:  # weights that TOCO has turned around
        node = coverage.producer(obstacle.node)
        names += [edge.node for edge in node.inputs] if node is not None else []
    return next((name for name in names if coverage.op(name) == PER_CHANNEL), None)


def _code(coverage: Coverage, obstacle: Obstacle, profile: Profile, made_by: OpOutcome | None) -> str:
    kind, array, node = obstacle.kind, obstacle.array, obstacle.node
    if kind in CODES:
        return CODES[kind]
    if coverage.augmenting and coverage.is_in_augmentation(node):
        return CODES["training"]
    if kind == "raw-consumer":
        return "MM114" if array is not None and coverage.is_read_raw(array) else "MM210"
    if coverage.op(node) in LEGACY_OPS:
        return "MM121"
    if kind == "no-range" and not profile.trained:
        return "MM401"
    if kind == "no-range" and array is not None:
        return _code_of_gap(coverage, array, node, made_by)
    if kind == "no-kernel":
        # MLIR ends where an op is neither a builtin nor one of TensorFlow's.
        builtin = profile.engine == "mlir" and made_by is not None and not is_flex(made_by.op)
        return "MM401" if builtin or coverage.is_builtin(coverage.op(node)) else "MM402"
    if kind == "output" and profile.engine == "toco":
        return "MM103"
    if kind == "output":
        return "MM102" if node in coverage.from_constants else "MM105"
    if kind == "other" and made_by is not None and scaling_in(coverage, made_by.nodes) is not None:
        return "MM112"
    return _code_of_range(kind, coverage.fake_quant_of(array, node))


def _code_of_gap(coverage: Coverage, array: str, node: str | None, made_by: OpOutcome | None) -> str:
    """The rule about an array without range: the most telling pattern around it."""
    producer = coverage.producer(array)
    names = {name for name in (node, producer.name if producer is not None else None) if name is not None}
    if names & coverage.around_computed_ranges.keys():
        return "MM310"
    output = coverage.output_behind(array)
    if output is not None:
        if coverage.fake_quant_outside(output):
            return "MM101"
        if any(map(coverage.fake_quant_outside, coverage.unchanged_from(output))):
            return "MM103"
    if not coverage.fake_quants:
        return "MM120"
    if names & coverage.from_constants:
        return "MM111" if output is None else "MM102"
    if coverage.fake_quant_outside(array):
        return "MM114"
    source = coverage.graph[node] if node is not None and node in coverage.graph else producer
    if is_split_activation(coverage, source):
        return "MM113"
    folded = made_by is not None and made_by.op in LINEAR_OPS
    nodes = () if folded else (*(made_by.nodes if made_by is not None else ()), *sorted(names))
    if batch_norm_at(coverage, array, nodes) is not None:
        return "MM112"
    return "MM110" if output is None else "MM102"


def _code_of_range(kind: ObstacleKind, found: FakeQuant | None) -> str:
    """The rule about a FakeQuant that makes a converter fail; MM403 where none is to blame."""
    if found is not None and found.num_bits != USUAL_BITS:
        return "MM206"
    if found is not None and found.degenerate:
        return "MM205"
    if found is not None and kind == "bad-range":
        return "MM201" if found.misses_zero else "MM401"
    return "MM403"


def _without_lost_gaps(causes: Mapping[tuple[str, str | None], Cause]) -> tuple[Cause, ...]:
    """The causes without gaps at ops that have no quantized form: there a range would not help."""
    found = []
    for (code, _), cause in causes.items():
        hopeless = causes.get(("MM401", cause.node)) if code in GAPS else None
        if hopeless is None or not set(cause.profiles) <= set(hopeless.profiles):
            found.append(cause)
    return tuple(found)


def _separate_tails(coverage: Coverage, causes: Sequence[Cause]) -> Iterator[Cause]:
    """Several gaps behind the last FakeQuant of one output are one root: that tail was not quantized."""
    tails: dict[str, list[Cause]] = {}
    for cause in causes:
        if cause.code in ("MM102", "MM110") and cause.array is not None:
            output = coverage.end_of_tail(cause.array)
            if output is not None:
                tails.setdefault(output, []).append(cause)
    long = {output: found for output, found in tails.items() if len(found) > 1}
    inside = {id(cause) for found in long.values() for cause in found}
    yield from (cause for cause in causes if id(cause) not in inside)
    for output, found in long.items():
        yield Cause(
            "MM104",
            output,
            found[0].array,
            profiles_of(found),
            tuple(
                dict.fromkeys(name for c in found for name in (c.array, *c.consequences) if name is not None)
            ),
            found[0].message,
            found[0].kind,
        )


def _merge(first: Cause, second: Cause) -> Cause:
    return first._replace(
        profiles=profiles_of((first, second)),
        consequences=consequences_of((first, second)),
    )
