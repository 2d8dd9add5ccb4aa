"""From what the rules look at to the report: every finding of every rule in one run."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.trace import unknown_variable
from minmax_lint.loaders.endpoints import Endpoints
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.finding import SEVERITIES, Finding, with_fingerprints
from minmax_lint.rules.framework.rule import rules
from minmax_lint.rules.framework.subject import Subject

if TYPE_CHECKING:
    from minmax_lint.loaders.model import Model

TF2_NOTE = "TF2 models are usually converted by from_saved_model or from_keras_model; --converter mlir-v2 predicts that"
"""For the report on a TF2 model that only profiles of the TF1 flow were asked about."""

LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
NO_REPAIR = (
    "Change the model's code: a repair writes the model as one graph, and the converter knows the LSTM layer by its "
    "function alone."
)

Accepts = Callable[[Finding], bool]


def _findings_on(subject: Subject) -> Iterator[Finding]:
    """What every rule finds, rule by rule, in the order of the graph; what calls at one place share, once."""
    for rule in rules():
        if subject.about in rule.about:
            found: dict[object, Finding] = {}
            for one in sorted(rule.check(subject), key=lambda one: _position(subject.graph, one.place)):
                found.setdefault((one.message, one.place), one)
            yield from found.values()


def _without_repair(finding: Finding) -> Finding:
    """The finding where a repair would cost the model its LSTM layer."""
    if finding.fix is None or finding.fix.strategy == "batch":
        return finding
    return replace(finding, fix=None, advice=f"{finding.advice} {NO_REPAIR}".strip())


def _position(graph: Graph, place: str | None) -> int:
    if place is None:
        return -1
    found = graph.positions.get(place)
    if found is None:
        found = graph.positions.get(parse_edge(place).node)
    return -1 if found is None else found


def report_on(
    subject: Subject,
    model: Model,
    ends: Endpoints,
    path: str,
    *,
    accepts: Accepts = lambda finding: True,
    why: str = "",
) -> Report:
    """The report on a subject that was made of this model and these ends: errors first, in the order of the graph.

    `why`: what chose its profiles.
    """
    found = with_fingerprints(_findings_on(subject))
    if model.of_tf2 and any(op.op == LSTM for one in subject.predictions.values() for op in one.ops):
        found = tuple(map(_without_repair, found))
    ordered = sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
    ignored = tuple(finding for finding in ordered if not accepts(finding))
    return Report(
        path,
        model.format,
        ends.inputs,
        tuple(ends.outputs),
        ends.how,
        subject.predictions,
        tuple(filter(accepts, ordered)),
        subject.graph,
        subject.kept,
        note=TF2_NOTE if model.of_tf2 and all(one.flow == "tf1" for one in subject.profiles) else "",
        ignored=ignored,
        left_out={"selection": len(ignored)},
        chosen=why,
        needs_checkpoint=unknown_variable(model.graph, subject.kept) is not None,
        given=subject.given,
    )


@contextmanager
def collection_paused() -> Iterator[None]:
    """Linting makes objects that live to its end; looking for cycles among them takes a quarter of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
