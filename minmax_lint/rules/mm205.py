"""MM205: range-degenerate."""

import math
from collections.abc import Iterator

from minmax_lint.graph.fakequant import FakeQuant
from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.attribution import consequences_of
from minmax_lint.rules.framework.drawing import step


class RangeDegenerate(Rule):
    """A FakeQuant's range holds no grid of values: NaN, infinite, empty or turned round.

    ## What it does
    Reports every FakeQuant of the kept subgraph whose min or max is NaN or infinite, or whose min is not below its
    max, and ranges at which a converter's own check fails.

    ## Why
    A training that diverged leaves NaN. A range that was never updated, or a layer that always gives 0, leaves
    [0, 0]. The model that comes out is useless, if one does: MLIR makes a range of 0.000001 out of [0, 0]
    without a word.

    ## Symptom
    NaN and infinity crash MLIR with a segmentation fault (2.15; infinity also 2.21), and NaN crashes TOCO without a
    message:
    ```
    Segmentation fault (core dumped)
    Aborted (core dumped)
    The quantization scale for this array is 0, so all its values should be 0.
    ```

    ## Fix
    Train until every range is sound, or set the range by hand. `minmax-lint fix --unsafe-fixes` widens a finite range.

    ## Converters
    What crashes a converter is an error for it. What it digests is a warning: the numbers are wrong all the same.
    """

    name = "range-degenerate"
    severity = "error"
    fixes = ("widen",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        causes = subject.causes_by_fake_quant(self.code)
        for found in subject.kept_fake_quants:
            if not found.degenerate and found.node not in causes:
                continue
            own = causes.get(found.node, ())
            finite = all(each.finite for each in found.ranges if each.known)
            yield self.about_fake_quant(
                subject,
                found,
                own,
                f"the range {_text(found)} of {found.node!r} {_what(found)}",
                consequences=consequences_of(own),
                path=(step(subject, found.node, "missing", _text(found)),),
                advice="" if finite else "Train until the range is finite, or set it by hand.",
                fix=FixOffer("widen", "unsafe", f"Widen the range of {found.node!r} until it holds values.")
                if finite
                else None,
            )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(math.nan)), passing=Example(_net(6.0)))


def _text(found: FakeQuant) -> str:
    pairs = [pair for pair in found.known_ranges if not pair[0] < pair[1]] or list(found.known_ranges)
    return f"[{pairs[0][0]:.6g}, {pairs[0][1]:.6g}]" if pairs else "[?, ?]"


def _what(found: FakeQuant) -> str:
    bounds = [bound for pair in found.known_ranges for bound in pair]
    if any(map(math.isnan, bounds)):
        return "is not a number: converters crash"
    if any(map(math.isinf, bounds)):
        return "is infinite: converters crash"
    if any(low > high for low, high in found.known_ranges):
        return "is turned round: its min lies above its max"
    return "is empty: no two values can be distinguished"


def _net(high: float) -> Graph:
    b, x = quantized_input()
    hidden = b.fake_quant("hidden", b.add("Relu", "relu", b.dense("dense", x, 4, 4)), min(high, 0.0), high)
    b.fake_quant("output", b.dense("last", hidden, 4, 2), -4, 4)
    return b.graph()
