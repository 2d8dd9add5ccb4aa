"""A prediction beside the real converter's answer, on one generated graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from minmax_lint.api import lint
from minmax_lint.converters.predict import predict_alone
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import PROFILES
from minmax_lint.inference.inference import Inference
from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode
from tests.corpus.scoring import detail_right, verdict_right
from tests.corpus_maker.post_training import without_ranges
from tests.corpus_maker.program import Built, Program, build
from tests.differential.forked import Expected, ForkServer, multiset

Outcome = Literal["agrees", "disagrees", "undetermined", "unstable"]
LAYOUTS = {"disagrees": 6, "undetermined": 24}
"""Outcome -> runs, each with another layout of the heap, until the converter answers otherwise. UNPACK with unread
results gets integer in one run of six."""


@dataclass(frozen=True)
class Comparison:
    """What came of one graph under one profile."""

    program: Program
    profile: str
    outcome: Outcome
    """`undetermined`: the model does not say, and the converter always answers the same."""
    expected: Expected
    prediction: Prediction

    @property
    def same_verdict(self) -> bool:
        """Whether at least the verdict is right."""
        return verdict_right(self.expected, self.prediction)

    @property
    def kind(self) -> tuple[object, ...]:
        """What a smaller graph must share to show the same thing."""
        real = (self.expected["verdict"], self.expected.get("kind"))
        return self.outcome, *real, self.prediction.verdict, self.prediction.kind


class Comparer:
    """Real converters by interpreter, started when they are needed and kept."""

    def __init__(self, interpreters: dict[tuple[int, int], Path]) -> None:
        self.interpreters = interpreters
        """TensorFlow version -> Python that has it."""
        self._servers: dict[Path, ForkServer] = {}

    def __enter__(self) -> Comparer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.close()

    def compare(self, program: Program, profile: str) -> Comparison:
        """Predict, convert, and convert again where the two differ. Raises NotApplicable as `built_for` does."""
        built = built_for(program, profile)
        prediction = predicted(built, profile)
        answer = self.answer(built, profile)
        if detail_right(answer, prediction):
            return Comparison(program, profile, "agrees", answer, prediction)
        outcome: Outcome = "undetermined" if prediction.verdict == "undetermined" else "disagrees"
        again = (self.answer(built, profile, layout) for layout in range(1, LAYOUTS[outcome]))
        if any(multiset(other) != multiset(answer) for other in again):
            outcome = "unstable"
        return Comparison(program, profile, outcome, answer, prediction)

    def answer(self, built: Built, profile: str, layout: int = 0) -> Expected:
        """What the real converter does, with this layout of its heap."""
        python = self.interpreters[PROFILES[profile].version]
        if python not in self._servers:
            self._servers[python] = ForkServer(python)
        server, graph = self._servers[python], encode(built.graph)
        return server.answer(profile, graph, built.inputs, built.outputs, layout, runs=False)


def built_for(program: Program, profile: str) -> Built:
    """The graph that a profile converts: without FakeQuants where the ranges come from elsewhere.

    Raises NotApplicable as `build` and `without_ranges` do.
    """
    return build(program) if PROFILES[profile].trained else without_ranges(program)


def predicted(built: Built, profile: str) -> Prediction:
    """What the model of that release says; users get its neighbours' answer as long as it is not measured."""
    model = parse(encode(built.graph))
    report = lint(model, inputs=built.inputs, outputs=built.outputs, converters=[profile])
    if PROFILES[profile].measured:
        return report.predictions[profile]
    return predict_alone(report.trace, Inference(report.trace, report.inputs), PROFILES[profile])
