"""MM203: range-contradicts-op."""

from collections.abc import Iterator

from minmax_lint.graph.build import Builder
from minmax_lint.graph.fakequant import FakeQuant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.ops.table import row
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject
from minmax_lint.rules.framework.drawing import step

TOLERANCE = 0.05
"""The part of the range that may lie beyond what the op can give: moving averages and nudging go a little over."""


class RangeContradictsOp(Rule):
    """A range has values that the op in front of it never gives.

    ## What it does
    Reports FakeQuants behind an op with a limited result (relu, relu6, sigmoid, softmax, tanh...) whose range goes
    well beyond it, as [-6, 6] behind a relu6.

    ## Why
    The range was never trained, belongs to another layer, or was set by hand. Half of the 256 values are never
    used: one bit of accuracy is lost.

    ## Symptom
    ```
    -5.988 <= q <= 5.989
    ```
    That is what a viewer shows behind a relu.

    ## Fix
    Train until the moving averages have found the range, or set it to what the op can give.

    ## Converters
    All convert (warning): accuracy is lost, nothing fails.
    """

    name = "range-contradicts-op"
    severity = "warning"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for found in subject.kept_fake_quants:
            op = subject.coverage.op(parse_edge(found.array).node)
            excess = beyond_image(found, op)
            if excess > TOLERANCE:
                yield self.finding(
                    f"{excess:.0%} of the range {found.range} of {found.node!r} lies beyond what {op} can give",
                    node=found.node,
                    array=found.array,
                    path=(step(subject, parse_edge(found.array).node), step(subject, found.node)),
                    advice=f"Train until the range is that of the {op}, or set it by hand.",
                )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(-6)), passing=Example(_net(0)))


def beyond_image(found: FakeQuant, op: str) -> float:
    """The share of a range that the op in front never reaches, 0..1; 0 where nothing is known of the op."""
    image = row(op).image
    given = found.only_range
    if image is None or found.degenerate or given is None:
        return 0.0
    low, high = given
    used = max(0.0, min(high, image[1]) - max(low, image[0]))
    return 1 - used / (high - low)


def _net(low: float) -> Graph:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), 0, 1)
    b.fake_quant("output", b.add("Relu6", "relu6", b.dense("dense", x, 4, 2)), low, 6)
    return b.graph()
