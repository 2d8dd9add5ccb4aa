"""What an end of a graph looks like: a loss, a metric or a prediction; and the prediction that a loss is computed from.

Names are those of tf.losses, tf.metrics and Keras; ops those that tf.nn's losses end in.
"""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Literal

from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.outside import is_retargeted
from minmax_lint.ops.table import of_role

Kind = Literal["loss", "metric", "prediction", "value"]

_OF_LOGITS = of_role("loss of logits")
LOSSES = _OF_LOGITS | of_role("loss")

_REDUCES = frozenset(
    """
    Add AddN AddV2 Cast Div DivNoNan Identity Mean Mul Neg RealDiv Reshape Select SelectV2 Squeeze Sub Sum
    """.split()
)
"""Ops that make one number of a batch's losses, its weights and its regularization."""

_LOSS_NAME = re.compile(
    r"(^|[/_])(loss|losses|total_loss|cost|mean_squared_error|regularizer)(_\d+)?([/_]|$)", re.I
)
_METRIC_NAME = re.compile(
    r"(^|[/_])(accuracy|acc|auc|metrics?|precision|recall|correct_prediction)(_\d+)?([/_]|$)", re.I
)
_PREDICTION_NAME = re.compile(
    r"(^|[/_])(predictions?|probabilit\w+|logits|outputs?|softmax|scores?)(_\d+)?([/_]|$)", re.I
)
_PREDICTIONS = frozenset({"ArgMax", "BiasAdd", "LogSoftmax", "MatMul", "Sigmoid", "Softmax", "TopKV2"})
_PASSES = frozenset({"Cast", "Identity", "Reshape", "Squeeze", "StopGradient"}) | FAKE_QUANTS
_VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp"})
_ELEMENTWISE = frozenset(
    """
    Abs ClipByValue Exp Greater Less Log Log1p Maximum Minimum Pow Relu Softplus Sqrt Square SquaredDifference
    """.split()
)
"""Ops that losses are written out with, besides those that reduce."""
_GRADIENT_PARTS = ("Shape", "Reshape", "Tile", "Mul", "Neg", "tuple/group_deps")
"""Nodes of which the gradient of every op in _REDUCES has one (tensorflow/python/ops/math_grad.py)."""


def kind_of_end(graph: Graph, name: str) -> Kind:
    """What the result of node `name`, which nothing reads, looks like."""
    if _METRIC_NAME.search(name):
        return "metric"
    if _LOSS_NAME.search(name) or losses_of(graph, name) or _is_differentiated(graph, name):
        return "loss"
    if graph.op(name) in _PREDICTIONS or _PREDICTION_NAME.search(name):
        return "prediction"
    return "value"


def losses_of(graph: Graph, name: str) -> list[str]:
    """The loss ops that `name` is the sum or mean of, itself included."""
    found: list[str] = []
    pending, seen = [name], {name}
    for current in pending:
        op = graph.op(current)
        if op in LOSSES:
            found.append(current)
        elif op in _REDUCES:
            sources = {edge.node for edge in graph[current].inputs if edge.node in graph} - seen
            seen |= sources
            pending += sorted(sources, key=graph.position)
    return found


def _is_differentiated(graph: Graph, name: str) -> bool:
    """Whether tf.gradients goes through `name`; of an end that means that it starts there."""
    return any(f"gradients/{name}_grad/{part}" in graph for part in _GRADIENT_PARTS)


def predictions_of(graph: Graph, ends: Iterable[str]) -> tuple[str, ...]:
    """The arrays from which the losses at these ends are computed, in file order; none where no op says it."""
    found = set()
    for end in ends:
        losses = losses_of(graph, end)
        for loss in losses:
            if graph.op(loss) in _OF_LOGITS:
                found.add(_made_at(graph, graph[loss].inputs[0].array))
        if not losses and (compared := _compared(graph, end)):
            found.add(_made_at(graph, compared))
    return tuple(sorted(found, key=lambda array: graph.position(parse_edge(array).node)))


def _compared(graph: Graph, loss: str) -> str | None:
    """The array that a loss written out compares with labels: variables lead to it, and none to the labels.

    Between it and the loss stand only ops that work on each element or reduce.
    """
    learned, fed = (downstream(graph, ops) for ops in (_VARIABLES, {"Placeholder"}))
    pending, seen = [loss], {loss}
    for name in pending:
        if graph.op(name) not in _REDUCES | _ELEMENTWISE:
            continue
        sources = [edge for edge in graph[name].inputs if edge.node in fed]
        predicted = [edge for edge in sources if edge.node in learned]
        if predicted and len(predicted) < len(sources):
            return predicted[0].array
        fresh = list(dict.fromkeys(edge.node for edge in predicted if edge.node not in seen))
        seen.update(fresh)
        pending += fresh
    return None


def downstream(graph: Graph, ops: AbstractSet[str]) -> set[str]:
    """The nodes of these ops, and all that depend on them through data edges."""
    consumers: dict[str, list[str]] = {}
    for name, raw in zip(graph.columns.names, graph.columns.inputs, strict=True):
        for text in raw:
            if not text.startswith("^"):
                consumers.setdefault(parse_edge(text).node, []).append(name)
    pending = list(graph.of_ops(ops))
    seen = set(pending)
    while pending:
        for consumer in consumers.get(pending.pop(), ()):
            if consumer not in seen:
                seen.add(consumer)
                pending.append(consumer)
    return seen


def _made_at(graph: Graph, array: str) -> str:
    """`array`, or what it is a reshape of."""
    while (node := parse_edge(array).node) in graph and graph.op(node) in _PASSES and graph[node].inputs:
        if is_retargeted(graph, node):
            break
        array = graph[node].inputs[0].array
    return array
