"""MM210: shared-scale-violated."""

import math
from collections.abc import Iterator

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FakeQuant, Range, is_fake_quant, read_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.ops.table import WITHIN_INPUT, row
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.attribution import Cause
from minmax_lint.rules.framework.drawing import around, step
from minmax_lint.rules.framework.ranges import USUAL_BITS, step_of
from minmax_lint.rules.framework.same_scale import disagreeing, reads_raw_input, shared_scale

NUDGED_STEPS = 1.5
"""By so many steps a zero point that is rounded can move a range; what goes beyond it is another range."""


class SharedScaleViolated(Rule):
    """Ops that need one range for all they read and make see different ones.

    ## What it does
    Reports concatenations, poolings, reshapes, minima and the like around which FakeQuants disagree, where a converter
    fails or quantizes an array with a smaller range than its own FakeQuant's, so that values are clipped.

    ## Why
    Such ops copy bytes, so all their arrays share one scale. MLIR takes one of the ranges for all: of a concatenation
    of [-3, 3] and [-6, 6] it takes the first that it meets, and clips the other branch. In some places it finds the
    conflict in its own result, and fails. Of two equal ops MLIR makes one: where their FakeQuants differ, it stays
    float.

    ## Symptom
    ```
    'tfl.concatenation' op quantization parameters violate the same scale constraint
    type of return operand 0 ('tensor<1x4x!quant.uniform<u8:f32, 0.0235>>') doesn't match function result type
    Check failed: input_minmax_1.min == input_minmax_2.min
    ```
    Where values are clipped, no converter says a word.

    ## Fix
    Give all branches the same range in the model code: one FakeQuant behind the concatenation, or FakeQuants that
    share their min and max. Where a converter fails or an op stays float, `minmax-lint fix --unsafe-fixes` gives all
    of them the union of their ranges (`unify`).

    ## Converters
    MLIR and, for select, TOCO abort (error), or clip values (warning). MLIR leaves an op in float (error).
    """

    name = "shared-scale-violated"
    severity = "warning"
    fixes = ("unify",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            where = cause.node or cause.array
            yield self.from_cause(
                subject,
                cause,
                f"{where!r} gets two ranges: its FakeQuant's, and one that the ops behind it share"
                if cause.kind == "raw-consumer"
                else f"the ranges around {where!r} are in conflict: {cause.message.rstrip('.')}",
                path=around(subject, where, "conflict"),
                advice=_advice(subject, cause),
                fix=_union_offer(subject, cause),
            )
        for found in subject.coverage.on_activations:
            clipped = {
                name: used for name, used in _used_ranges(subject, found) if _clips(subject, found, used)
            }
            if clipped:
                used = next(iter(clipped.values()))
                yield self.finding(
                    f"{found.array!r} has the range {found.range}, but is quantized with {used}: values beyond are "
                    "clipped",
                    node=found.node,
                    array=found.array,
                    profiles=tuple(clipped),
                    path=(step(subject, parse_edge(found.array).node), step(subject, found.node)),
                    advice="Ops around it share one scale: give all their arrays the same range.",
                )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(-3, 3)), passing=Example(_net(-5, 5)))


def _union_offer(subject: Subject, cause: Cause) -> FixOffer | None:
    """None where the FakeQuants agree, or one range for them does not help: an input that is read raw has its own."""
    where = cause.node or parse_edge(cause.array or "").node
    if cause.kind != "scale-conflict" or where not in subject.kept:
        return None
    group = shared_scale(subject.inference, where)
    if reads_raw_input(subject.inference, group) or not disagreeing(subject.inference, group):
        return None
    return FixOffer("unify", "unsafe", f"Give the FakeQuants around {where!r} the union of their ranges.")


def _advice(subject: Subject, cause: Cause) -> str:
    where = cause.node or parse_edge(cause.array or "").node
    if where in subject.kept and reads_raw_input(subject.inference, shared_scale(subject.inference, where)):
        return (
            "Read the input through one FakeQuant everywhere, and give the arrays behind it the same range."
        )
    return "Give the arrays in front of and behind it the same range."


def _used_ranges(subject: Subject, found: FakeQuant) -> Iterator[tuple[str, Range]]:
    """Profile name and range, without ranges that are an input's stats: those are not given."""
    for name, prediction in subject.predictions.items():
        ranges = prediction.ranges or {}
        used = ranges.get(found.output) or ranges.get(found.array)
        if used is not None and used not in [ranges.get(array) for array in subject.kept.inputs]:
            yield name, Range(*used)


def _clips(subject: Subject, found: FakeQuant, used: Range) -> bool:
    """Whether values that the FakeQuant lets through, and that the ops in front can give, are lost."""
    given = found.only_range
    if found.degenerate or found.misses_zero or given is None or found.num_bits != USUAL_BITS:
        return False
    limits = _limits(subject, found)
    if limits is None:
        return False
    low, high = max(given.min, limits.min), min(given.max, limits.max)
    slack = NUDGED_STEPS * step_of(*given, narrow=found.narrow_range)
    return used.min > low + slack or used.max < high - slack


def _limits(subject: Subject, found: FakeQuant) -> Range | None:
    """What the ops in front of a FakeQuant can give; None where that is a matter of the input's stats."""
    graph, kept = subject.graph, subject.kept
    node = graph[parse_edge(found.array).node]
    while not kept.is_cut(node.name):
        if is_fake_quant(node.op):
            front = read_fake_quant(graph, node)
            # TOCO prefers an input's stats to its FakeQuant, and those are not given.
            return front.only_range if front.array not in kept.inputs else None
        if node.op not in WITHIN_INPUT or not node.inputs:
            return Range(*(row(node.op).image or (-math.inf, math.inf)))
        node = graph[subject.coverage.value_edge(node).node]
    return None


def _net(low: float, high: float) -> Graph:
    b, x = quantized_input()
    left = b.fake_quant("left/quant", b.dense("left", x, 4, 4), low, high)
    right = b.fake_quant("right/quant", b.dense("right", x, 4, 3), -5, 5)
    axis = b.const("axis", 1, dtype=DType.INT32)
    both = b.add("ConcatV2", "both", left, right, axis, N=2, Tidx=DType.INT32)
    b.fake_quant("output", b.dense("last", both, 7, 2), -4, 4)
    return b.graph()
