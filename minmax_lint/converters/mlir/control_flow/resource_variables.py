"""Variables that a function of TensorFlow 2 assigns, such as the state of a stateful RNN: they are no constants.

What reads or updates one in other ways is a read, and an assignment, of its own.
Source: freeze_variables.cc (what nothing assigns is frozen), decompose_resource_ops.td, analyze_variables.cc,
legalize_variables.td and initialize_variables_pass.cc. Measured with TF 2.15.1 and 2.21.0.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import chain

from minmax_lint.converters.prediction import Obstacle, OpOutcome, Prediction
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph, graph_of
from minmax_lint.graph.layers import place_in_layer
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node, const_node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference
from minmax_lint.ops.table import RESOURCE_ASSIGNMENTS

_ASSIGN = "AssignVariableOp"
_UPDATES = {
    "AssignAddVariableOp": "AddV2",
    "AssignSubVariableOp": "Sub",
    "ResourceScatterUpdate": "TensorScatterUpdate",
}
"""Op -> what makes the value that it assigns, of the value that the variable has."""
_READ = "Identity"
"""What freezing makes of ReadVariableOp."""
_GATHER = "Gather"
"""What freezing makes of ResourceGather."""
INITIALIZED = "_initialized"
"""Attribute of a VarHandleOp that was a constant of the frozen graph: a function of the model gives it that value."""
_TYPES = frozenset({DType.FLOAT, DType.BOOL, DType.INT8, DType.UINT8, DType.INT32, DType.INT64})
"""Types of a variable of TFLite (variables_utils.cc)."""


def assignments(kept: Kept) -> list[str]:
    """The assignments that the outputs wait for: they are reached through control edges alone."""
    return [name for name in _assigning(kept.graph) if name in kept.control_only]


def assigned_in_functions(kept: Kept) -> dict[str, str]:
    """Variable -> the kept control flow in a function of which it is assigned."""
    graph = kept.graph
    return {
        variable: node
        for node, functions in graph.functions.items()
        if node in kept.nodes or node in kept.control_only
        for function in functions
        for variable in _variables_assigned(function.graph)
    }


def resource_refusal(kept: Kept, profile: str) -> Prediction | None:
    """The abort of the TF1 flow where a function assigns a variable, which freezing made a constant."""
    for variable, node in kept.once(assigned_in_functions).items():
        kind = (
            (kept.graph[variable].dtype("dtype") or DType.FLOAT).name.lower()
            if variable in kept.graph
            else "float"
        )
        message = f"input resource[0] expected type resource != {kind}, the type of {variable}"
        caller = place_in_layer(kept.graph[node])
        text = f"a function of {caller} assigns {variable!r}, and freezing made a constant of that"
        cause = Obstacle("control-flow", variable, node, text, (node,), "tf1-flow")
        return Prediction(profile, "abort", "other", message=message, obstacles=(cause,))
    return None


def effects(graph: Graph) -> Iterator[str]:
    """What assigns variables in a function: all of it runs, whether or not its results are read."""
    yield from graph.of_ops({_ASSIGN})
    for node, functions in graph.functions.items():
        if any(_variables_assigned(function.graph) for function in functions):
            yield node


def _variables_assigned(graph: Graph) -> tuple[str, ...]:
    """The variables that a function assigns, also in those that it calls; many may call one."""
    known: dict[None, tuple[str, ...]] = graph.memo.setdefault(_variables_assigned, {})
    if None not in known:
        found = dict.fromkeys(graph[name].inputs[0].node for name in _assigning(graph))
        for function in chain.from_iterable(graph.functions.values()):
            found.update(dict.fromkeys(_variables_assigned(function.graph)))
        known[None] = tuple(found)
    return known[None]


def _assigning(graph: Graph) -> list[str]:
    """The nodes that assign, those of a damaged graph that lack inputs aside."""
    return [
        name
        for name in graph.of_ops(RESOURCE_ASSIGNMENTS)
        if len(graph[name].inputs) > 1 + (graph.op(name) == "ResourceScatterUpdate")
    ]


def keep_assigned_variables(kept: Kept, inference: Inference) -> tuple[Kept, Inference]:
    """The kept subgraph with the variables that it assigns, and the assignments among its nodes.

    The same objects where it assigns none, or one of a type that TFLite's variables lack, or that another op reads.
    """
    graph, assigns = kept.graph, kept.once(assignments)
    inside = kept.once(assigned_in_functions)
    variables = dict.fromkeys([*(graph[name].inputs[0].node for name in assigns), *inside])
    if not variables or not all(_can_stay(kept, one) for one in variables):
        return kept, inference
    changed = _with_variables(graph, variables, {})
    found = reaching(trace(changed, kept.inputs, kept.outputs), [*assigns, *dict.fromkeys(inside.values())])
    return found, Inference(found, inference.input_shapes, inference.batch)


def reaching(kept: Kept, effects: Iterable[str]) -> Kept:
    """The kept subgraph with these nodes, and all that they need, among its nodes."""
    reached = trace(kept.graph, kept.inputs, (*kept.outputs, *effects)).nodes
    return Kept(kept.graph, kept.inputs, kept.outputs, reached, kept.control_only - reached)


def _with_variables(graph: Graph, variables: Collection[str], done: dict[int, Graph]) -> Graph:
    """The graph, and the functions that it calls, with variables in place of constants of their names."""
    for one in chain.from_iterable(graph.functions.values()):
        if id(one.graph) not in done:
            done[id(one.graph)] = _with_variables(one.graph, variables, done)
    functions = {
        node: tuple(one._replace(graph=done[id(one.graph)]) for one in called)
        for node, called in graph.functions.items()
    }
    read = {edge.node for node in graph for edge in node.inputs}
    nodes = [
        made._replace(attrs={**made.attrs, "T": [], "Tout": []})
        if made.name in functions and made.name not in read
        else made
        for node in graph
        for made in _make(node, graph, variables)
    ]
    # What a node without results does is its effect: no pass takes it for dead.
    return graph_of(nodes, functions)


def with_initializers(prediction: Prediction, kept: Kept, *, sixteen_bits: bool) -> Prediction:
    """The prediction with what gives each variable of the model its first value: a function of its own does it."""
    handles = (kept.graph[name] for name in kept.graph.of_ops({"VarHandleOp"}))
    variables = [node for node in handles if node.flag(INITIALIZED)]
    if not variables or prediction.verdict not in ("quantized", "float"):
        return prediction
    floats = [one.name for one in variables if one.dtype("dtype") is DType.FLOAT and not sixteen_bits]
    made = [
        OpOutcome("ASSIGN_VARIABLE", one.name, (one.name,), one.name not in floats, computes=False)
        for one in variables
    ]
    found = replace(prediction, ops=(*prediction.ops, *made))
    if prediction.verdict == "quantized":
        return found
    return replace(found, float_ops=(*found.float_ops, *(("ASSIGN_VARIABLE", name) for name in floats)))


def _can_stay(kept: Kept, name: str) -> bool:
    graph = kept.graph
    tensor = graph[name].tensor() if graph.op(name) == "Const" else None
    readers = {use.node for use in graph.uses(name)} & {*kept.nodes, *kept.control_only}
    return (
        tensor is not None
        and tensor.dtype in _TYPES
        and all(
            graph.op(one) in (_READ, _GATHER, *RESOURCE_ASSIGNMENTS) or one in graph.functions
            for one in readers
        )
    )


def _make(node: Node, graph: Graph, variables: Collection[str]) -> Iterator[Node]:
    """What stands for a node of the frozen graph."""
    variable = node.name if node.name in variables else node.inputs[0].node if node.inputs else ""
    tensor = graph[variable].tensor() if variable in variables else None
    if tensor is None or node.op == _ASSIGN:
        yield node
    elif variable == node.name:
        yield node._replace(
            op="VarHandleOp", attrs={"dtype": tensor.dtype, "shape": tuple(tensor.shape), INITIALIZED: True}
        )
    elif node.op == _READ:
        yield node._replace(op="ReadVariableOp", attrs={"dtype": tensor.dtype})
    else:
        read = Node(
            f"{node.name}/read",
            "ReadVariableOp",
            node.inputs[:1],
            node.control_inputs,
            {"dtype": tensor.dtype},
        )
        yield read
        value = Edge(read.name, 0)
        if node.op == _GATHER:
            yield node._replace(inputs=(value, *node.inputs[1:]))
        else:
            yield from _update(node, value, tensor.dtype)


def _update(node: Node, value: Edge, dtype: DType) -> Iterator[Node]:
    """The assignment of what `node` makes of the value that its variable has."""
    sources = node.inputs[1:]
    if node.op == "ResourceScatterUpdate" and sources:
        axis = const_node(f"{node.name}/axis", Tensor.of(DType.INT32, [], [-1]))
        rows = Node(
            f"{node.name}/rows", "ExpandDims", (sources[0], Edge(axis.name, 0)), (), {"T": DType.INT32}
        )
        yield from (axis, rows)
        sources = (Edge(rows.name, 0), *sources[1:])
    made = Node(f"{node.name}/value", _UPDATES[node.op], (value, *sources), (), {"T": dtype})
    yield made
    yield node._replace(op=_ASSIGN, inputs=(node.inputs[0], Edge(made.name, 0)), attrs={"dtype": dtype})
