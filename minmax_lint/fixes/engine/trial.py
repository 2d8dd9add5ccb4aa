"""Trying a repair: what the selected profiles predict for the graph that it makes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from minmax_lint.converters.prediction import Prediction, Verdict
from minmax_lint.converters.profile import Profile
from minmax_lint.fixes.bounds.sources import RangeSource
from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.fixes.edit.repair import NOTHING, Repair
from minmax_lint.graph.edit import Edit, content_key, edit_graph
from minmax_lint.graph.freeze import freeze_graph
from minmax_lint.graph.layers import IMPLEMENTS
from minmax_lint.graph.names import canonical_array
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.element_types import LOOPS
from minmax_lint.loaders.model import Model
from minmax_lint.rules.framework.model_subject import make_subject
from minmax_lint.rules.framework.subject import Subject

_RANKS: Mapping[Verdict, int] = {"quantized": 0, "float": 1, "undetermined": 2, "abort": 3}
Score = tuple[int, int, int]
"""How far one profile is from converting: rank of the verdict, float ops, obstacles."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A model after a repair, seen by the selected profiles; what these predict is worked out when it is asked for."""

    model: Model
    inputs: Mapping[str, Shape | None]
    outputs: tuple[str, ...]
    profiles: tuple[Profile, ...]
    repair: Repair = NOTHING
    """Everything done so far, as one repair of the original graph."""
    known: dict[Hashable, Trial] = field(default_factory=dict, repr=False)
    """Every trial of the original graph, by what it changes: shared by all of them."""

    def after(self, repair: Repair) -> Trial:
        """The trial of this model with one more repair: one that is known already, where it changes the same."""
        repair = replace(repair, edit=_without_layers(self.model, repair.edit))
        done = self.repair.then(repair)
        outputs = tuple(repair.outputs.get(name, name) for name in self.outputs)
        key = (content_key(done.edit), outputs, done.strategy)
        if key not in self.known:
            model = replace(self.model, graph=edit_graph(self.model.graph, repair.edit))
            inputs = {name: repair.shapes.get(name, shape) for name, shape in self.inputs.items()}
            self.known[key] = replace(self, model=model, inputs=inputs, outputs=outputs, repair=done)
        return self.known[key]

    @cached_property
    def subject(self) -> Subject:
        """The frozen view of the graph, its kept subgraph, and the predictions."""
        return make_subject(self.model, self.inputs, self.outputs, self.profiles)

    @cached_property
    def kept(self) -> Kept:
        """The kept subgraph of the frozen view; nothing is predicted for it."""
        graph = freeze_graph(self.model.graph, self.model.variables)
        return trace(
            graph, {canonical_array(name): shape for name, shape in self.inputs.items()}, self.outputs
        )

    def ranges(self, options: FixOptions) -> RangeSource:
        """Where the range of an array of this graph comes from."""
        return RangeSource(self.subject.inference, options, self.repair)

    @property
    def predictions(self) -> tuple[Prediction, ...]:
        """One for each selected profile, in their order."""
        return tuple(self.subject.predictions[profile.name] for profile in self.profiles)

    @property
    def quantized(self) -> bool:
        """Whether every selected profile converts everything to integer, and after training to what runs."""
        return all(
            found.verdict == "quantized" and not _is_refused(profile, found)
            for profile, found in zip(self.profiles, self.predictions, strict=True)
        )

    @property
    def scores(self) -> tuple[Score, ...]:
        """Where each profile stands; smaller is nearer to a quantized model."""
        return tuple(
            (_rank(profile, found), len(found.float_ops), len(found.obstacles))
            for profile, found in zip(self.profiles, self.predictions, strict=True)
        )

    @property
    def left_behind(self) -> int:
        """Ops that the produced models hold, over all profiles."""
        return sum(len(found.ops) for found in self.predictions)

    def improves(self, before: Trial) -> bool:
        """Whether some profile stands better than `before`, and none worse."""
        return not self.worsens(before) and sum_of(self.scores) < sum_of(before.scores)

    def nearer(self, before: Trial) -> bool:
        """Whether some profile has a better verdict or fewer float ops than `before`, and none is worse."""
        return not self.worsens(before) and sum_of(self.scores)[:2] < sum_of(before.scores)[:2]

    def leaves_less(self, other: Trial) -> bool:
        """Whether this is better than `other`, or as good with fewer ops in the produced models."""
        return self.improves(other) or (self.scores == other.scores and self.left_behind < other.left_behind)

    def gains(self, before: Trial) -> bool:
        """Whether some profile stands better than `before`, whatever the others do."""
        return any(new < old for new, old in zip(self.scores, before.scores, strict=True))

    def worsens(self, before: Trial) -> bool:
        """Whether a profile predicts a worse verdict, or more float ops under the same one."""
        return any(
            new[0] > old[0] or (new[0] == old[0] and new[1] > old[1])
            for new, old in zip(self.scores, before.scores, strict=True)
        )


def _rank(profile: Profile, found: Prediction) -> int:
    """A model that does not run is worse than one with float ops; a training graph comes last."""
    if _is_refused(profile, found):
        return _RANKS["undetermined"]
    return _RANKS[found.verdict] + (found.kind == "training-graph")


def _is_refused(profile: Profile, found: Prediction) -> bool:
    """Whether TFLite's interpreter cannot run the model, and a repair is the way out: uint8 models become int8."""
    return not profile.trained and found.runs is False


def _without_layers(model: Model, edit: Edit) -> Edit:
    """The edit as it is written: one graph, in which no function says of a loop that it is a layer (an LSTM) any more.

    A SavedModel keeps its functions where inputs alone get other shapes (see `writers/flattened.py`).
    """
    layers = [name for name in model.graph.of_ops(LOOPS) if model.graph[name].text(IMPLEMENTS)]
    shapes_alone = edit == Edit(attrs=edit.attrs) and all(
        one.keys() == {"shape"} for one in edit.attrs.values()
    )
    if not layers or not model.of_tf2 or (model.outer is not None and shapes_alone):
        return edit
    plain = {
        name: {**edit.attrs.get(name, {}), IMPLEMENTS: b""} for name in layers if name not in edit.removed
    }
    return replace(edit, attrs={**edit.attrs, **plain})


def sum_of(scores: tuple[Score, ...]) -> Score:
    """The scores of several profiles as one, for comparison: verdicts count first."""
    ranks, floats, obstacles = (sum(column) for column in zip(*scores, strict=True))
    return ranks, floats, obstacles
