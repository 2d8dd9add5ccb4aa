"""MM103: output-range-lost-in-collapse."""

from collections.abc import Iterator

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.outside import outside_fake_quants
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.attribution import Cause
from minmax_lint.rules.framework.drawing import NO_RANGE, step
from minmax_lint.rules.framework.finding import Step


class OutputRangeLostInCollapse(Rule):
    """The op that makes an output does nothing: it collapses, and the output is an array without range.

    ## What it does
    Reports outputs made by an identity (`tf.concat` of one value makes one), a reshape, or a stack of one value, where
    the array in front has its FakeQuant beside that op instead of in front of it; and outputs that collapse into an
    input.

    ## Why
    Converters remove an op that does nothing and give its output's name to the array in front. That array's FakeQuant
    leads to no output, so it is thrown away with its range. Where the array in front is an input, the model
    would have one array as input and output, which TOCO refuses.

    ## Symptom
    ```
    Array concat does not have MinMax information, and is not a constant array. Cannot proceed with quantization.
    Check failed: input_array.name() != output_array (input vs. input)The array input is listed in both --input_arrays and --output_arrays.
    ```

    ## Fix
    Let the op read the FakeQuant: `minmax-lint fix` does (`rewire`, safe). Or export the array in front of it, which
    MM101 then repairs.

    ## Converters
    TOCO aborts (error). MLIR leaves the op in front in float (error).
    """

    name = "output-range-lost-in-collapse"
    severity = "error"
    fixes = ("rewire",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            inner = next(
                filter(
                    subject.coverage.fake_quant_outside, subject.coverage.unchanged_from(cause.named_array)
                ),
                None,
            )
            yield self._collapse(subject, cause, inner) if inner else self._listing_twice(subject, cause)

    def _collapse(self, subject: Subject, cause: Cause, inner: str) -> Finding:
        quant = outside_fake_quants(subject.graph, subject.kept, inner)[0].fake_quant.node
        reader = next((use.node for use in subject.kept.uses(inner)), cause.named_array)
        return self.from_cause(
            subject,
            cause,
            f"output {cause.named_array!r} only passes {inner!r} on, around its FakeQuant {quant!r}",
            path=(
                step(subject, parse_edge(inner).node, "missing", NO_RANGE),
                step(subject, parse_edge(cause.named_array).node, "output", "the output"),
                step(subject, quant, "outside"),
            ),
            fix=FixOffer("rewire", "safe", f"Let {reader!r} read {quant!r}."),
        )

    def _listing_twice(self, subject: Subject, cause: Cause) -> Finding:
        path: tuple[Step, ...] = ()
        if parse_edge(cause.named_array).node in subject.graph:
            path = (step(subject, parse_edge(cause.named_array).node, "missing"),)
        return self.from_cause(
            subject,
            cause,
            f"nothing computes between input and output at {cause.named_array!r}: the model is to hold one array as both",
            path=path,
            advice="Export what is computed from the input, and leave the input itself out of the outputs.",
        )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net("relu")), passing=Example(_net("relu/quant")))


def _net(read: str) -> Graph:
    b, x = quantized_input()
    b.fake_quant("relu/quant", b.add("Relu", "relu", b.dense("dense", x, 4, 2)), 0, 6)
    b.add("Identity", "output", read)
    return b.graph()
