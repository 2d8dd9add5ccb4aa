"""What a converter model says about a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Verdict = Literal["quantized", "float", "abort", "undetermined"]
AbortKind = Literal["minmax", "unsupported-op", "scale-conflict", "training-graph", "other"]

ObstacleKind = Literal[
    "no-range",  # an array that needs a range has none
    "no-kernel",  # the op has no quantized form in this converter
    "scale-conflict",  # ops that share one scale see different ranges
    "raw-consumer",  # an array is read through a FakeQuant by one consumer and raw by another
    "range-not-constant",  # a FakeQuant whose range is computed
    "bad-range",  # NaN, infinite, degenerate or (for TOCO) zero-missing range
    "bad-weights",  # TOCO's check for two zero bytes close together
    "training",  # training-only ops in the kept subgraph
    "output",  # something about the output arrays themselves (constant, same as an input)
    "unused-input",
    "control-flow",  # an op that keeps its branches as functions, with float values at their borders
    "unknown-op",  # the model does not know the op
    "other",
]


ObstacleDetail = Literal[
    "misfit",  # a node is not imported: its inputs do not fit its op
    "loop-invariant",  # a loop hands on a real-valued argument unchanged
    "tf1-flow",  # TF1's converter alone ends here
    "kept-lists",  # the call keeps lists of tensors
    "uninitialized",  # a variable that nothing initializes
    "open-shape",  # the shape of an input is not known, or not enough of it
    "handle",  # an input is a resource or a variant: a variable that is not frozen
    "inside",  # the range is missed between ops that the converter makes of one node
    "denied",  # the call leaves the op float
    "unexplained",  # an op stays float, and no model knows why
]
"""What rules have words for, of obstacles whose kind is general."""

SHAPE_OPS = frozenset({"RANK", "SHAPE"})
"""TFLite ops that read the shape of an array alone, and none of its values (kernels/shape.cc, kernels/rank.cc)."""


class Obstacle(NamedTuple):
    """One cause for which ops stay float or the conversion fails: a root, not each of its consequences."""

    kind: ObstacleKind
    array: str | None
    """The array concerned, by a name that exists in the source graph."""
    node: str | None
    """The source node concerned: the producer for `no-range`, the op itself for `no-kernel`."""
    message: str
    """One sentence."""
    consequences: tuple[str, ...] = ()
    """Arrays (source names) whose ops go float, or fail, because of this."""
    detail: ObstacleDetail | None = None


class Weights(NamedTuple):
    """The form in which a model with float activations holds the weights of one op."""

    type: Literal["int8", "float16"]
    hybrid: bool = False
    """Whether the kernel multiplies them as they are; else they are dequantized first."""
    per_channel: bool = False


class OpOutcome(NamedTuple):
    """One op of the model that the converter would write."""

    op: str
    """Op name: TFLite's (`CONV_2D`) for both converters."""
    output: str
    """Name of its first output array in the source graph."""
    nodes: tuple[str, ...]
    """The source nodes that became this op."""
    integer: bool
    computes: bool = True
    """False for ops that compute on no real values (shape arithmetic, QUANTIZE, DEQUANTIZE)."""
    macs: int | None = 0
    """Multiply-accumulates of one run; None where shapes are not known."""
    refused: str = ""
    """Why TFLite's interpreter cannot run it; empty where it can."""
    weights: Weights | None = None
    """Of dynamic range and float16: its weights, where they are not plain float32."""


class Placement(NamedTuple):
    """An op that a device leaves to the CPU."""

    op: str
    """TFLite name."""
    output: str
    """Name of its first output array."""
    reason: str
    """Why: half a sentence."""
    behind: tuple[str, ...] = ()
    """Outputs of ops that the device could run, but leaves to the CPU as well because of this one."""


Versions = tuple[tuple[int, int], tuple[int, int]]
"""The first and the last (major, minor) of a span of TensorFlow versions."""
EVERY: Versions = ((0, 0), (99, 0))


def shared_versions(predictions: Iterable[Prediction]) -> Versions:
    """The versions for which all of them hold."""
    spans = [one.versions for one in predictions]
    return max(first for first, _ in spans), min(last for _, last in spans)


@dataclass(frozen=True)
class Prediction:
    """The prediction of one profile for one graph (contract: "Prediction").

    `array`: abort of kind `minmax` only: the array that the converter's own message names.
    `float_ops`: (TFLite op name, output array) of every float op where the verdict is `float`.
    """

    profile: str
    verdict: Verdict
    kind: AbortKind | None = None
    array: str | None = None
    op: str | None = None
    float_ops: Sequence[tuple[str, str]] = ()
    message: str = ""
    """The converter's own message on an abort (without file and line); one explaining sentence otherwise."""
    ops: Sequence[OpOutcome] = field(default=(), repr=False)
    obstacles: tuple[Obstacle, ...] = field(default=(), repr=False)
    """All of them, not only the first: the converter stops at the first, the user should not have to."""
    ranges: Mapping[str, tuple[float, float]] | None = field(default=None, repr=False)
    """Array (source name) -> the range with which the converter quantizes it."""
    runs: bool | None = None
    """Whether TFLite's interpreter can run the model, with its own kernels; None where that is not known."""
    refused: str = ""
    """Where `runs` is False: the interpreter's reason, op first."""
    cpu_ops: tuple[Placement, ...] = ()
    """Of a profile with a device: the ops that it leaves to the CPU."""
    versions: Versions = EVERY
    """Of an MLIR profile: the TensorFlow versions that are known to do the same with this graph."""
    asked_float: bool = False
    """Whether it is float because the call asks for a float model."""

    @property
    def computing(self) -> int:
        """Number of ops that compute on real values."""
        return sum(op.computes for op in self.ops)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all ops, as far as they are known."""
        return sum(op.macs or 0 for op in self.ops)

    @property
    def integer_share(self) -> float | None:
        """Share of computing ops that are integer, 0..1; None where nothing is known."""
        integer = sum(op.computes and op.integer for op in self.ops)
        computing = self.computing
        return integer / computing if computing else None

    @property
    def integer_mac_share(self) -> float | None:
        """Share of multiply-accumulates that are integer, 0..1; None where there are none, or one is not known."""
        return self.mac_share([op for op in self.ops if op.integer])

    def mac_share(self, ops: Iterable[OpOutcome]) -> float | None:
        """Share of all multiply-accumulates that these ops do; None where there are none, or one is not known."""
        total = self.macs
        if not total or any(op.macs is None for op in self.ops):
            return None
        return sum(op.macs or 0 for op in ops) / total

    @property
    def weight_ops(self) -> tuple[OpOutcome, ...]:
        """The ops whose weights are int8 or float16 where activations are float: dynamic range and float16 alone."""
        return tuple(op for op in self.ops if op.weights is not None)

    @property
    def worst_float_op(self) -> OpOutcome | None:
        """The float op that costs most multiply-accumulates; None where no float op has any that are known."""
        costly = [op for op in self.ops if op.computes and not op.integer and op.macs]
        return max(costly, key=lambda op: op.macs or 0, default=None)

    @property
    def computing_float_ops(self) -> Sequence[tuple[str, str]]:
        """The float ops without those that read a shape alone: what reports count and list."""
        return computing(self.float_ops)

    @property
    def float_kinds(self) -> Iterable[tuple[str, int]]:
        """The TFLite names of the float ops, each with how many there are."""
        return Counter(op for op, _ in self.computing_float_ops).items()


def computing(float_ops: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Those of the (op, output) pairs that compute on real values."""
    return tuple((op, output) for op, output in float_ops if op not in SHAPE_OPS)


def abort(profile: str, message: str, *causes: Obstacle) -> Prediction:
    """The abort with a message of the converter that no other kind of abort has."""
    return Prediction(profile, "abort", "other", message=message, obstacles=causes)


def not_imported(profile: str, node: str, message: str) -> Prediction:
    """The abort with TensorFlow's `message` about a node whose inputs do not fit its op."""
    reason = "its inputs do not fit its op; TensorFlow refuses it."
    cause = Obstacle("other", None, node, reason, detail="misfit")
    return abort(profile, message, cause)


def float_message(causes: Sequence[Obstacle], count: int) -> str:
    """The explaining sentence on `count` ops that stay float, or none where an output is float."""
    ops = "One op stays float" if count == 1 else f"{count} ops stay float" if count else "An output is float"
    return f"{ops}: {causes[0].message}" if causes else f"{ops}."
