"""Dropout, in the forms that TensorFlow's versions build: what it is at inference."""

from minmax_lint.graph.fakequant import follow_constant
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.trace import Kept
from minmax_lint.rules.framework.patterns import PRODUCTS

_MASKS = frozenset(
    """
    Add AddV2 Cast Const Fill Floor GreaterEqual Identity Less Mul Pack RandomUniform RandomUniformInt RealDiv Shape
    StatelessRandomGetKeyCounter StatelessRandomUniform StatelessRandomUniformV2 StridedSlice Sub ZerosLike
    """.split()
)
"""What a random mask is made of. Shape ends the search: it depends on no value."""

_LIMIT = 40


def inference_value(kept: Kept, node: Node) -> Edge | None:
    """The array that `node` passes on unchanged at inference if it is the end of a dropout; else None.

    Forms: `x / keep * floor(keep + random)` (up to TF 1.14), `x * scale * cast(random >= rate)` (TF 1.13 to
    2.8), `select(random >= rate, x * scale, 0)` (later), and a Merge of one of them with `x` under a
    learning phase that is false (Keras). Source: tensorflow/python/ops/nn_ops.py of these versions.
    """
    if node.op == "Merge":
        return _not_learning(kept, node)
    if node.op == "Mul" and len(node.inputs) == 2:
        for value, mask in (node.inputs, node.inputs[::-1]):
            if _is_mask(kept, mask):
                return _match_scale(kept, value)
    if node.op in ("Select", "SelectV2") and len(node.inputs) == 3 and _is_mask(kept, node.inputs[0]):
        return _match_scale(kept, node.inputs[1])
    return None


def _match_scale(kept: Kept, edge: Edge) -> Edge | None:
    node = kept.graph[edge.node]
    if node.op not in PRODUCTS or len(node.inputs) != 2:
        return None
    first, second = node.inputs
    if _is_scale(kept, second):
        return first
    return second if node.op == "Mul" and _is_scale(kept, first) else None


def _is_scale(kept: Kept, edge: Edge) -> bool:
    """A keep probability, its inverse, or what is computed of it."""
    return _is_made_of(kept, edge, _MASKS, random=False)


def _is_mask(kept: Kept, edge: Edge) -> bool:
    return _is_made_of(kept, edge, _MASKS, random=True)


def _is_made_of(kept: Kept, edge: Edge, ops: frozenset[str], *, random: bool) -> bool:
    """Whether `edge` depends on these ops alone, and on a random one as `random` says."""
    seen, pending, found = {edge.node}, [edge.node], False
    while pending:
        name = pending.pop()
        if name not in kept or kept.is_cut(name) or len(seen) > _LIMIT:
            return False
        op = kept.graph.op(name)
        if op not in ops and op != "PlaceholderWithDefault":
            return False
        found = found or "Random" in op
        if op == "Shape":
            continue
        fresh = [source.node for source in kept.graph[name].inputs if source.node not in seen]
        seen.update(fresh)
        pending += fresh
    return found == random


def _not_learning(kept: Kept, node: Node) -> Edge | None:
    """What a Merge gives where the predicate of its Switch is false by default."""
    for edge in node.inputs:
        edge = _behind_identities(kept, edge)
        switched = kept.graph[edge.node].inputs if edge.node in kept else ()
        if len(switched) != 2 or kept.graph.op(edge.node) != "Switch" or edge.port != 0:
            continue
        value, predicate = switched
        if _is_false(kept, predicate):
            return value
    return None


def _behind_identities(kept: Kept, edge: Edge) -> Edge:
    for _ in range(_LIMIT):
        if (
            edge.node not in kept
            or kept.graph.op(edge.node) != "Identity"
            or not kept.graph[edge.node].inputs
        ):
            break
        edge = kept.graph[edge.node].inputs[0]
    return edge


def _is_false(kept: Kept, edge: Edge) -> bool:
    for _ in range(8):
        if edge.node not in kept:
            return False
        node = kept.graph[edge.node]
        if node.op not in ("Identity", "PlaceholderWithDefault") or not node.inputs:
            break
        edge = node.inputs[0]
    found = follow_constant(kept.graph, edge)
    return found is not None and found.known and found.size == 1 and not found.item()
