"""What an end of a graph looks like: a loss, a metric or a prediction.

Names are those of tf.losses, tf.metrics and Keras; ops those that tf.nn's losses end in.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal

from minmax_lint.graph.graph import Graph, reached
from minmax_lint.graph.names import parse_edge
from minmax_lint.ops.table import of_role

Kind = Literal["loss", "metric", "prediction", "value"]

OF_LOGITS = of_role("loss of logits")
LOSSES = OF_LOGITS | of_role("loss")

REDUCES = frozenset(
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
_GRADIENT = re.compile(r"(?:^|/)gradients(?:_\d+)?/(.+?)_grad/")
"""Nodes of tf.gradients are called after the op whose gradient they compute (gradients_util.py)."""

OF_SHAPE = frozenset({"OnesLike", "Rank", "Shape", "ShapeN", "Size", "ZerosLike"})
"""Ops that read no number of their input."""


def kind_of_end(graph: Graph, name: str, trained: AbstractSet[str] = frozenset()) -> Kind:
    """What the result of node `name`, which nothing reads, looks like; a loss where it is one of `trained`."""
    if _METRIC_NAME.search(name):
        return "metric"
    if _LOSS_NAME.search(name) or name in trained or losses_of(graph, name):
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
        elif op in REDUCES:
            sources = {edge.node for edge in graph[current].inputs if edge.node in graph} - seen
            seen |= sources
            pending += sorted(sources, key=graph.position)
    return found


def ends_differentiated(graph: Graph) -> set[str]:
    """The ends that tf.gradients starts from: it goes through them, and through nothing that reads them."""
    passed = {
        found[1]
        for name in graph.names
        if "gradients" in name and (found := _GRADIENT.search(name)) is not None
    } & set(graph.names)
    return passed - upstream(graph, {edge.node for name in passed for edge in graph[name].inputs})


def upstream(graph: Graph, ends: Iterable[str]) -> set[str]:
    """These nodes, and all that they depend on through data edges."""
    starts = [name for name in ends if name in graph]
    return set(reached(starts, lambda name: [edge.node for edge in graph[name].inputs if edge.node in graph]))


def downstream(graph: Graph, sources: Iterable[str], stop: AbstractSet[str] = frozenset()) -> set[str]:
    """These nodes, and all that depend on them through data edges, but for what ops of `stop` come between."""
    consumers = readers(graph)
    return set(
        reached(sources, lambda name: [one for one in consumers.get(name, ()) if graph.op(one) not in stop])
    )


def readers(graph: Graph) -> Mapping[str, Sequence[str]]:
    """Node -> those that read it through a data edge, as often as they do."""
    known = graph.memo.setdefault(readers, {})
    if not known:
        for name, raw in zip(graph.columns.names, graph.columns.inputs, strict=True):
            for text in raw:
                if not text.startswith("^"):
                    known.setdefault(parse_edge(text).node, []).append(name)
    return known
