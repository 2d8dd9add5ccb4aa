"""What a training graph predicts: the arrays that its losses compare with labels, and the ends that follow."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge, parse_edge
from minmax_lint.graph.outside import is_retargeted
from minmax_lint.loaders.training_ends import (
    OF_LOGITS,
    OF_SHAPE,
    REDUCES,
    downstream,
    ends_differentiated,
    kind_of_end,
    losses_of,
    upstream,
)
from minmax_lint.ops.table import VARIABLES

_PASSES = frozenset({"Cast", "Identity", "Reshape", "Squeeze", "StopGradient"}) | FAKE_QUANTS
_OPTIMIZERS = ("Apply", "ResourceApply", "ResourceSparseApply", "SparseApply")
_ELEMENTWISE = frozenset(
    """
    Abs ClipByValue Exp Greater Less Log Log1p Maximum Minimum Pow Relu Softplus Sqrt Square SquaredDifference
    """.split()
)
"""Ops that losses are written out with, besides those that reduce."""
_PENALTIES = frozenset({"Log", "Log1p", "Square"})
_GUARDS = frozenset({"Add", "AddV2", "ClipByValue", "Maximum", "Minimum", "Sub"})
"""What keeps a logarithm's argument above zero, or a square's within a margin."""
_DIVISIONS = frozenset({"Div", "DivNoNan", "RealDiv"})
_PRODUCTS = _DIVISIONS | {"Mul"}
_GATHERS = frozenset({"Gather", "GatherNd", "GatherV2"})


def predicted(graph: Graph, ends: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Of the ends of a graph what it predicts, and the words for where that was found."""
    roots = ends_differentiated(graph)
    training = [name for name in ends if kind_of_end(graph, name, roots) in ("loss", "metric")]
    others = tuple(name for name in ends if name not in training)
    losses = list(dict.fromkeys([*training, *sorted(roots, key=graph.position)]))
    if not losses:
        return ends, "the ends of the graph"
    learned = downstream(graph, _weights_learned(graph), frozenset({"StopGradient"}))
    fed = downstream(graph, graph.of_ops({"Placeholder"}), OF_SHAPE)
    compared = {loss: found for loss in losses if (found := _predictions(graph, loss, learned, fed))}
    if not compared:
        return (others, _without(graph, training)) if training and others else (ends, "the ends of the graph")
    arrays = {array: parse_edge(array).node for loss in compared for array in compared[loss]}
    kept = _without_labels(graph, others, list(compared), set(arrays.values()))
    led_to = upstream(graph, kept)
    missing = [array for array, node in arrays.items() if node not in led_to]
    outputs = tuple(sorted({*kept, *missing}, key=lambda array: graph.position(parse_edge(array).node)))
    if not missing:
        return outputs, _without(graph, training)
    computed = f"what {_listing(graph, list(compared))} {'are' if len(compared) > 1 else 'is'} computed from"
    return outputs, f"{_without(graph, training)} and {computed}" if kept else computed


def _predictions(graph: Graph, end: str, learned: AbstractSet[str], fed: AbstractSet[str]) -> list[str]:
    """The arrays from which the loss at this end is computed; none where no op says it."""
    losses = losses_of(graph, end)
    if not losses:
        compared = _prediction_compared(graph, end, learned, fed)
        return [compared] if compared else []
    of_logits = (loss for loss in losses if graph.op(loss) in OF_LOGITS)
    return [_origin(graph, graph[loss].inputs[0].array) for loss in of_logits]


def _without_labels(
    graph: Graph, ends: Sequence[str], losses: Sequence[str], predictions: AbstractSet[str]
) -> list[str]:
    """The ends that follow from inputs through trained variables, and not from labels.

    Labels are the placeholders that lead to a loss and to no prediction, and those that meet a prediction only
    behind it. What is there for a summary alone is no output.
    """
    placeholders = frozenset(graph.of_ops({"Placeholder"}))
    inputs = placeholders & upstream(graph, predictions)
    labels = placeholders & upstream(graph, losses) - inputs
    others = downstream(graph, placeholders - inputs - labels) & downstream(graph, inputs)
    excluded = downstream(graph, labels) | others
    learned = downstream(graph, _weights_learned(graph))
    return [
        name
        for name in ends
        if name not in excluded and (name in learned or not learned) and not _is_summarized(graph, name)
    ]


def _is_summarized(graph: Graph, name: str) -> bool:
    readers = [use.node for use in graph.uses(name)]
    return bool(readers) and all("Summary" in graph.op(reader) for reader in readers)


def _weights_learned(graph: Graph) -> list[str]:
    """The variables that an optimizer changes; all variables where the graph has none."""
    updates = [name for name in graph.names if graph.op(name).startswith(_OPTIMIZERS) and graph[name].inputs]
    return [graph[name].inputs[0].node for name in updates] or list(graph.of_ops(VARIABLES))


def _prediction_compared(
    graph: Graph, loss: str, learned: AbstractSet[str], fed: AbstractSet[str]
) -> str | None:
    """The array that a loss written out compares with labels: trained variables lead to it, and none to the labels.

    Between it and the loss stand only ops that work on each element or reduce. A product may be with the weight of
    a sample, so that what is compared behind it counts for more.
    """
    weighted: str | None = None
    pending, seen = [loss], {loss}
    for name in pending:
        if graph.op(name) not in REDUCES | _ELEMENTWISE:
            continue
        sources = [edge for edge in graph[name].inputs if edge.node in fed]
        predicted = [edge for edge in sources if edge.node in learned]
        if predicted and len(predicted) < len(sources):
            found = _within_loss(graph, predicted[0].array, learned, fed)
            if graph.op(name) not in _PRODUCTS:
                return found
            if weighted is None or parse_edge(found).node in upstream(graph, [parse_edge(weighted).node]):
                weighted = found
        fresh = list(dict.fromkeys(edge.node for edge in predicted if edge.node not in seen))
        seen.update(fresh)
        pending += fresh
    return weighted


def _within_loss(graph: Graph, array: str, learned: AbstractSet[str], fed: AbstractSet[str]) -> str:
    """What stands in front of the ops that belong to the loss still.

    Those are the logarithm of a probability with what keeps it above zero, the ratio to another network's, and the
    choice of one action's value: Gather, or the sum of a product with a mask.
    """
    guards = False
    while (node := parse_edge(array).node) in graph and graph[node].inputs:
        op, inputs = graph.op(node), graph[node].inputs
        sources = list(dict.fromkeys(edge for edge in inputs if edge.node in learned))
        guards |= op in _PENALTIES
        if op in _GATHERS:
            array = inputs[0].array
        elif op == "Sum" and graph.op(inputs[0].node) == "Mul":
            factors = [edge for edge in graph[inputs[0].node].inputs if edge.node in learned]
            if len(factors) != 1:
                return array
            array = factors[0].array
        elif op in _DIVISIONS and len(sources) == 2 and _is_sum_of(graph, inputs[1].node, inputs[0].node):
            array = inputs[0].array
        elif len(sources) == 1 and (
            op in _PENALTIES or (guards and op in _GUARDS) or _is_ratio(op, inputs, fed)
        ):
            array = sources[0].array
        elif op in _PASSES and not is_retargeted(graph, node):
            array = inputs[0].array
        else:
            return array
    return array


def _is_ratio(op: str, inputs: Sequence[Edge], fed: AbstractSet[str]) -> bool:
    return op in _DIVISIONS and all(edge.node in fed for edge in inputs)


def _is_sum_of(graph: Graph, name: str, summed: str) -> bool:
    return graph.op(name) == "Sum" and graph[name].inputs[0].node == summed


def _origin(graph: Graph, array: str) -> str:
    """`array`, or what it is a reshape of."""
    while (node := parse_edge(array).node) in graph and graph.op(node) in _PASSES and graph[node].inputs:
        if is_retargeted(graph, node):
            break
        array = graph[node].inputs[0].array
    return array


def _without(graph: Graph, training: Sequence[str]) -> str:
    return (
        f"the ends of the graph without {_listing(graph, training)}" if training else "the ends of the graph"
    )


def _listing(graph: Graph, training: Sequence[str]) -> str:
    if len(training) > 1:
        return f"{len(training)} losses and metrics"
    return f"the {kind_of_end(graph, training[0], ends_differentiated(graph))} {training[0]}"
