"""One branch of an If, While or Case: what becomes of it, in words and as an obstacle of the whole model."""

from collections.abc import Sequence
from typing import NamedTuple

from minmax_lint.converters.mlir.control_flow.lower_static_tensor_list import AS_ARRAY
from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.graph.graph import Function, Graph
from minmax_lint.graph.layers import place_in_layer

_SHOWN = 4
"""Float ops of a branch that are named."""


class Branch(NamedTuple):
    """The prediction for one branch of one node."""

    node: str
    function: Function
    prediction: Prediction

    def summary(self) -> str:
        """The branch and what becomes of it, in words."""
        if self.prediction.verdict in ("abort", "undetermined"):
            reasons = [cause.message for cause in self.prediction.obstacles]
            return f"{self.function.role}: {(reasons or [self.prediction.message])[0]}"
        floats = [
            f"{op} {output.split(';')[0].partition(AS_ARRAY)[0]!r}"
            for op, output in self.prediction.computing_float_ops
        ]
        if not floats:
            return (
                f"{self.function.role}: {'all integer' if self.prediction.computing else 'nothing computed'}"
            )
        more = f" and {len(floats) - _SHOWN} more" if len(floats) > _SHOWN else ""
        return f"{self.function.role}: {', '.join(floats[:_SHOWN])}{more} in float"


def obstacles_of(
    graph: Graph, nodes: Sequence[str], branches: Sequence[Branch], outer: Prediction
) -> Sequence[Obstacle]:
    """One a control-flow op that is float itself, or has a branch that is not all integer."""
    found: list[Obstacle] = []
    floats = {output: op for op, output in outer.float_ops}
    by_node: dict[str, list[Branch]] = {}
    for branch in branches:
        by_node.setdefault(branch.node, []).append(branch)
    for node in nodes:
        own = by_node.get(node, [])
        broken = [branch for branch in own if branch.prediction.verdict != "quantized"]
        if node not in floats and not broken:
            continue
        text = "; ".join(branch.summary() for branch in own)
        arrays = dict.fromkeys(output for branch in own for _, output in branch.prediction.float_ops)
        found.append(
            Obstacle(
                "control-flow",
                node,
                node,
                f"{place_in_layer(graph[node])} keeps its branches apart ({text})",
                (node, *arrays),
            )
        )
    return found
