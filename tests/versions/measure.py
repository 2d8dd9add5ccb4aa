"""The separating graphs through one real converter, and what the models say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from minmax_lint.converters.interpolation import neighbours
from minmax_lint.converters.mlir.pattern import clear_chosen
from minmax_lint.converters.mlir.version import Bounds
from minmax_lint.converters.predict import predict
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import PROFILES, TITLES, Profile
from minmax_lint.converters.releases import LAST_MLIR, dotted
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from minmax_lint.writers.graphdef import encode
from tests.corpus.scoring import detail_right
from tests.differential.forked import Expected, ForkServer
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
        found, output = self.graph.built()
        kept = trace(found, ["input"], [output])
        return predict(kept, Inference(kept, {}), self.profile)

    @property
    def agrees(self) -> bool:
        """Whether the model says the same; what it leaves open is not wrong."""
        said = self.predicted()
        return said.verdict == "undetermined" or detail_right(self.real, said)


def profile_of(tensorflow: str, flow: str) -> Profile:
    """That of a version, or of the newest one known where it is newer, without interpolation."""
    end = f"-{flow}" if flow else ""
    found = PROFILES.get(f"mlir-{tensorflow}{end}", PROFILES[f"mlir-{dotted(LAST_MLIR)}{end}"])
    return found if found.measured else neighbours(found)[-1]


def answers(
    python: Path, tensorflow: str, graphs: Iterable[Separating], flows: Iterable[str] = FLOWS
) -> Iterator[Answer]:
    """Each graph in each flow, converted in a forked child. Raises ValueError where `python` has another TensorFlow."""
    flows = tuple(flows)
    with ForkServer(python) as server:
        if not server.tensorflow.startswith(f"{tensorflow}."):
            raise ValueError(f"{python} has TensorFlow {server.tensorflow}, not {tensorflow}")
        for graph in graphs:
            found, output = graph.built()
            encoded = encode(found)
            for flow in flows:
                profile = profile_of(tensorflow, flow)
                shape = Inference(trace(found, ["input"], [output]), {}).shape("input")
                real = server.answer(profile.name, encoded, {"input": shape}, [output])
                yield Answer(graph, profile, real)


def mended(answer: Answer, graph: Separating) -> bool:
    """Whether the model gives the real answer where the newest version has the other of a pattern or behaviour."""
    return graph.bounds is not None and _with_the_other(graph.bounds, lambda: answer.agrees)


def _with_the_other(bounds: Bounds, ask: Callable[[], bool]) -> bool:
    """Ask while the newest version has what it has not, and the reverse."""
    own = bounds.since, bounds.until
    other = (LAST_MLIR, LAST_MLIR) if not bounds.holds(LAST_MLIR) else ((9, 0), (9, 0))
    try:
        _set(bounds, *other)
        return ask()
    finally:
        _set(bounds, *own)


def _set(bounds: Bounds, since: tuple[int, int], until: tuple[int, int]) -> None:
    object.__setattr__(bounds, "since", since)
    object.__setattr__(bounds, "until", until)
    clear_chosen()
