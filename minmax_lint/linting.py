"""The core: a loaded model, its endpoints and the profiles in; a report out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from minmax_lint.converters.predict import predict
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.freeze import VARIABLES, frozen
from minmax_lint.graph.inference import Inference
from minmax_lint.graph.names import canonical_array, parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import trace
from minmax_lint.report import Report
from minmax_lint.rules.finding import SEVERITIES, Finding, with_fingerprints
from minmax_lint.rules.rule import rules
from minmax_lint.rules.subject import Subject

if TYPE_CHECKING:
    from minmax_lint.loaders.model import Model

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
    kept = trace(graph, known_inputs, known_outputs)
    inference = Inference(kept, known_inputs)
    return Subject(
        graph,
        kept,
        inference,
        profiles,
        {profile.name: predict(kept, inference, profile) for profile in profiles},
        tuple(name for name in inputs if name not in known_inputs),
        tuple(name for name in outputs if name not in known_outputs),
        any(op in VARIABLES for op in model.graph.columns.ops),
        model.variables is not None,
    )


def lint_model(
    model: Model,
    inputs: Mapping[str, Shape | None],
    outputs: Iterable[str],
    profiles: tuple[Profile, ...],
    *,
    path: str,
    inferred_how: str = "",
    accepts: Accepts = lambda finding: True,
) -> Report:
    """Lint one model: every finding of every rule in one run, errors first, in graph order."""
    outputs = tuple(outputs)
    with _collection_paused():
        subject = make_subject(model, inputs, outputs, profiles)
        found = with_fingerprints(finding for rule in rules() for finding in rule.check(subject))
    ordered = sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
    return Report(
        path,
        model.format,
        inputs,
        outputs,
        bool(inferred_how),
        inferred_how,
        subject.predictions,
        tuple(finding for finding in ordered if accepts(finding)),
        subject.graph,
        subject.kept,
        tuple(finding for finding in ordered if not accepts(finding)),
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
