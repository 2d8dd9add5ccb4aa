"""The steps of a plan: each applies one repair to the obstacles of the selected profiles that it removes."""

from collections.abc import Callable, Iterator, Sequence

from minmax_lint.converters.prediction import ObstacleKind
from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.fixes.edit.repair import CannotRepair
from minmax_lint.fixes.engine.gaps import missing_ranges
from minmax_lint.fixes.engine.trial import Trial
from minmax_lint.fixes.repairs.batch import batch
from minmax_lint.fixes.repairs.merge import merge
from minmax_lint.fixes.repairs.narrow import narrow
from minmax_lint.fixes.repairs.replace import replace
from minmax_lint.fixes.repairs.strip import strip
from minmax_lint.fixes.repairs.unify import unify
from minmax_lint.fixes.repairs.unroll import unroll
from minmax_lint.fixes.repairs.widen import widen
from minmax_lint.graph.names import parse_edge
from minmax_lint.rules.framework.replaceable import is_list_of_lstm

Step = Callable[[Trial, FixOptions], Trial]
"""Changes the graph of a trial. Raises CannotRepair where it does not apply."""

_ROUNDS = 1000
"""Far more conflicts, or ops to write out, than a net has."""


def try_step(trial: Trial, step: Step, options: FixOptions) -> Trial | None:
    """The trial after a step; None where it does not apply."""
    try:
        return step(trial, options)
    except CannotRepair:
        return None


def _one_by_one(trial: Trial, step: Step, options: FixOptions) -> Trial:
    """A step again and again: a converter stops at the first obstacle. Raises CannotRepair where it never applies."""
    trial = step(trial, options)
    for _ in range(_ROUNDS):
        after = try_step(trial, step, options)
        if after is None:
            break
        trial = after
    return trial


def strip_training(trial: Trial, options: FixOptions) -> Trial:
    """The model without ops that are there for training only."""
    return trial.after(strip(trial.model.graph, trial.subject.kept))


def replace_ops(trial: Trial, options: FixOptions) -> Trial:
    """With ops written out that are obstacles of a profile, or that TFLite's interpreter cannot run."""
    return _one_by_one(trial, _replace_next, options)


def _replace_next(trial: Trial, options: FixOptions) -> Trial:
    refused = (op.nodes[-1] for found in trial.predictions for op in found.ops if op.refused and op.nodes)
    nodes = tuple(dict.fromkeys((*_nodes(trial, "no-kernel", "no-range", "other"), *refused)))
    return trial.after(replace(trial.model.graph, trial.subject.inference, nodes, inexact=options.unsafe))


def widen_ranges(trial: Trial, options: FixOptions) -> Trial:
    """With sound ranges for unsound ones; in training graphs, where all are computed, they stay."""
    if _nodes(trial, "training"):
        raise CannotRepair("this is a training graph")
    return trial.after(
        widen(trial.model.graph, trial.subject.kept, trial.subject.inference, trial.ranges(options))
    )


def _narrow(trial: Trial, options: FixOptions) -> Trial:
    return trial.after(
        narrow(trial.model.graph, missing_ranges(trial, ["bad-weights"]), trial.ranges(options))
    )


def _merge(trial: Trial, options: FixOptions) -> Trial:
    """TOCO knows no range for each channel, MLIR none of an activation, nor of weights that it transposes."""
    refused, kept = _nodes(trial, "unknown-op", "no-kernel", "bad-range"), trial.subject.kept
    around = [
        found
        for found in trial.subject.kept_fake_quants
        if found.node in refused or any(use.node in refused for use in kept.uses(found.output))
    ]
    return trial.after(merge(trial.model.graph, around))


def fold_norms(trial: Trial, options: FixOptions) -> Trial:
    """With batch norms folded that are obstacles of a profile, or scale the weights of an op that stays float."""
    from minmax_lint.fixes.repairs.fold import fold

    about = frozenset((*nodes_concerned(trial), *_nodes_of_float_ops(trial)))
    return trial.after(fold(trial.model.graph, trial.subject.inference, about))


def _nodes_of_float_ops(trial: Trial) -> Iterator[str]:
    for found in trial.predictions:
        floats = {array for _, array in found.float_ops}
        for op in found.ops:
            if op.output in floats:
                yield from op.nodes


def _unify(trial: Trial, options: FixOptions) -> Trial:
    """All conflicts. Raises CannotRepair where the first cannot be solved."""
    return _one_by_one(trial, _unify_next, options)


def _unify_next(trial: Trial, options: FixOptions) -> Trial:
    names = [parse_edge(name).node for name in _in_conflict(trial)]
    return trial.after(unify(trial.model.graph, trial.subject.inference, names))


def _in_conflict(trial: Trial) -> Iterator[str]:
    for found in trial.predictions:
        for obstacle in found.obstacles:
            if obstacle.kind == "scale-conflict":
                yield from filter(None, (obstacle.node, obstacle.array))


def _unroll(trial: Trial, options: FixOptions) -> Trial:
    return trial.after(
        unroll(
            trial.model.graph,
            trial.subject.inference,
            tuple(_nodes(trial, "no-range")),
            trial.ranges(options),
        )
    )


def _fix_batch(trial: Trial, options: FixOptions) -> Trial:
    """With a batch of one, where the lists of an LSTM layer have items of an open shape."""
    lists = tuple(name for name in _nodes(trial, "control-flow") if is_list_of_lstm(trial.subject.kept, name))
    return trial.after(batch(trial.model.graph, trial.subject.inference, lists))


def _approximate(trial: Trial, options: FixOptions, *form: str) -> Trial:
    from minmax_lint.fixes.repairs.approximate import approximate

    nodes = _without_form(trial)
    return trial.after(
        approximate(trial.model.graph, trial.subject.inference, nodes, trial.ranges(options), *form)
    )


def not_approximated(trial: Trial, options: FixOptions) -> tuple[str, ...]:
    """Why functions without quantized form stay what they are."""
    nodes = _without_form(trial)
    if not nodes:
        return ()
    from minmax_lint.fixes.repairs.approximate import hindrances

    return tuple(hindrances(trial.subject.inference, nodes, trial.ranges(options)))


def _without_form(trial: Trial) -> tuple[str, ...]:
    """Nodes that have no quantized form, or of which MLIR makes several ops: no FakeQuant reaches what lies between."""
    inside = [
        obstacle.node
        for found in trial.predictions
        for obstacle in found.obstacles
        if obstacle.detail == "inside" and obstacle.node in trial.subject.graph
    ]
    return tuple(dict.fromkeys((*_nodes(trial, "no-kernel", "unknown-op", "other"), *filter(None, inside))))


def _approximate_in_channels(trial: Trial, options: FixOptions) -> Trial:
    from minmax_lint.fixes.repairs.layers import CHANNELS

    return _approximate(trial, options, CHANNELS)


def _nodes(trial: Trial, *kinds: ObstacleKind) -> dict[str, None]:
    """The nodes that obstacles of these kinds name, each once."""
    return dict.fromkeys(
        obstacle.node
        for found in trial.predictions
        for obstacle in found.obstacles
        if obstacle.kind in kinds and obstacle.node is not None and obstacle.node in trial.subject.graph
    )


def nodes_concerned(trial: Trial) -> Iterator[str]:
    """The nodes that any obstacle names."""
    for found in trial.predictions:
        for obstacle in found.obstacles:
            for array in (obstacle.array, *obstacle.consequences):
                if array is not None:
                    yield parse_edge(array).node
            if obstacle.node is not None:
                yield obstacle.node


SAFE: Sequence[Step] = [
    strip_training,
]
"""What changes no value: tried first, and always."""

STEPS: tuple[Step, ...] = (
    *SAFE,
    replace_ops,
    _merge,
    _narrow,
    fold_norms,
    _unify,
    _fix_batch,
    _unroll,
    _approximate,
    _approximate_in_channels,
)
"""What is tried where ranges alone are not enough; what changes values least comes first."""
