"""MM204: range-looks-untrained."""

from collections.abc import Iterator

from minmax_lint.graph.fakequant import FakeQuant
from minmax_lint.graph.names import parse_edge
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject
from minmax_lint.rules.framework.drawing import step
from minmax_lint.rules.framework.ranges import INITIAL
from minmax_lint.rules.mm203 import TOLERANCE, beyond_image

SHARED_BY = 4
"""So many FakeQuants have one and the same range by chance hardly ever."""

NATURAL = frozenset({(0.0, 1.0), (0.0, 6.0), (-1.0, 1.0)})
"""Ranges that activations have by nature, and that many layers may share."""


class RangeLooksUntrained(Rule):
    """Ranges look as if no training had touched them: the rewriter's start value, or one value for all.

    ## What it does
    Reports activations and weights with the range [-6, 6], with which the rewriters start (measured with contrib.quantize:
    weights start there, and activations behind a Relu6 at [0, 6]), and a range that four FakeQuants of activations or
    more share. It is one finding for each such range.

    ## Why
    The checkpoint was not restored, the ranges were not among the restored variables, the training was over before
    `quant_delay`, or its UPDATE_OPS never ran. The model converts without a word, and its results are coarse.

    ## Symptom
    None: converters take every range. A viewer shows the same numbers behind every layer.

    ## Fix
    Restore the checkpoint of the quantized training before export; run UPDATE_OPS in training; train beyond
    `quant_delay`.

    ## Converters
    All convert (warning).
    """

    name = "range-looks-untrained"
    severity = "warning"

    def check(self, subject: Subject) -> Iterator[Finding]:
        by_range: dict[tuple[float, float], list[FakeQuant]] = {}
        for found in _suspects(subject):
            by_range.setdefault((found.lows[0], found.highs[0]), []).append(found)
        for bounds, alike in by_range.items():
            initial, count = bounds == INITIAL, len(alike)
            if not initial and count < SHARED_BY:
                continue
            who = repr(alike[0].node) + (f" and {count - 1} more FakeQuants" if count > 1 else "")
            what = "with which rewriters start" if initial else "which no training gives so many layers"
            yield self.finding(
                f"{who} {'has' if count == 1 else 'have'} the range {alike[0].range}, {what}",
                node=alike[0].node,
                array=alike[0].array,
                consequences=tuple(found.array for found in alike),
                path=(step(subject, alike[0].node),),
                advice="Restore the checkpoint of the quantized training before export, and run UPDATE_OPS in training.",
            )

    def examples(self) -> Examples:
        return Examples(failing=Example.of_range(-6, 6), passing=Example.of_range(-3.71, 4.02))


def _suspects(subject: Subject) -> list[FakeQuant]:
    """The FakeQuants of activations whose ranges are sound, and not such as many layers share by nature.

    Of weights those with the start value: trained weights have the range of their own numbers.
    """
    on_weights = (one for one in subject.kept_fake_quants if one.node in subject.coverage.from_constants)
    return [
        *(found for found in subject.coverage.on_activations if _is_unexplained(subject, found)),
        *(found for found in on_weights if (found.lows[:1] + found.highs[:1]) == INITIAL),
    ]


def _is_unexplained(subject: Subject, found: FakeQuant) -> bool:
    """Whether a range is sound, not one by nature, and no other rule has a word for it."""
    given = found.only_range
    if given is None or found.degenerate or given in NATURAL:
        return False
    return beyond_image(found, subject.coverage.op(parse_edge(found.array).node)) <= TOLERANCE
