"""MM201: range-misses-zero."""

from collections.abc import Iterator

from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import step
from minmax_lint.rules.framework.ranges import widen


class RangeMissesZero(Rule):
    """A FakeQuant's range does not hold 0, so converters move it.

    ## What it does
    Reports every FakeQuant of the kept subgraph whose min is above 0 or whose max is below 0.

    ## Why
    Zero must have a byte of its own: padding and the zero point need it. TensorFlow's FakeQuant and MLIR *shift* the
    range until it starts or ends at 0 and keep its width: of [2, 6] remains [0, 4], and every value above 4 is
    clipped. TOCO *widens* it to [0, 6]. So the converted model does not compute what the training did.

    ## Symptom
    ```
    fake_quant(123, 12, 123) returns 111
    ```
    TOCO warns; for FakeQuantWithMinMaxArgs it crashes without a message:
    ```
    Aborted (core dumped)
    ```

    ## Fix
    Train with a range that holds 0. `minmax-lint fix --unsafe-fixes` widens it to 0 (`widen`).

    ## Converters
    All convert and give wrong numbers (warning), but TOCO aborts at FakeQuantWithMinMaxArgs (error).
    """

    name = "range-misses-zero"
    severity = "warning"
    fixes = ("widen",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        causes = subject.causes_by_fake_quant(self.code)
        for found in subject.kept_fake_quants:
            if not found.misses_zero:
                continue
            yield self.about_fake_quant(
                subject,
                found,
                causes.get(found.node, ()),
                f"the range {found.range} of {found.node!r} does not hold 0: converters move it, and values are clipped",
                consequences=(found.array,),
                path=(step(subject, found.node),),
                fix=FixOffer("widen", "unsafe", f"Widen the range of {found.node!r} to {widen(found)}."),
            )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(2.0)), passing=Example(_net(0.0)))


def _net(low: float) -> Graph:
    b, x = quantized_input()
    b.fake_quant("output", b.dense("dense", x, 4, 2), low, 6.0)
    return b.graph()
