"""What rules look at: one graph with its inputs and outputs, and what each converter will do with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.finished import TFLiteModel
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.fakequant import FakeQuant, fake_quants
from minmax_lint.graph.freeze import CheckpointKeys
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference
from minmax_lint.rules.framework.attribution import Cause, attribute
from minmax_lint.rules.framework.coverage import Coverage
from minmax_lint.rules.framework.finding import Explanation, Severity

About = Literal["graph", "finished"]
Part = Literal["call", "checkpoint", "dataset", "device"]
"""What a lint may be given beside the model."""


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
    variables: frozenset[str] = frozenset()
    """The nodes that are variables in the source graph."""
    finished: TFLiteModel | None = None
    """The .tflite model that the graph shows, where it is one; then there is nothing to predict."""
    explanations: Mapping[str, Explanation] | None = None
    """Tensor of a float op of the finished model -> why; None where its source graph is not known."""
    calls: tuple[ConverterCall, ...] = ()
    """How the converter is called, as far as a script or the configuration says it."""
    checkpoint: CheckpointKeys | None = None
    """The checkpoint that holds the variables, where there is one."""

    @property
    def unfrozen(self) -> bool:
        """Whether the source graph has variables."""
        return bool(self.variables)

    @property
    def profile_names(self) -> tuple[str, ...]:
        """The names of the selected profiles."""
        return tuple(profile.name for profile in self.profiles)

    @property
    def about(self) -> About:
        """Whether rules about graphs or about finished models apply."""
        return "graph" if self.finished is None else "finished"

    @property
    def finished_model(self) -> TFLiteModel:
        """`finished` of a subject about one; ValueError for another."""
        if self.finished is None:
            raise ValueError("the subject is a graph, and no finished model")
        return self.finished

    @property
    def given(self) -> frozenset[Part]:
        """What there is beside the model."""
        there: dict[Part, object] = {
            "call": self.calls,
            "checkpoint": self.checkpoint is not None,
            "dataset": any(call.dataset is not None for call in self.calls),
            "device": any(profile.device for profile in self.profiles),
        }
        return frozenset(part for part, found in there.items() if found)

    @cached_property
    def fake_quants(self) -> tuple[FakeQuant, ...]:
        """Every FakeQuant of the whole graph, in file order."""
        return tuple(fake_quants(self.graph))

    @cached_property
    def kept_fake_quants(self) -> tuple[FakeQuant, ...]:
        """Every FakeQuant of the kept subgraph, in file order."""
        return tuple(found for found in self.fake_quants if found.node in self.kept)

    @cached_property
    def coverage(self) -> Coverage:
        """Facts about where FakeQuants stand."""
        return Coverage(self.kept, self.inference, self.kept_fake_quants)

    @cached_property
    def _causes(self) -> Mapping[str, tuple[Cause, ...]]:
        return attribute(self.coverage, self.profiles, self.predictions)

    def causes(self, code: str) -> tuple[Cause, ...]:
        """What keeps a selected profile from an integer model, as far as rule `code` reports it."""
        return self._causes.get(code, ())

    def causes_by_fake_quant(self, code: str) -> Mapping[str, tuple[Cause, ...]]:
        """Node of a kept FakeQuant -> the causes of rule `code` that stand there."""
        found: dict[str, tuple[Cause, ...]] = {}
        for cause in self.causes(code):
            quant = self.coverage.fake_quant_of(cause.array, cause.node)
            if quant is not None:
                found[quant.node] = (*found.get(quant.node, ()), cause)
        return found

    def severity(self, profiles: Iterable[str], *, otherwise: Severity = "info") -> Severity:
        """How bad an obstacle of these profiles is: what aborts or goes float is an error.

        `otherwise` is for what is no profile's obstacle.
        """
        verdicts = {self.predictions[name].verdict for name in profiles}
        if not verdicts:
            return otherwise
        if verdicts & {"abort", "float"}:
            return "error"
        return "warning" if "undetermined" in verdicts else "info"
