"""MM202: range-nudged."""

from collections.abc import Iterator

from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject
from minmax_lint.rules.framework.drawing import step
from minmax_lint.rules.framework.ranges import half_step_off


class RangeNudged(Rule):
    """The zero of a range lies between two bytes, so every implementation moves the range a little.

    ## What it does
    Reports the FakeQuants whose zero point falls in the middle between two bytes, as that of every range [-a, a] does:
    there the move is largest, half a step. It is one finding for the graph.

    ## Why
    Zero must be a byte. FakeQuant and converters shift the range until it is: [-1, 1] becomes [-0.996, 1.004] or
    [-1.004, 0.996]. In the middle, rounding decides which; platforms and versions differ, and then the model
    differs from the training by one step.

    ## Symptom
    ```
    range [-1,1] becomes [-0.996,1.0039]
    ```

    ## Fix
    None is needed where half a step does not matter. Else train with a range whose zero is a byte, as [-1, 127/128],
    or with `narrow_range=True`.

    ## Converters
    All convert (info).
    """

    name = "range-nudged"
    severity = "info"

    def check(self, subject: Subject) -> Iterator[Finding]:
        nudged = [quant for quant in subject.kept_fake_quants if half_step_off(quant)]
        if not nudged:
            return
        more = f" and of {len(nudged) - 1} more FakeQuants" if len(nudged) > 1 else ""
        yield self.finding(
            f"the zero of the range {nudged[0].range} of {nudged[0].node!r}{more} lies in the middle between two bytes: "
            "the range is moved by half a step",
            node=nudged[0].node,
            array=nudged[0].array,
            consequences=tuple(quant.array for quant in nudged),
            path=(step(subject, nudged[0].node),),
        )

    def examples(self) -> Examples:
        return Examples(failing=Example.of_range(-4, 4), passing=Example.of_range(-128 / 32, 127 / 32))
