"""MM102: output-without-range."""

from collections.abc import Iterator

from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import NO_RANGE, in_front_of, step
from minmax_lint.rules.framework.finding import insertion


class OutputWithoutRange(Rule):
    """An output has no range, and the graph holds no FakeQuant that could give it one.

    ## What it does
    Reports every output array without range that no FakeQuant quantizes, inside or outside the kept
    subgraph, and whose op cannot take the range of its input.

    ## Why
    Either the rewriter made no FakeQuant, as for a last layer without activation, or the graph was frozen
    *after* it had been cut to the output: `convert_variables_to_constants(..., [output])` prunes the
    FakeQuant that hung behind. In that case nothing is left to repair in this file; the file one step
    earlier still has it.

    ## Symptom
    ```
    Array output does not have MinMax information, and is not a constant array. Cannot proceed with quantization.
    Check failed: output_array.minmax Output array named output lacks minmax
    ```
    MLIR says nothing. The op that makes the output stays float, and so does the output.

    ## Fix
    Go one step back: lint the graph as it was before freezing or pruning (the `.meta` file, the checkpoint, the
    eval graph). If the FakeQuant is there, MM101 repairs it.

    If it never was, change the model code: `output = minmax_lint.guard(output)` before
    `tf.contrib.quantize.create_training_graph` and `create_eval_graph`, train, and export what it returns.

    `minmax-lint fix --unsafe-fixes --ranges ranges.json` inserts a FakeQuant with a range that you know.

    ## Converters
    TOCO aborts (error). MLIR leaves the op that makes the output in float (error).
    """

    name = "output-without-range"
    severity = "error"
    fixes = ("insert",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            output = cause.named_array
            node = parse_edge(output).node
            constant = node in subject.coverage.from_constants
            yield self.from_cause(
                subject,
                cause,
                f"output array {output!r} has no range, and no FakeQuant is left that could give it one"
                if not constant
                else f"output array {output!r} is a constant, which has no range as an output",
                node=node,
                outputs=(output,),
                path=(
                    *in_front_of(subject, output),
                    step(subject, node, "output", f"the output, {NO_RANGE}"),
                ),
                advice=_advice(subject, output),
                fix=None if constant else insertion(repr(output)),
            )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(quantized=False)), passing=Example(_net(quantized=True)))


def _advice(subject: Subject, output: str) -> str:
    guard = "call minmax_lint.guard on it before create_eval_graph, and export what it returns"
    if _looks_pruned(subject):
        return (
            f"Freezing has cut this graph to its outputs: a FakeQuant that hung behind {output!r} went with the "
            f"rest. Go one step back and lint the graph before freezing. Or, in the model code, {guard}."
        )
    return f"In the model code, {guard}."


def _looks_pruned(subject: Subject) -> bool:
    """Whether a rewritten graph holds no more than its outputs need: nothing outside could have survived."""
    graph, kept = subject.graph, subject.kept
    rewritten = any(is_fake_quant(graph.op(name)) for name in kept.order)
    return rewritten and not subject.unfrozen and len(kept) + len(kept.control_only) == len(graph)


def _net(*, quantized: bool) -> Graph:
    b, x = quantized_input()
    y = b.dense("dense" if quantized else "output", x, 4, 2)
    if quantized:
        b.fake_quant("output", y, -4, 4)
    return b.graph()
