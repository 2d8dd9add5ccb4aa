"""Variables that a function of TensorFlow 2 assigns, such as the state of a stateful RNN: they are no constants.

Source: freeze_variables.cc (what nothing assigns is frozen), analyze_variables.cc and legalize_variables.td.
Measured with TF 2.15.1 and 2.21.0.
"""

from collections.abc import Collection

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import graph_of
from minmax_lint.graph.node import Node
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference

_ASSIGN = "AssignVariableOp"
_READ = "Identity"
"""What freezing makes of ReadVariableOp."""
_TYPES = frozenset({DType.FLOAT, DType.BOOL, DType.INT8, DType.UINT8, DType.INT32, DType.INT64})
"""Types of a variable of TFLite (variables_utils.cc)."""


def assignments(kept: Kept) -> list[str]:
    """The assignments that the outputs wait for: they are reached through control edges alone."""
    graph = kept.graph
    return [name for name in graph.names if name in kept.control_only and graph.op(name) == _ASSIGN]


def keep_assigned_variables(kept: Kept, inference: Inference) -> tuple[Kept, Inference]:
    """The kept subgraph with the variables that it assigns, and the assignments among its nodes.

    The same objects where it assigns none, or one of a type that TFLite's variables lack, or that another op reads.
    """
    graph, assigns = kept.graph, kept.once(assignments)
    variables = dict.fromkeys(graph[name].inputs[0].node for name in assigns)
    if not variables or not all(_can_stay(kept, one) for one in variables):
        return kept, inference
    changed = graph_of([_made(node, kept, variables) for node in graph], dict(graph.functions))
    found = trace(changed, kept.inputs, kept.outputs)
    reached = trace(changed, kept.inputs, (*kept.outputs, *assigns)).nodes
    found = Kept(changed, found.inputs, found.outputs, reached, found.control_only - reached)
    return found, Inference(found, inference.input_shapes, inference.batch)


def _can_stay(kept: Kept, name: str) -> bool:
    graph = kept.graph
    tensor = graph[name].tensor() if graph.op(name) == "Const" else None
    readers = {use.node for use in graph.uses(name)} & {*kept.nodes, *kept.control_only}
    return (
        tensor is not None
        and tensor.dtype in _TYPES
        and all(graph.op(one) in (_READ, _ASSIGN) for one in readers)
    )


def _made(node: Node, kept: Kept, variables: Collection[str]) -> Node:
    """What stands for a node of the frozen graph."""
    variable = node.name if node.name in variables else node.inputs[0].node if node.inputs else ""
    tensor = kept.graph[variable].tensor() if variable in variables else None
    if tensor is None or node.op == _ASSIGN:
        return node
    if variable == node.name:
        return node._replace(op="VarHandleOp", attrs={"dtype": tensor.dtype, "shape": tuple(tensor.shape)})
    return node._replace(op="ReadVariableOp", attrs={"dtype": tensor.dtype})
