"""What rules look at: one graph with its inputs and outputs, and what each converter will do with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.fakequant import FakeQuant, fake_quants
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.inference import Inference
from minmax_lint.graph.trace import Kept

ObstaclesByPlace = Mapping[tuple[str | None, str | None], tuple[tuple[Profile, Obstacle], ...]]


@dataclass(frozen=True)
class Subject:
    """The frozen view of a graph, its kept subgraph, and the predictions of the selected profiles.

    `unknown_inputs` and `unknown_outputs` are names the user gave that the graph does not have; the kept
    subgraph is traced from the outputs that exist.
    """

    graph: Graph
    kept: Kept
    inference: Inference
    profiles: tuple[Profile, ...]
    predictions: Mapping[str, Prediction]
    unknown_inputs: tuple[str, ...] = ()
    unknown_outputs: tuple[str, ...] = ()
    unfrozen: bool = False
    """Whether the source graph has variables."""
    variables_known: bool = True
    """Whether their values are available (a checkpoint, a session)."""

    @cached_property
    def fake_quants(self) -> tuple[FakeQuant, ...]:
        """Every FakeQuant of the whole graph, in file order."""
        return tuple(fake_quants(self.graph))

    @cached_property
    def kept_fake_quants(self) -> tuple[FakeQuant, ...]:
        """Every FakeQuant of the kept subgraph, in file order."""
        return tuple(found for found in self.fake_quants if found.node in self.kept)

    def obstacles(self, *kinds: str) -> ObstaclesByPlace:
        """Obstacles of these kinds by (array, node), over the selected profiles, in first-seen order."""
        grouped: dict[tuple[str | None, str | None], list[tuple[Profile, Obstacle]]] = {}
        for profile in self.profiles:
            for obstacle in self.predictions[profile.name].obstacles:
                if obstacle.kind in kinds:
                    grouped.setdefault((obstacle.array, obstacle.node), []).append((profile, obstacle))
        return {key: tuple(found) for key, found in grouped.items()}
