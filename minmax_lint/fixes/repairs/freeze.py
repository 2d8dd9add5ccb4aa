"""Freeze: variables become constants, and only what the outputs depend on stays."""

from collections.abc import Sequence

from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.graph.freeze import VariableValues, freeze_graph, is_changed
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.trace import trace
from minmax_lint.ops.table import VARIABLES

NAME = "freeze"


def freeze(graph: Graph, variables: VariableValues | None, outputs: Sequence[str]) -> Repair:
    """Turn the variables that the outputs depend on into constants, and remove all other nodes.

    What `convert_variables_to_constants` does, from the checkpoint's bytes alone. Safe. Raises CannotRepair
    where the graph has no variables, or a variable has no value.
    """
    constants = freeze_graph(graph, variables)
    if constants is graph:
        raise CannotRepair("the graph has no variables: it is frozen already")
    kept = trace(constants, (), outputs)
    draft = Draft(graph)
    for name, op in zip(graph.names, graph.columns.ops, strict=True):
        if name not in kept.nodes and name not in kept.control_only:
            draft.remove(name)
        elif op in VARIABLES:
            node = constants[name]
            value = node.tensor()
            if value is None or not value.known:
                raise CannotRepair(f"variable {name!r} has no value beside the graph: name the checkpoint")
            draft.replace(node)
        elif is_changed(graph, name):
            draft.replace(constants[name])
    return draft.repair(NAME)
