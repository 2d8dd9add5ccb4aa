"""The core: a loaded model, its endpoints and the profiles in; a report out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import unknown_variable
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.finding import SEVERITIES, Finding, with_fingerprints
from minmax_lint.rules.framework.model_subject import make_subject
from minmax_lint.rules.framework.rule import rules
from minmax_lint.rules.framework.subject import Subject
from minmax_lint.workflows.choice import Choice
from minmax_lint.workflows.explain import explanations

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


def lint_model(
    model: Model,
    inputs: Mapping[str, Shape | None],
    outputs: Iterable[str],
    profiles: tuple[Profile, ...],
    *,
    path: str,
    inferred_how: str = "",
    accepts: Accepts = lambda finding: True,
    made_from: Report | None = None,
    calls: tuple[ConverterCall, ...] = (),
    chosen: Choice | None = None,
) -> Report:
    """Lint one model: every finding of every rule in one run, errors first, in graph order.

    `made_from` is the report on the graph that a finished model was made from: it explains float ops.
    `calls` are the calls of the converter that a script or the configuration makes; `chosen` says which of them
    chose which of the profiles.
    """
    outputs = tuple(outputs)
    with collection_paused():
        subject = replace(
            make_subject(model, inputs, outputs, profiles, chosen.calls_by_profile if chosen else {}),
            calls=calls,
        )
        if model.finished is not None and made_from is not None:
            subject = replace(subject, explanations=explanations(model.finished, made_from))
        return report_on(
            subject,
            model,
            inputs,
            outputs,
            path=path,
            inferred_how=inferred_how,
            accepts=accepts,
            why=chosen.why if chosen else "",
        )


def findings_on(subject: Subject) -> Iterator[Finding]:
    """What every rule finds, rule by rule, in the order of the graph."""
    for rule in rules():
        if subject.about in rule.about:
            yield from sorted(
                rule.check(subject), key=lambda finding: _position(subject.graph, finding.place)
            )


def _without_repair(finding: Finding) -> Finding:
    """The finding where a repair would cost the model its LSTM layer."""
    if finding.fix is None or finding.fix.strategy == "batch":
        return finding
    return replace(finding, fix=None, advice=f"{finding.advice} {NO_REPAIR}".strip())


def _position(graph: Graph, place: str | None) -> int:
    if place is None:
        return -1
    found = graph.find(place)
    if found is None:
        found = graph.find(parse_edge(place).node)
    return -1 if found is None else found


def report_on(
    subject: Subject,
    model: Model,
    inputs: Mapping[str, Shape | None],
    outputs: tuple[str, ...],
    *,
    path: str,
    inferred_how: str = "",
    accepts: Accepts = lambda finding: True,
    why: str = "",
) -> Report:
    """The report on a subject that was made of this model, these inputs and outputs."""
    found = with_fingerprints(findings_on(subject))
    if model.of_tf2 and any(op.op == LSTM for one in subject.predictions.values() for op in one.ops):
        found = tuple(map(_without_repair, found))
    ordered = sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
    shown: list[Finding] = []
    ignored: list[Finding] = []
    for finding in ordered:
        (shown if accepts(finding) else ignored).append(finding)
    return Report(
        path,
        model.format,
        inputs,
        outputs,
        bool(inferred_how),
        inferred_how,
        subject.predictions,
        tuple(shown),
        subject.graph,
        subject.kept,
        note=TF2_NOTE if model.of_tf2 and all(one.flow == "tf1" for one in subject.profiles) else "",
        ignored=tuple(ignored),
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
