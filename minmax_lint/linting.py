"""The core: a loaded model, its endpoints and the profiles in; a report out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.devices import finished_on_device
from minmax_lint.converters.finished import PROFILE, read_off
from minmax_lint.converters.predict import predict
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.errors import UserError
from minmax_lint.explaining import explanations
from minmax_lint.graph.freeze import VARIABLES, CheckpointKeys, frozen
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.inference import Inference
from minmax_lint.graph.names import canonical_array, parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.report import Report
from minmax_lint.rules.finding import SEVERITIES, Finding, with_fingerprints
from minmax_lint.rules.rule import rules
from minmax_lint.rules.subject import Subject

if TYPE_CHECKING:
    from minmax_lint.loaders.model import Model

LEAST = 5_000
"""Nodes from which on it pays to look for repetition."""

TF2_NOTE = "a TF2 model is mostly converted in the TF2 flow: --converter mlir-v2 models that"
"""For the report on a TF2 model that only profiles of the TF1 flow were asked about."""

Accepts = Callable[[Finding], bool]


def make_subject(
    model: Model, inputs: Mapping[str, Shape | None], outputs: Iterable[str], profiles: tuple[Profile, ...]
) -> Subject:
    """Everything the rules look at; the predictions are made here."""
    graph = frozen(model.graph, model.variables)
    inputs = {canonical_array(name): shape for name, shape in inputs.items()}
    outputs = tuple(dict.fromkeys(canonical_array(name) for name in outputs))
    known_inputs = {name: shape for name, shape in inputs.items() if parse_edge(name).node in graph}
    known_outputs = tuple(name for name in outputs if parse_edge(name).node in graph)
    unknown_inputs = tuple(name for name in inputs if name not in known_inputs)
    unknown_outputs = tuple(name for name in outputs if name not in known_outputs)
    kept = trace(graph, known_inputs, known_outputs)
    inference = Inference(kept, known_inputs)
    refused = (*unknown_inputs, *unknown_outputs)
    return Subject(
        graph,
        kept,
        inference,
        profiles,
        _refusals(refused, profiles) if refused else _predictions(model, kept, inference, profiles),
        unknown_inputs,
        unknown_outputs,
        frozenset(model.graph.of_ops(VARIABLES)),
        model.finished,
        checkpoint=model.variables if isinstance(model.variables, CheckpointKeys) else None,
    )


def _refusals(unknown: tuple[str, ...], profiles: tuple[Profile, ...]) -> Mapping[str, Prediction]:
    """What every converter says to names that the graph does not have (lite/python/util.py)."""
    said = f"Invalid tensors {','.join(unknown)!r} were found."
    return {profile.name: Prediction(profile.name, "abort", "other", message=said) for profile in profiles}


def _predictions(
    model: Model, kept: Kept, inference: Inference, profiles: tuple[Profile, ...]
) -> Mapping[str, Prediction]:
    """By profile; of a finished model what it is, and what the selected devices will do with it."""
    if model.finished is None:
        return {profile.name: predict(kept, inference, profile) for profile in profiles}
    devices = {one.name: finished_on_device(model.finished, one) for one in profiles if one.device}
    return {PROFILE: read_off(model.finished), **devices}


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
) -> Report:
    """Lint one model: every finding of every rule in one run, errors first, in graph order.

    `made_from` is the report on the graph that a finished model was made from: it explains float ops.
    `calls` are the calls of the converter that a script or the configuration makes.
    """
    outputs = tuple(outputs)
    with _collection_paused():
        told = None
        if model.finished is None and len(model.graph) >= LEAST:
            told = from_repetition(model, inputs, outputs, profiles, calls)
        if told is None:
            subject = replace(make_subject(model, inputs, outputs, profiles), calls=calls)
            if model.finished is not None and made_from is not None:
                subject = replace(subject, explanations=explanations(model.finished, made_from))
            told = subject, findings_on(subject)
        return report_on(
            told[0],
            model,
            inputs,
            outputs,
            path=path,
            findings=told[1],
            inferred_how=inferred_how,
            accepts=accepts,
        )


def from_repetition(
    model: Model,
    inputs: Mapping[str, Shape | None],
    outputs: tuple[str, ...],
    profiles: tuple[Profile, ...],
    calls: tuple[ConverterCall, ...],
) -> tuple[Subject, Iterable[Finding]] | None:
    """A large graph that repeats itself, and its findings, told from a smaller one; None where that does not hold."""
    from minmax_lint.repetition.whole import of_whole

    graph, variables = frozen(model.graph, model.variables), frozenset(model.graph.of_ops(VARIABLES))

    def subject_of(part: Graph) -> Subject:
        subject = make_subject(replace(model, graph=part), inputs, outputs, profiles)
        return replace(subject, calls=calls, variables=variables)

    try:
        kept = trace(graph, inputs, outputs)
        shapes = {canonical_array(name): shape for name, shape in inputs.items()}
        found = of_whole(graph, kept, shapes, subject_of)
    except UserError:
        # Names that are not there, or a damaged node: said of the whole graph, if it matters there.
        return None
    if found is None:
        return None
    subject = replace(
        found[0],
        graph=graph,
        kept=kept,
        inference=Inference(kept, shapes),
        predictions=found[1].predictions,
    )
    # A checkpoint is compared with the names of all variables.
    return subject, findings_on(subject, found[1].findings if subject.checkpoint is None else None)


def findings_on(subject: Subject, known: Mapping[str, Sequence[Finding]] | None = None) -> Iterator[Finding]:
    """What every rule finds, rule by rule, in the order of the graph.

    `known`: code of a rule -> its findings, for rules that need not look again.
    """
    for rule in rules():
        if known is not None and rule.code in known:
            yield from known[rule.code]
        elif subject.about in rule.about:
            yield from sorted(
                rule.check(subject), key=lambda finding: _position(subject.graph, finding.place)
            )


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
    findings: Iterable[Finding] | None = None,
    inferred_how: str = "",
    accepts: Accepts = lambda finding: True,
) -> Report:
    """The report on a subject that was made of this model, these inputs and outputs.

    `findings`: where they are known already.
    """
    found = with_fingerprints(findings_on(subject) if findings is None else findings)
    ordered = sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
    accepted: list[Finding] = []
    ignored: list[Finding] = []
    for finding in ordered:
        (accepted if accepts(finding) else ignored).append(finding)
    return Report(
        path,
        model.format,
        inputs,
        outputs,
        bool(inferred_how),
        inferred_how,
        subject.predictions,
        tuple(accepted),
        subject.graph,
        subject.kept,
        note=TF2_NOTE if model.of_tf2 and all(one.flow == "tf1" for one in subject.profiles) else "",
        ignored=tuple(ignored),
    )


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Linting makes objects that live to its end; looking for cycles among them takes a quarter of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
