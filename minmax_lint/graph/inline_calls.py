"""What a frozen graph calls, in place of the calls: both converters have Grappler inline functions before they look."""

from collections.abc import Mapping

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Function, Graph, graph_of
from minmax_lint.graph.names import Edge, parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.ops.table import CALLS


def inline_calls(graph: Graph) -> Graph:
    """The graph with the body of every function it calls, under `CALL/NODE`; the same graph where it calls none.

    A call stays as an Identity of its results, so that what names it still finds it.
    """
    calls = {name for name in graph.functions if graph.op(name) in CALLS}
    if not calls:
        return graph
    nodes: list[Node] = []
    functions = {name: called for name, called in graph.functions.items() if name not in calls}
    becomes: dict[Edge, Edge] = {}
    for node in graph:
        if node.name not in calls:
            nodes.append(node)
            continue
        (function,) = graph.functions[node.name]
        names = {inner: _under(node.name, inner) for inner in function.graph.names}
        nodes += [_move(inner, function, names) for inner in function.graph]
        functions.update(_branches(function, names))
        for port, array in enumerate(function.outputs):
            becomes[Edge(node.name, port)] = _rename(parse_edge(array), names)
        results = tuple(becomes[Edge(node.name, port)] for port in range(len(function.outputs)))
        nodes.append(_handing_on(node, results))
    moved = [
        node
        if node.name in calls
        else node._replace(inputs=tuple(becomes.get(edge, edge) for edge in node.inputs))
        for node in nodes
    ]
    return graph_of(moved, functions)


def _under(call: str, name: str) -> str:
    return name if name.startswith(f"{call}/") else f"{call}/{name}"


def _move(node: Node, function: Function, names: Mapping[str, str]) -> Node:
    passed = function.inputs.get(node.name)
    if passed is not None:
        return _identity(names[node.name], parse_edge(passed), node.dtype("dtype"), ())
    inputs = tuple(_rename(edge, names) for edge in node.inputs)
    controls = tuple(names.get(name, name) for name in node.control_inputs)
    return node._replace(name=names[node.name], inputs=inputs, control_inputs=controls)


def _branches(function: Function, names: Mapping[str, str]) -> dict[str, tuple[Function, ...]]:
    """What the control flow of a body calls, with what it is passed under the new names."""

    def passed(one: Function) -> Function:
        renamed = {
            argument: _rename(parse_edge(array), names).array for argument, array in one.inputs.items()
        }
        return one._replace(inputs=renamed)

    return {names[name]: tuple(map(passed, called)) for name, called in function.graph.functions.items()}


def _handing_on(call: Node, results: tuple[Edge, ...]) -> Node:
    listed = call.attribute("Tout")
    kinds = [kind for kind in listed if isinstance(kind, DType)] if isinstance(listed, list) else []
    if len(results) == 1:
        return _identity(call.name, results[0], kinds[0] if kinds else None, call.control_inputs)
    return Node(call.name, "IdentityN", results, call.control_inputs, {"T": kinds})


def _identity(name: str, source: Edge, kind: DType | None, controls: tuple[str, ...]) -> Node:
    return Node(name, "Identity", (source,), controls, {"T": kind or DType.FLOAT})


def _rename(edge: Edge, names: Mapping[str, str]) -> Edge:
    return Edge(names.get(edge.node, edge.node), edge.port)
