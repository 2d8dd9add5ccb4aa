"""MM402: custom-op-in-path."""

from collections.abc import Iterator

from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import around
from minmax_lint.rules.framework.patterns import foreign, select_tf


class CustomOpInPath(Rule):
    """An op between inputs and outputs is no op of TFLite at all.

    ## What it does
    Reports every op of the kept subgraph that neither converter knows: a custom op, or a TensorFlow op that TFLite has
    no builtin for.

    ## Why
    Such an op has no quantized form, and no range passes through it. `allow_custom_ops` lets a float conversion
    through; a quantized one needs integer kernels of yours and ranges on both sides. Where the call allows
    `SELECT_TF_OPS`, an op that the flex delegate has stays an op of TensorFlow, in float: no abort, but a larger
    interpreter.

    ## Symptom
    ```
    Unimplemented: this graph contains an operator of type (Unsupported TensorFlow op: TFLite_Detection_PostProcess) for which the quantized form is not yet implemented.
    error: 'tf.ExtractImagePatches' op is neither a custom op nor a flex op
    ```

    ## Fix
    End the model in front of it (`-o`) and run it outside. TOCO, with `allow_custom_ops`, lets an op through that
    carries the attributes `_output_quantized` and `_output_types`; without it, such an op ends the export.

    ## Converters
    All abort or leave it in float (error).
    """

    name = "custom-op-in-path"
    severity = "error"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            op = subject.coverage.op(cause.node)
            kind = foreign(subject.graph[cause.node]) if op and cause.node else None
            what = "is no op of TFLite: it has no quantized form" if kind is None else kind.what
            advice = "End the model in front of it, and run it outside." if kind is None else kind.advice
            yield self.from_cause(
                subject,
                cause,
                f"{op or 'an op'} {cause.node!r} {what}",
                path=around(subject, cause.node, "custom"),
                advice=advice + (select_tf(op, cause.message) if kind is None or kind.flex else ""),
            )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net("TFLite_Detection_PostProcess")), passing=Example(_net("Relu")))


def _net(op: str) -> Graph:
    b, x = quantized_input()
    b.fake_quant("output", b.add(op, "boxes", x), 0, 1)
    return b.graph()
