"""Inputs that the graph has a value for: a constant, a variable, a FakeQuant's bound. Cut there, it is unknown."""

from collections.abc import Mapping

from minmax_lint.graph.attr import Attr, UnknownRank
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Details, Graph, reached
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape

HAD_VALUE = "_cut_constant"
"""Attribute of a Placeholder that stands in the place of a Const, its value: TOCO keeps the buffer of such an array."""


def without_values_of(graph: Graph, inputs: Mapping[str, Shape | None]) -> Graph:
    """The graph with a Placeholder in place of each input that depends on constants alone.

    `inputs`: canonical array -> shape as the user gave it. Inputs behind a Placeholder stay what they are: no value
    is known of them anyhow.
    """
    cut = {
        name: _placeholder(graph[name], shape)
        for array, shape in inputs.items()
        for name, port in [parse_edge(array)]
        if port == 0 and graph.op(name) not in _OPEN and _constant(graph, name)
    }
    if not cut:
        return graph
    old = graph.columns
    places = {graph.position(name): node for name, node in cut.items()}

    def details(position: int) -> Details:
        node = places.get(position)
        return old.details(position) if node is None else (node.attrs, node.device)

    ops = [places[at].op if at in places else op for at, op in enumerate(old.ops)]
    raw = [() if at in places else texts for at, texts in enumerate(old.inputs)]
    return Graph(old._replace(ops=ops, inputs=raw, details=details, serialized=None), graph.functions)


_OPEN = frozenset({"Placeholder", "PlaceholderWithDefault"})


def _constant(graph: Graph, name: str) -> bool:
    """Whether node `name` depends on no Placeholder and calls no function."""
    return not any(
        one not in graph or graph.op(one) in _OPEN or one in graph.functions
        for one in reached([name], graph.dependencies)
    )


def _placeholder(node: Node, given: Shape | None) -> Node:
    tensor = node.tensor() if node.op == "Const" else None
    stated: Shape | UnknownRank = UnknownRank() if tensor is None else tensor.shape
    attrs: dict[str, Attr] = {
        "dtype": node.dtype("dtype") or node.dtype("T") or DType.FLOAT,
        "shape": stated if given is None else given,
    }
    if tensor is not None:
        attrs[HAD_VALUE] = tensor
    return Node(node.name, "Placeholder", attrs=attrs, device=node.device)
