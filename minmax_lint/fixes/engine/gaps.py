"""Filling gaps: FakeQuants for the arrays that the selected profiles miss a range of, until none is missed."""

from collections.abc import Collection, Iterator

from minmax_lint.converters.prediction import ObstacleKind
from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.fixes.engine.trial import Trial, sum_of
from minmax_lint.fixes.repairs.insert import NAME as INSERT
from minmax_lint.fixes.repairs.insert import insert
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import Range, is_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.inline_calls import inline_calls
from minmax_lint.graph.names import array_name, parse_edge
from minmax_lint.inference.equal_nodes import equal_nodes
from minmax_lint.ops.table import IDENTITIES

_ROUNDS = 12
"""A FakeQuant can break a fusion and so open gaps of its own; chains of that are short."""


def fill(trial: Trial, options: FixOptions, beyond: frozenset[str] = frozenset()) -> tuple[Trial, Trial]:
    """Insert FakeQuants for missing ranges, round by round: the best trial on the way, and the last.

    The best makes no profile worse than `trial`, which it is where nothing helps. Arrays that a FakeQuant
    does not help, for the gap lies inside the op, are left as they are; `beyond` are those known already.
    """
    best = current = trial
    for _ in range(_ROUNDS):
        if current.quantized:
            break
        hopeless = beyond | _arrays_given(current)
        ranges = {
            array: found
            for array, found in _insertable(current, options)
            if current.repair.name_before(array) not in hopeless
        }
        if not ranges:
            break
        narrow = {array for array in ranges if current.subject.inference.is_constant(array)}
        current = current.after(
            insert(
                current.model.graph, current.subject.kept, ranges, narrow=narrow, new_name=options.new_name
            )
        )
        if not current.worsens(trial) and sum_of(current.scores) < sum_of(best.scores):
            best = current
    unhealed = _unhealed_arrays(best) | _unhealed_arrays(current)
    if unhealed - beyond and not best.quantized:
        return fill(trial, options, beyond | unhealed)
    return best, current


def _unhealed_arrays(trial: Trial) -> frozenset[str]:
    """The arrays that got a FakeQuant, and of which a range is missed still."""
    return _arrays_given(trial) & {trial.repair.name_before(array) for array in missing_ranges(trial)}


def _arrays_given(trial: Trial) -> frozenset[str]:
    """The arrays that got a FakeQuant, by their names before the repair."""
    return frozenset(claim.place for claim in trial.repair.claims if claim.strategy == INSERT)


def missing_ranges(
    trial: Trial, kinds: Collection[ObstacleKind] = ("no-range", "bad-weights")
) -> tuple[str, ...]:
    """The arrays that a selected profile misses a range of, or whose constant it cannot quantize."""
    graph = trial.subject.graph
    return tuple(
        dict.fromkeys(
            _outside_call(graph, obstacle.array)
            for found in trial.predictions
            for obstacle in found.obstacles
            if obstacle.kind in kinds and obstacle.array is not None
        )
    )


def _outside_call(graph: Graph, array: str) -> str:
    """The result of a call, for an array of its function that it passes on: converters inline functions."""
    if parse_edge(array).node in graph:
        return array
    inlined, passed_on = inline_calls(graph), [array]
    for one in passed_on:
        if parse_edge(one).node in graph:
            return one
        readers = (use for use in inlined.uses(one) if inlined.op(use.node) in IDENTITIES)
        passed_on += [array_name(use.node, use.slot) for use in readers]
    return array


def _behind_float_ops(trial: Trial) -> Iterator[str]:
    """What ops without quantized form write, where others stay float for it."""
    for found in trial.predictions:
        if found.verdict == "float":
            for obstacle in found.obstacles:
                if obstacle.kind == "no-kernel" and obstacle.array and len(obstacle.consequences) > 1:
                    yield obstacle.array


def _can_narrow(trial: Trial, array: str) -> bool:
    """Whether a FakeQuant makes weights, and a narrow range may be all that they need."""
    node = trial.subject.graph[parse_edge(array).node]
    return is_fake_quant(node.op) and not node.flag("narrow_range")


def takes_range(trial: Trial, array: str) -> bool:
    """Whether a FakeQuant can read `array`: it takes float32 alone. 16x8 asks for ranges of integers as well."""
    return trial.subject.inference.dtype(array) in (DType.FLOAT, DType.INVALID)


def is_constant_output(trial: Trial, array: str) -> bool:
    """Whether `array` is an output and a constant: no converter gives it a range, whatever stands behind it."""
    return array in trial.subject.kept.outputs and trial.subject.inference.is_constant(array)


def _insertable(trial: Trial, options: FixOptions) -> Iterator[tuple[str, Range]]:
    source = trial.ranges(options)
    graph, kept = trial.subject.graph, trial.subject.kept
    inserted = {node.name for node in trial.repair.edit.added if is_fake_quant(node.op)}
    narrowing = {array for array in missing_ranges(trial, ["bad-weights"]) if _can_narrow(trial, array)}
    for array in dict.fromkeys((*missing_ranges(trial), *_behind_float_ops(trial))):
        if parse_edge(array).node not in graph or not (kept.uses(array) or array in kept.outputs):
            continue
        if is_constant_output(trial, array) or parse_edge(array).node in inserted or array in narrowing:
            continue
        if not takes_range(trial, array):
            continue
        found = source.of(array)
        if found is not None:
            yield from dict.fromkeys(equal_arrays(trial, array), found).items()


def equal_arrays(trial: Trial, array: str) -> Iterator[str]:
    """The array, and those that equal nodes make: a converter keeps one of them, and names that."""
    edge = parse_edge(array)
    yield array
    for name in equal_nodes(trial.subject.inference, edge.node):
        yield array_name(name, edge.port)
