"""The choice of a repair for each output, made by the converter models."""

from collections.abc import Iterator, Sequence

from minmax_lint.fixes.edit.output import lost_fake_quant
from minmax_lint.fixes.edit.repair import NOTHING, CannotRepair, Repair
from minmax_lint.fixes.engine.trial import Score, Trial, sum_of
from minmax_lint.fixes.repairs.guard import NAME as GUARD
from minmax_lint.fixes.repairs.guard import check_bound, guard
from minmax_lint.fixes.repairs.retarget import NAME as RETARGET
from minmax_lint.fixes.repairs.retarget import retarget
from minmax_lint.fixes.repairs.rewire import rewire
from minmax_lint.graph.edit import edit_graph
from minmax_lint.graph.fakequant import read_fake_quant
from minmax_lint.graph.freeze import freeze_graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.outside import outside_fake_quants
from minmax_lint.graph.trace import trace
from minmax_lint.source_guard import DEFAULT_BOUND


def repair_outputs(
    trial: Trial, strategy: str = "auto", *, bound: float = DEFAULT_BOUND, new_name: bool = False
) -> tuple[Trial, tuple[str, ...]]:
    """Repair each output whose FakeQuant lies outside, where that brings a profile nearer to converting.

    Of the candidates that make no selected profile worse, the one with the best predictions is taken; then
    the one that leaves the fewest ops; then the first of retarget, guard. Outputs are visited in graph
    order, so the order in which they are given does not matter. Second come the reasons for which outputs
    that need a repair got none. Raises UserError for a user's bound that would clip one of them.
    """
    lost = [
        output
        for output in sorted(trial.outputs, key=lambda name: _place(trial, name))
        if outside_fake_quants(trial.subject.graph, trial.subject.kept, output)
    ]
    if bound != DEFAULT_BOUND:
        _check_bound(trial, lost, bound)
    wanted = [name for name in (RETARGET, GUARD) if strategy in ("auto", name)]
    together: list[Trial] = []
    for name in wanted if len(lost) > 1 else ():
        together.append(_together(trial, lost, name, bound, new_name))
        if together[-1].quantized:
            return together[-1], ()
    single, refused = _one_by_one(trial, lost, strategy, bound, new_name)
    better = [candidate for candidate in together if candidate.nearer(single)]
    return (min(better, key=_rank), ()) if better else (single, refused)


def _check_bound(trial: Trial, lost: Sequence[str], bound: float) -> None:
    """Refuse a user's bound that would clip, also where no guard is chosen: it is a mistake all the same."""
    for output in lost:
        try:
            found = lost_fake_quant(trial.model.graph, trial.subject.kept, output)
        except CannotRepair:
            continue
        if not _indifferent(trial, output):
            check_bound(found.fake_quant, bound)


def _rank(trial: Trial) -> tuple[Score, int]:
    return sum_of(trial.scores), trial.left_behind


def _together(trial: Trial, lost: Sequence[str], name: str, bound: float, new_name: bool) -> Trial:
    """All lost outputs that the selected profiles miss a range of, repaired in the same way at once."""
    graph, outputs, done = trial.model.graph, trial.outputs, NOTHING
    for output in lost:
        if _indifferent(trial, output):
            continue
        kept = trace(freeze_graph(graph, trial.model.variables), trial.subject.kept.inputs, outputs)
        try:
            if name == RETARGET:
                repair = retarget(graph, kept, output, new_name=new_name)
            else:
                repair = guard(graph, kept, output, bound=bound, new_name=new_name)
        except CannotRepair:
            continue
        graph, done = edit_graph(graph, repair.edit), done.then(repair)
        outputs = tuple(repair.outputs.get(array, array) for array in outputs)
    return trial.after(done)


def _one_by_one(
    trial: Trial, lost: Sequence[str], strategy: str, bound: float, new_name: bool
) -> tuple[Trial, tuple[str, ...]]:
    refused: list[str] = []
    for output in lost:
        if trial.quantized:
            break
        tried: list[Trial] = []
        try:
            for repair in _candidates(trial, output, strategy, bound, new_name):
                tried.append(trial.after(repair))
                if tried[-1].quantized:
                    break  # candidates come with the least to leave behind first
        except CannotRepair as error:
            refused.append(str(error))
            continue
        better = [candidate for candidate in tried if candidate.improves(trial)]
        if better:
            trial = min(better, key=_rank)
        elif not _indifferent(trial, output):
            refused.append(_worse(trial, tried, output))
    return trial, tuple(dict.fromkeys(refused))


def _place(trial: Trial, output: str) -> tuple[int, int]:
    edge = parse_edge(output)
    return trial.model.graph.position(edge.node), edge.port


def _candidates(trial: Trial, output: str, strategy: str, bound: float, new_name: bool) -> Iterator[Repair]:
    graph, kept = trial.model.graph, trial.subject.kept
    if strategy in ("auto", "retarget"):
        found = retarget(graph, kept, output, new_name=new_name)
        yield found
        yield from _rewirings(trial, found, output)
    if strategy in ("auto", "guard"):
        found = guard(graph, kept, output, bound=bound, new_name=new_name)
        yield found
        yield from _rewirings(trial, found, output)


def _rewirings(trial: Trial, repair: Repair, output: str) -> Iterator[Repair]:
    """The repair, and kept readers of the raw array moved behind the FakeQuant as well."""
    if not trial.subject.kept.uses(output):
        return
    after = trial.after(repair)
    graph = after.kept.graph
    fixed = repair.outputs.get(output, output)
    node = graph[parse_edge(fixed).node]
    while node.op in ("Minimum", "Identity"):
        node = graph[node.inputs[0].node]
    try:
        yield repair.then(rewire(after.model.graph, after.kept, read_fake_quant(graph, node)))
    except CannotRepair:
        return


def _indifferent(trial: Trial, output: str) -> bool:
    """Whether no profile misses a range on this output, as behind a softmax."""
    return not any(
        output in (obstacle.array, *obstacle.consequences)
        for found in trial.predictions
        for obstacle in found.obstacles
        if obstacle.kind == "no-range"
    )


def _worse(trial: Trial, tried: list[Trial], output: str) -> str:
    for candidate in tried:
        for old, new, profile in zip(trial.predictions, candidate.predictions, trial.profiles, strict=True):
            if new.verdict in ("abort", "float"):
                what = "worse" if candidate.worsens(trial) else "no better"
                return (
                    f"{candidate.repair.strategy} on {output} would make {profile.title} {what} "
                    f"({old.verdict} before, {new.verdict} after: {new.message})"
                )
    return f"no repair of {output} brings a converter nearer to a quantized model"
