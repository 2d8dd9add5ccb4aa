"""MM206: num-bits-not-8."""

from collections.abc import Iterator

from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import step
from minmax_lint.rules.framework.ranges import USUAL_BITS


class NumBitsNot8(Rule):
    """A FakeQuant rounds to another number of bits than the converters use.

    ## What it does
    Reports every FakeQuant of the kept subgraph whose `num_bits` is not 8.

    ## Why
    TOCO ignores `num_bits`: all becomes uint8. MLIR takes 5, 6 and 7 bits for 8, refuses an activation of 2 to 4 bits,
    and makes int16 of more than 8, for which most kernels are missing. Either way the model does not compute what the
    training saw.

    ## Symptom
    ```
    'tfl.fully_connected' op operand #0 must be tensor of 32-bit float or QI8 type or QUI8 type or QI16 type values
    ```
    TOCO says nothing.

    ## Fix
    Train with `num_bits=8` (`weight_bits` and `activation_bits` of the rewriter).

    ## Converters
    TOCO and, for 5 to 7 bits, MLIR convert silently (warning). MLIR aborts at 2 to 4 and above 8 bits (error).
    """

    name = "num-bits-not-8"
    severity = "warning"

    def check(self, subject: Subject) -> Iterator[Finding]:
        causes = subject.causes_by_fake_quant(self.code)
        for found in subject.kept_fake_quants:
            if found.num_bits == USUAL_BITS:
                continue
            yield self.about_fake_quant(
                subject,
                found,
                causes.get(found.node, ()),
                f"{found.node!r} rounds to {found.num_bits} bits, but converters quantize to 8",
                path=(step(subject, found.node, "missing", f"{found.num_bits} bits"),),
                advice="Train with num_bits=8.",
            )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(6)), passing=Example(_net(8)))


def _net(num_bits: int) -> Graph:
    b, x = quantized_input()
    b.fake_quant("output", b.dense("dense", x, 4, 2), -4, 4, num_bits=num_bits)
    return b.graph()
