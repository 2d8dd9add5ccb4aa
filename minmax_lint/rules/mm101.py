"""MM101: output-fakequant-outside."""

from collections.abc import Iterator, Sequence

from minmax_lint.converters.mlir.legalize.legalize_patterns import legalized_to
from minmax_lint.converters.mlir.tables import FIXED
from minmax_lint.converters.training import assigned_variable
from minmax_lint.graph.build import Builder
from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.outside import OutsideFakeQuant, agree, outside_fake_quants
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import NO_RANGE, in_front_of, step
from minmax_lint.rules.framework.finding import Step
from minmax_lint.rules.mm130 import are_strippable, training_ops

FIXED_RANGE = legalized_to(FIXED)
"""Ops whose result has a range of its own in every converter."""


class OutputFakeQuantOutside(Rule):
    """The FakeQuant of an output comes after the output, where no converter reads it.

    ## What it does
    Reports every output array that a FakeQuant reads, directly or through ops that change no value, while
    no output depends on that FakeQuant. The converter keeps what lies between inputs and outputs, both
    included, and throws the FakeQuant away together with its range.

    Where a converter has the output's range from elsewhere, as behind a softmax, it is only an info.

    ## Why
    `tf.contrib.quantize` hangs a FakeQuant behind the last activation. In a classifier a softmax or another
    op reads it, so it stays. In a regression net the activation itself is exported, and its FakeQuant goes.
    TOCO then aborts. MLIR is worse: it succeeds, and the last op stays float, with a float output.

    ## Symptom
    ```
    Array output does not have MinMax information, and is not a constant array. Cannot proceed with quantization.
    Check failed: output_array.minmax Output array named output lacks minmax
    ```
    MLIR says nothing. The converted model has a float32 output.

    ## Fix
    `minmax-lint fix` does one of two things, whichever converts everywhere and leaves least behind:
    `retarget` makes the FakeQuant itself the output, under the output's name; `guard` puts a minimum with a
    bound that no value reaches behind the FakeQuant. Both are safe.

    In the model code: `output = minmax_lint.guard(output)` before the quantization rewrite, in the training
    program and in the export program, and export what it returns.

    ## Converters
    TOCO aborts (error). MLIR leaves the op that makes the output in float (error).
    """

    name = "output-fakequant-outside"
    severity = "error"
    fixes = ("retarget", "guard")

    def check(self, subject: Subject) -> Iterator[Finding]:
        broken = {cause.array: cause for cause in subject.causes(self.code)}
        training = [name for name, found in subject.predictions.items() if found.kind == "training-graph"]
        unjudged = training + [
            name
            for name, found in subject.predictions.items()
            if found.verdict == "abort" and not found.obstacles
        ]
        for output in subject.kept.outputs:
            outside = outside_fake_quants(subject.graph, subject.kept, output)
            op = subject.graph.op(parse_edge(output).node)
            cause = broken.get(output)
            if not outside or (cause is None and is_fake_quant(op)):
                continue
            profiles: Sequence[str] = cause.profiles if cause is not None else ()
            if op not in FIXED_RANGE:
                # A converter that fails before it comes to the output will miss its range afterwards.
                profiles = [*profiles, *unjudged]
            healed = cause is not None or (training and _range_is_strippable(subject, outside))
            offer = _offer(subject, output, outside) if healed else None
            yield self.finding(
                f"output array {output!r} is cut off in front of its FakeQuant, which no converter reads"
                + ("" if profiles else "; the output has a range all the same"),
                severity=subject.severity(profiles),
                node=outside[0].fake_quant.node,
                array=output,
                outputs=(output,),
                profiles=tuple(profiles),
                consequences=cause.consequences if cause is not None else (),
                path=_drawing(subject, output, outside[0], judged=bool(profiles)),
                advice=_advice(output, outside) if profiles and offer is None else "",
                fix=offer,
            )

    def examples(self) -> Examples:
        return Examples(
            failing=Example(_net().graph()),
            passing=Example(_net().graph(), {"input": (1, 4)}, ("output/quant",)),
        )


def _offer(subject: Subject, output: str, outside: Sequence[OutsideFakeQuant]) -> FixOffer | None:
    doubt = "" if _range_is_strippable(subject, outside) else _doubt(outside)
    if doubt or subject.kept.is_cut(parse_edge(output).node):
        return None
    edge = parse_edge(output)
    shared = sum(parse_edge(name).node == edge.node for name in subject.kept.outputs) > 1
    if edge.port or shared:
        return FixOffer("retarget", "safe", "Make the FakeQuant an output, under a new name.")
    return FixOffer("retarget", "safe", f"Make the FakeQuant the output, under the name {output!r}.")


def _range_is_strippable(subject: Subject, outside: Sequence[OutsideFakeQuant]) -> bool:
    """Whether these FakeQuants of a training graph read variables as their ranges, once strip has been there."""
    graph = subject.graph
    ranges = [edge for one in outside for edge in graph[one.fake_quant.node].inputs[1:3]]
    assigned = [assigned_variable(graph, edge) for edge in ranges]
    return (
        bool(ranges)
        and len(outside) == 1
        and not outside[0].fake_quant.per_channel
        and all(edge is not None and graph.op(edge.node) == "Const" for edge in assigned)
        and are_strippable(subject, training_ops(subject))
    )


def _doubt(outside: Sequence[OutsideFakeQuant]) -> str:
    """Why the range of the FakeQuant behind an output cannot be used as it is; empty where it can."""
    nearest = outside[0].fake_quant
    if nearest.per_channel:
        return (
            f"{nearest.node} has a range for each channel: quantize the output with FakeQuantWithMinMaxVars."
        )
    if not nearest.constant:
        return f"The range of {nearest.node} is computed: export an eval graph, where it is a constant."
    if not agree(outside):
        ranges = ", ".join(f"{f.fake_quant.node} {f.fake_quant.range}" for f in outside)
        return f"Several FakeQuants disagree about its range: {ranges}. Keep one."
    return ""


def _drawing(subject: Subject, output: str, outside: OutsideFakeQuant, *, judged: bool) -> tuple[Step, ...]:
    """The way from what is kept through the output to its FakeQuant outside."""
    note = f"the output, {NO_RANGE}" if judged else "the output"
    return (
        *in_front_of(subject, output),
        step(subject, parse_edge(output).node, "output", note),
        *(step(subject, name, "outside") for name in (*outside.through, outside.fake_quant.node)),
    )


def _advice(output: str, outside: Sequence[OutsideFakeQuant]) -> str:
    return _doubt(outside) or (
        f"In the model code, call minmax_lint.guard on {output!r} before the quantization rewrite, and export what it "
        "returns."
    )


def _net() -> Builder:
    b, x = quantized_input()
    y = b.add("Relu6", "output", b.dense("dense", x, 4, 2))
    b.fake_quant("output/quant", y, 0, 6)
    return b
