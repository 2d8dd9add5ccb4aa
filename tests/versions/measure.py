"""The separating graphs through one real converter, and what the models say of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from minmax_lint.backends.conversion.interpreter import tensorflow_version
from minmax_lint.converters.mlir.bounds import Bounds
from minmax_lint.converters.mlir.pattern import by_root
from minmax_lint.converters.predict import predict_alone
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import PROFILES, TITLES, Profile
from minmax_lint.converters.releases import LAST_MLIR, Number, dotted
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from minmax_lint.writers.graphdef import encode
from tests.corpus.scoring import detail_right
from tests.differential.batch import Asked, answers_of
from tests.differential.forked import Expected
from tests.versions.separating import Separating

FLOWS = ("", *TITLES)
"""The calls, as in the profiles' names; empty for the TF1 flow."""


@dataclass(frozen=True)
class Answer:
    """What a real converter did with one separating graph."""

    graph: Separating
    profile: Profile
    """The one that models the converter, or that of the newest version known."""
    real: Expected

    def predicted(self) -> Prediction:
        """What the model says now."""
        found, output = self.graph.built(floating=not self.profile.trained)
        kept = trace(found, ["input"], [output])
        return predict_alone(kept, Inference(kept, {}), self.profile)

    @property
    def agrees(self) -> bool:
        """Whether the model says the same; what it leaves open is not wrong."""
        prediction = self.predicted()
        return prediction.verdict == "undetermined" or detail_right(self.real, prediction)


def profile_of(tensorflow: str, flow: str) -> Profile:
    """That of a version, or of the newest one known where it is newer."""
    end = f"-{flow}" if flow else ""
    return PROFILES.get(f"mlir-{tensorflow}{end}", PROFILES[f"mlir-{dotted(LAST_MLIR)}{end}"])


def answers(
    python: Path, tensorflow: str, graphs: Iterable[Separating], flows: Iterable[str] = FLOWS
) -> Iterator[Answer]:
    """Each graph in each flow, converted in a forked child; without FakeQuants where ranges are calibrated.

    Raises ValueError where `python` has another TensorFlow.
    """
    installed = tensorflow_version(python)
    if installed is None or dotted(installed) != tensorflow:
        raise ValueError(f"{python} has TensorFlow {installed and dotted(installed)}, not {tensorflow}")
    profiles = [profile_of(tensorflow, flow) for flow in flows]
    pairs = [(graph, profile) for graph in graphs for profile in profiles]
    asked = []
    for graph, profile in pairs:
        found, output = graph.built(floating=not profile.trained)
        shapes = {"input": found["input"].attrs["shape"]}  # an open batch stays open
        asked.append(Asked(profile.name, encode(found), shapes, [output]))
    for (graph, profile), real in zip(pairs, answers_of(python, asked), strict=True):
        yield Answer(graph, profile, real)


def mended(answer: Answer, graph: Separating) -> bool:
    """Whether the model gives the real answer where the version has the other of a pattern, behaviour or row."""
    bounds, version = graph.bounds, answer.profile.version
    own = bounds.since, bounds.until, bounds.lacking
    try:
        _set(bounds, *((LAST_MLIR, (0, 0), ()) if bounds.holds(version) else ((0, 0), (9, 0), ())))
        return answer.agrees
    finally:
        _set(bounds, *own)


def _set(bounds: Bounds, since: Number, until: Number, lacking: tuple[Number, ...]) -> None:
    for name, value in (("since", since), ("until", until), ("lacking", lacking)):
        object.__setattr__(bounds, name, value)
    by_root.cache_clear()
