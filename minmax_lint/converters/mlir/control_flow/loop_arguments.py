"""What a loop knows of the arguments that it hands on unchanged: the converter takes them from around the loop.

So the loop has no such variable any more, and none that only its own next value reads.

Source: WhileResultOperandsMatchAndImplicitCapture (tfl_ops.cc); measured with TF 2.15 and 2.21.
"""

from collections.abc import Iterator, Mapping

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.graph import Function, Graph, graph_of
from minmax_lint.graph.names import Edge, array_name, parse_edge
from minmax_lint.graph.node import Node, const_node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference

_MOVES = frozenset({"ExpandDims", "Identity", "Reshape", "Squeeze", "Transpose"})
"""Ops whose result has the range of what they move."""
_UINT8 = [Tensor.of(DType.FLOAT, [], [bound]) for bound in (-1.0, 1.0)]
"""Bounds in place of those that an input of the TF1 flow has."""


def loop_graph(loop: Function, inference: Inference, *, inputs_have_ranges: bool = False) -> Graph:
    """The body, or condition, with the constants that it is passed and hands on, and behind FakeQuants as these are.

    Such constants are the weights of RNN layers, such FakeQuants those of the elements that map_fn, scan and RNN layers
    read.
    """
    graph = loop.graph
    unchanged = {maker(graph, array) for array in loop.outputs} & loop.inputs.keys()
    constants = {name: inference.constant(loop.inputs[name]) for name in unchanged}
    ranges = {
        name: _fake_quant(inference, loop.inputs[name], inputs_have_ranges=inputs_have_ranges)
        for name in unchanged
    }
    if not any(constants.values()) and not any(ranges.values()):
        return graph
    return graph_of(list(_nodes(graph, constants, ranges)), graph.functions)


def maker(graph: Graph, array: str) -> str:
    """What an output of a branch is called in the model: identities go, and only a model's outputs keep names."""
    seen: set[str] = set()
    node = graph.producer(array)
    while node.op == "Identity" and node.inputs and node.name not in seen:
        seen.add(node.name)
        array = node.inputs[0].array
        node = graph[node.inputs[0].node]
    return array


def _fake_quant(
    inference: Inference, passed: str, *, inputs_have_ranges: bool
) -> tuple[Node, list[Tensor]] | None:
    """The FakeQuant that gives what is passed its range, with the bounds it reads."""
    graph, kept = inference.kept.graph, inference.kept
    name = parse_edge(passed).node
    seen: set[str] = set()
    while name in graph and graph.op(name) in _MOVES and name not in seen and not kept.is_cut(name):
        seen.add(name)
        edges = graph[name].inputs
        name = edges[0].node if edges and edges[0].port == 0 else ""
    if inputs_have_ranges and name in kept.inputs:
        return (Node(name, "FakeQuantWithMinMaxVars", (), (), {}), _UINT8)
    if name not in graph or graph.op(name) not in FAKE_QUANTS or kept.is_cut(name):
        return None
    bounds = [inference.constant(edge.array) for edge in graph[name].inputs[1:]]
    known = [bound for bound in bounds if bound is not None]
    return (graph[name], known) if len(known) == len(bounds) else None


def _nodes(
    graph: Graph,
    constants: dict[str, Tensor | None],
    ranges: dict[str, tuple[Node, list[Tensor]] | None],
) -> Iterator[Node]:
    behind = {Edge(name, 0): Edge(f"{name}/FakeQuant", 0) for name, found in ranges.items() if found}
    for node in graph:
        tensor, found = constants.get(node.name), ranges.get(node.name)
        if tensor is not None:
            yield const_node(node.name, tensor)
            continue
        yield node._replace(inputs=tuple(behind.get(edge, edge) for edge in node.inputs))
        if found is not None:
            name = f"{node.name}/FakeQuant"
            bounds = [const_node(f"{name}/{slot}", bound) for slot, bound in enumerate(found[1])]
            yield from bounds
            edges = (Edge(node.name, 0), *(Edge(bound.name, 0) for bound in bounds))
            yield found[0]._replace(name=name, inputs=edges, control_inputs=())


def place_of_variable(kept: Kept, node: str, function: Function, argument: str) -> int:
    """Which variable of the converted loop `node` an argument of its body or condition is, from 0 on."""
    place = function.place(argument)
    left = _variables(kept, node)
    return left.index(place) if place in left else place


def _variables(kept: Kept, node: str) -> list[int]:
    """The places of the arguments that stay variables of the loop."""
    condition, body = sorted(kept.graph.functions[node], key=lambda one: one.role == "loop body")
    results = [array_name(node, place) for place in range(len(body.outputs))]
    read = {condition.place(name) for name in condition.inputs}
    read |= {place for place, array in enumerate(results) if array in kept.outputs or kept.uses(array)}
    pending = [*read]
    while pending:
        needed = trace(body.graph, (), [body.outputs[pending.pop()]]).nodes
        more = {body.place(name) for name in body.inputs if name in needed} - read
        read |= more
        pending += more
    return [
        place
        for place in sorted(read)
        if maker(body.graph, body.outputs[place]) != (body.arguments or tuple(body.inputs))[place]
    ]


def reading_arrays(function: Function, passed: Mapping[str, DType]) -> Function:
    """The function with arrays for arguments that are lists."""
    kinds = {name: passed[array] for name, array in function.inputs.items() if array in passed}
    nodes = [
        node._replace(attrs={**node.attrs, "dtype": kinds[node.name]}) if node.name in kinds else node
        for node in function.graph
    ]
    return function._replace(graph=graph_of(nodes, function.graph.functions))
