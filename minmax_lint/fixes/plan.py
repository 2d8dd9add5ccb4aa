"""The plan of a fix: which repairs are tried, in which order, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from minmax_lint.converters.prediction import ObstacleKind
from minmax_lint.fixes.approximate import WRITTEN_OUT, approximate, hindrances
from minmax_lint.fixes.choice import repaired_outputs
from minmax_lint.fixes.fold import fold
from minmax_lint.fixes.freeze import freeze
from minmax_lint.fixes.gaps import filled, missing
from minmax_lint.fixes.layers import CHANNELS, COLUMN
from minmax_lint.fixes.merge import merge
from minmax_lint.fixes.narrow import narrow
from minmax_lint.fixes.options import FixOptions
from minmax_lint.fixes.repair import CannotRepair
from minmax_lint.fixes.replace import replace
from minmax_lint.fixes.rewire import rewire
from minmax_lint.fixes.sources import RangeSource
from minmax_lint.fixes.strip import strip
from minmax_lint.fixes.trial import Trial
from minmax_lint.fixes.unify import unify
from minmax_lint.fixes.widen import widen
from minmax_lint.graph.names import parse_edge

Step = Callable[[Trial, FixOptions], Trial]
"""Changes the graph of a trial. Raises CannotRepair where it does not apply."""


def planned(trial: Trial, options: FixOptions) -> tuple[Trial, tuple[str, ...]]:
    """The repairs that bring the selected profiles nearest to a quantized model, and what was refused.

    Safe repairs come first. Each step is kept only where the models predict that it helps a profile and
    makes none worse; a graph that every profile converts is not touched. All is tried again until nothing
    helps any more: fixing the result once more would change nothing.
    """
    done, refused = _once(trial, options)
    while done is not trial and not done.quantized:
        trial = done
        done, refused = _once(trial, options)
    if options.freeze and done.subject.unfrozen:
        done = done.after(freeze(done.model.graph, done.model.variables, done.outputs))
    return done, refused


def _once(trial: Trial, options: FixOptions) -> tuple[Trial, tuple[str, ...]]:
    start = _taken(trial, _strip, options)
    trial, refused = _safe(start, options)
    replaced = None if trial.quantized else _after(start, _replace, options)
    if replaced is not None:
        candidate, left = _safe(replaced, options)
        if candidate.nearer(trial):
            trial, refused = candidate, left
    if options.unsafe:
        trial = _widened(trial, options)
        trial = trial if trial.quantized else _unsafe(trial, options)
    return trial, refused


def _taken(trial: Trial, step: Step, options: FixOptions) -> Trial:
    """The trial after a step, if that is better."""
    after = None if trial.quantized else _after(trial, step, options)
    return after if after is not None and after.improves(trial) else trial


def _safe(trial: Trial, options: FixOptions) -> tuple[Trial, tuple[str, ...]]:
    """What FakeQuants that are there already can do, and what was refused."""
    if trial.quantized:
        return trial, ()
    trial, refused = repaired_outputs(trial, options.strategy, bound=options.bound, new_name=options.new_name)
    return _rewired(trial), refused


def _rewired(trial: Trial) -> Trial:
    """Let readers around FakeQuants read them: around all that matter, or around each that helps by itself."""
    if trial.quantized:
        return trial
    concerned = {parse_edge(array).node for array in _with_unchanged(trial, _concerned(trial))}
    around = [
        found
        for found in trial.subject.fake_quants
        if found.constant and not found.per_channel and parse_edge(found.array).node in concerned
    ]
    for chosen in (around, *([found] for found in around)):
        try:
            after = trial.after(rewire(trial.model.graph, trial.subject.kept, *chosen))
        except CannotRepair:
            continue
        trial = after if after.improves(trial) else trial
        if trial.quantized:
            break
    return trial


def _with_unchanged(trial: Trial, names: Iterable[str]) -> Iterator[str]:
    """Nodes, and those in front of them whose values they pass on: converters take them as one array."""
    for name in names:
        yield name
        if name in trial.subject.graph:
            yield from trial.subject.coverage.unchanged_from(name)


def _widened(trial: Trial, options: FixOptions) -> Trial:
    """Unsound ranges are no matter of verdicts alone: values would saturate in silence."""
    after = _after(trial, _widen, options)
    return trial if after is None or after.worsens(trial) else after


def _unsafe(trial: Trial, options: FixOptions) -> Trial:
    """Fill the gaps; where that is not enough, change ops and ranges as well, as little as helps."""
    best, last = filled(trial, options)
    folded = _after(trial, _fold, options)
    if folded is not None and (candidate := filled(folded, options)[0]).leaves_less(best):
        trial = last = best = candidate
    helped = True
    while helped and not best.quantized:
        helped = False
        for step in _STEPS:
            for start in dict.fromkeys((trial, best, last)):
                changed = None if best.quantized else _after(start, step, options)
                if changed is None:
                    continue
                candidate, end = filled(changed, options)
                if candidate.improves(best):
                    helped = True
                    trial = changed if start is trial else trial
                    best, last = candidate, end
    return best if best.quantized else _together(trial, best, options)


def _together(trial: Trial, best: Trial, options: FixOptions) -> Trial:
    """All steps one after the other, where none helps by itself: what one mends hides what the next one has to."""
    current, changed = trial, True
    while changed and not current.quantized:
        changed = False
        for step in _STEPS:
            after = None if current.quantized else _after(current, step, options)
            if after is not None:
                changed, current = True, filled(after, options)[1]
    return current if current.nearer(best) else best


def _after(trial: Trial, step: Step, options: FixOptions) -> Trial | None:
    try:
        return step(trial, options)
    except CannotRepair:
        return None


def _strip(trial: Trial, options: FixOptions) -> Trial:
    return trial.after(strip(trial.model.graph, trial.subject.kept))


def _replace(trial: Trial, options: FixOptions) -> Trial:
    nodes = tuple(_nodes(trial, "no-kernel", "no-range", "other"))
    return trial.after(replace(trial.model.graph, trial.subject.inference, nodes))


def _widen(trial: Trial, options: FixOptions) -> Trial:
    source = RangeSource(trial.subject.inference, options, trial.repair)
    return trial.after(widen(trial.model.graph, trial.subject.kept, trial.subject.inference, source))


def _narrow(trial: Trial, options: FixOptions) -> Trial:
    """All weights, one by one: TOCO stops at the first."""
    trial = trial.after(narrow(trial.model.graph, missing(trial, ["bad-weights"])))
    while (more := _after(trial, _narrow, options)) is not None:
        trial = more
    return trial


def _merge(trial: Trial, options: FixOptions) -> Trial:
    """For TOCO alone: MLIR takes weights with a range for each channel as they are."""
    unknown = {
        obstacle.node
        for profile, found in zip(trial.profiles, trial.predictions, strict=True)
        for obstacle in found.obstacles
        if profile.engine == "toco"
    }
    around = [found for found in trial.subject.kept_fake_quants if found.node in unknown]
    return trial.after(merge(trial.model.graph, around))


def _fold(trial: Trial, options: FixOptions) -> Trial:
    return trial.after(fold(trial.model.graph, trial.subject.inference, frozenset(_concerned(trial))))


def _unify(trial: Trial, options: FixOptions) -> Trial:
    """All conflicts, one by one: MLIR stops at the first."""
    names = [parse_edge(name).node for name in _in_conflict(trial)]
    trial = trial.after(unify(trial.model.graph, trial.subject.inference, names))
    while (more := _after(trial, _unify, options)) is not None:
        trial = more
    return trial


def _in_conflict(trial: Trial) -> Iterator[str]:
    for found in trial.predictions:
        for obstacle in found.obstacles:
            if obstacle.kind == "scale-conflict":
                yield from filter(None, (obstacle.node, obstacle.array))


def _approximate(trial: Trial, options: FixOptions, form: str = COLUMN) -> Trial:
    source = RangeSource(trial.subject.inference, options, trial.repair)
    nodes = _without_form(trial)
    return trial.after(approximate(trial.model.graph, trial.subject.inference, nodes, source, form))


def not_approximated(trial: Trial, options: FixOptions) -> tuple[str, ...]:
    """Why functions without quantized form stay what they are."""
    source = RangeSource(trial.subject.inference, options, trial.repair)
    return tuple(hindrances(trial.subject.inference, _without_form(trial), source))


def _without_form(trial: Trial) -> tuple[str, ...]:
    """Nodes that have no quantized form, or are written out in such as get no range."""
    inside = [name for name in _nodes(trial, "no-range") if trial.subject.graph.op(name) in WRITTEN_OUT]
    return tuple(dict.fromkeys((*_nodes(trial, "no-kernel", "unknown-op", "other"), *inside)))


def _approximate_in_place(trial: Trial, options: FixOptions) -> Trial:
    return _approximate(trial, options, CHANNELS)


def _nodes(trial: Trial, *kinds: ObstacleKind) -> dict[str, None]:
    """The nodes that obstacles of these kinds name, each once."""
    return dict.fromkeys(
        obstacle.node
        for found in trial.predictions
        for obstacle in found.obstacles
        if obstacle.kind in kinds and obstacle.node is not None and obstacle.node in trial.subject.graph
    )


def _concerned(trial: Trial) -> Iterator[str]:
    """The nodes that any obstacle names."""
    for found in trial.predictions:
        for obstacle in found.obstacles:
            for array in (obstacle.array, *obstacle.consequences):
                if array is not None:
                    yield parse_edge(array).node
            if obstacle.node is not None:
                yield obstacle.node


_STEPS: tuple[Step, ...] = (
    _strip,
    _replace,
    _merge,
    _narrow,
    _fold,
    _unify,
    _approximate,
    _approximate_in_place,
)
