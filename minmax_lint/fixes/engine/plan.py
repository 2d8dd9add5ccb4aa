"""The plan of a fix: which repairs are tried, in which order, and what is kept of them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.fixes.edit.repair import CannotRepair
from minmax_lint.fixes.engine.choice import repair_outputs
from minmax_lint.fixes.engine.gaps import equal_arrays, fill
from minmax_lint.fixes.engine.steps import (
    SAFE,
    STEPS,
    Step,
    fold_norms,
    nodes_concerned,
    replace_ops,
    try_step,
    widen_ranges,
)
from minmax_lint.fixes.engine.trial import Trial
from minmax_lint.fixes.repairs.freeze import freeze
from minmax_lint.fixes.repairs.rewire import rewire
from minmax_lint.graph.names import parse_edge

_ROUNDS = 8
"""What one repair brings up is mended by another; chains of that are short."""


def plan_repairs(trial: Trial, options: FixOptions) -> tuple[Trial, tuple[str, ...]]:
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
    start = trial
    for step in SAFE:
        start = _take(start, step, options)
    trial, refused = _safe(start, options)
    replaced = None if trial.quantized else try_step(start, replace_ops, options)
    if replaced is not None:
        candidate, left = _safe(replaced, options)
        if candidate.nearer(trial):
            trial, refused = candidate, left
    if options.unsafe:
        trial = _widen(trial, options)
        trial = trial if trial.quantized else _unsafe(trial, options)
    return trial, refused


def _take(trial: Trial, step: Step, options: FixOptions) -> Trial:
    """The trial after a step, if that is better."""
    after = None if trial.quantized else try_step(trial, step, options)
    return after if after is not None and after.improves(trial) else trial


def _safe(trial: Trial, options: FixOptions) -> tuple[Trial, tuple[str, ...]]:
    """What FakeQuants that are there already can do, and what was refused."""
    if trial.quantized:
        return trial, ()
    trial, refused = repair_outputs(trial, options.strategy, bound=options.bound, new_name=options.new_name)
    return _rewire(trial), refused


def _rewire(trial: Trial) -> Trial:
    """Let readers around FakeQuants read them: around all that matter, or around each that helps by itself.

    An array that equals that of a FakeQuant is the same one to MLIR, and so are its readers.
    """
    if trial.quantized:
        return trial
    about = {parse_edge(array).node for array in _with_unchanged(trial, nodes_concerned(trial))}
    around = [
        replace(found, array=array)
        for found in trial.subject.fake_quants
        if found.constant and not found.per_channel and parse_edge(found.array).node in about
        for array in equal_arrays(trial, found.array)
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


def _widen(trial: Trial, options: FixOptions) -> Trial:
    """Unsound ranges are no matter of verdicts alone: values would saturate in silence."""
    after = try_step(trial, widen_ranges, options)
    return trial if after is None or after.worsens(trial) else after


def _unsafe(trial: Trial, options: FixOptions) -> Trial:
    """Fill the gaps; where that is not enough, change ops and ranges as well, as little as helps."""
    best, last = fill(trial, options)
    folded = try_step(trial, fold_norms, options)
    if folded is not None and folded.gains(trial):
        candidate = fill(folded, options)[0]
        if candidate.leaves_less(best):
            trial = last = best = candidate
    helped = True
    while helped and not best.quantized:
        helped = False
        for step in STEPS:
            for start in dict.fromkeys((trial, best, last)):
                changed = None if best.quantized else try_step(start, step, options)
                if changed is None:
                    continue
                candidate, end = fill(changed, options)
                if candidate.improves(best):
                    helped = True
                    trial = changed if start is trial else trial
                    best, last = candidate, end
    return best if best.quantized else _together(trial, best, options)


def _together(trial: Trial, best: Trial, options: FixOptions) -> Trial:
    """All steps one after the other, where none helps by itself: what one mends hides what the next one has to."""
    current = trial
    for _ in range(_ROUNDS):
        start = current
        for step in STEPS:
            after = None if current.quantized else try_step(current, step, options)
            current = current if after is None else fill(after, options)[1]
        if current is start or current.quantized:
            break
    return current if current.nearer(best) else best
