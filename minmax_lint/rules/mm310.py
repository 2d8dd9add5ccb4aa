"""MM310: range-not-constant."""

from collections.abc import Iterator

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.attribution import Cause, consequences_of
from minmax_lint.rules.framework.drawing import step


class RangeNotConstant(Rule):
    """The min and max of a FakeQuant are computed while the model runs.

    ## What it does
    Reports every FakeQuant of the kept subgraph whose range is no constant: it does not come from a Const or a
    variable, not even through identities and constant arithmetic.

    ## Why
    The training form of a FakeQuant takes its range from the batch it sees. TFLite's scales are constants, so there is
    none for such a range: the FakeQuant gives its array nothing, and stays in the graph as an op.

    ## Symptom
    ```
    'tf.FakeQuantWithMinMaxVars' op is neither a custom op nor a flex op
    'tf.FakeQuantWithMinMaxVarsPerChannel' op : illegal op still exists
    Array ReduceMax, which is an input to the FakeQuant operator producing the output array quant, is lacking min/max data, which is necessary for quantization.
    ```

    ## Fix
    Export the eval graph, in which the ranges are variables, freeze them, and convert that. Where there is none,
    `minmax-lint fix --unsafe-fixes` gives the FakeQuant a constant range that you give or calibrate (`widen`).

    ## Converters
    All abort (error).
    """

    name = "range-not-constant"
    severity = "error"
    fixes = ("widen",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        if subject.causes("MM130"):
            return
        around = subject.coverage.around_computed_ranges
        causes: dict[str, list[Cause]] = {}
        for cause in subject.causes(self.code):
            quant = around.get(cause.node or "") or around.get(cause.array or "") or cause.node or ""
            causes.setdefault(quant, []).append(cause)
        for found in subject.kept_fake_quants:
            if found.constant:
                continue
            own = causes.get(found.node, [])
            bounds = [edge.node for edge in subject.graph[found.node].inputs[1:3]]
            yield self.about_fake_quant(
                subject,
                found,
                own,
                f"the range of {found.node!r} is computed ({', '.join(map(repr, bounds))}), not a constant",
                consequences=consequences_of(own),
                path=(*(step(subject, name) for name in bounds), step(subject, found.node, "missing")),
                advice="Export the eval graph, in which the range is a variable, and freeze it.",
                fix=FixOffer("widen", "unsafe", f"Give {found.node!r} a constant range.", needs_range=True)
                if not found.per_channel
                else None,
            )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(computed=True)), passing=Example(_net(computed=False)))


def _net(*, computed: bool) -> Graph:
    b, x = quantized_input()
    y = b.add("Relu", "relu", b.dense("dense", x, 4, 2))
    low, high = b.const("output/min", 0.0), b.const("output/max", 6.0)
    if computed:
        high = b.add(
            "Max", "output/batch_max", y, b.const("axes", [0, 1], dtype=DType.INT32), keep_dims=False
        )
    b.add("FakeQuantWithMinMaxVars", "output", y, low, high, num_bits=8, narrow_range=False)
    return b.graph()
