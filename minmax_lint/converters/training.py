"""Training graphs: TensorFlow itself refuses to import them once they are frozen, whatever the converter.

Source: TensorFlow's import_graph_def; measured on every `-train` case of the corpus.
"""

from __future__ import annotations

from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.graph.names import array_name
from minmax_lint.graph.trace import Kept

ASSIGNMENTS = frozenset(
    {"Assign", "AssignAdd", "AssignSub", "ScatterAdd", "ScatterSub", "ScatterUpdate", "ApplyGradientDescent"}
)
"""Ops whose input 0 is a reference to a variable, which freezing turns into a constant."""


def refusal(kept: Kept, profile: str) -> Prediction | None:
    """The abort of every converter where TensorFlow refuses the frozen graph; None where it does not."""
    found = kept.once(import_error)
    if found is None:
        return None
    node, message = found
    cause = Obstacle("training", None, node, f"{node} assigns a variable, which freezing made a constant.")
    return Prediction(profile, "abort", "training-graph", message=message, obstacles=(cause,))


def import_error(kept: Kept) -> tuple[str, str] | None:
    """(the assigning node, TensorFlow's message) of the first assignment to a frozen variable; None if none."""
    graph = kept.graph
    for name, op in zip(graph.names, graph.columns.ops, strict=True):
        if op not in ASSIGNMENTS or not (name in kept or name in kept.control_only):
            continue
        inputs = graph[name].inputs
        if inputs and inputs[0].node in graph and graph.op(inputs[0].node) == "Const":
            source = f"{array_name(*inputs[0])}:0" if inputs[0].port == 0 else array_name(*inputs[0])
            return name, (
                f"ValueError: Input 0 of node {name} was passed float from {source} incompatible with expected "
                "float_ref."
            )
    return None
