"""How many inputs and outputs an op has: TensorFlow imports no graph in which a node has more or fewer.

Source: the op registry; `import_graph_def` says "NodeDef expected inputs ... do not match N inputs specified" or
"Connecting to invalid output".
"""

from collections.abc import Iterable
from functools import cache

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.op_registry import registered_op

_ANY = 1 << 62
_OF_THE_CONVERTERS = {"Gelu": (1, 1), "UnidirectionalSequenceLSTM": (1, _ANY)}
"""Ops outside the registry that a converter makes or takes."""


@cache
def input_counts(op: str) -> tuple[int, int]:
    """The least and the most data inputs of an op; anything for an op that is not TensorFlow's."""
    known = registered_op(op)
    if known is None:
        return _OF_THE_CONVERTERS.get(op, (0, _ANY))
    return known.inputs, _ANY if known.more_inputs else known.inputs


@cache
def _has_one_output(op: str) -> bool:
    known = registered_op(op)
    return known is not None and len(known.results) == 1 and known.results[0][0] == 1


def has_array(graph: Graph, array: str) -> bool:
    """Whether the graph has the node of an array, and the node, as far as is known, that output."""
    edge = parse_edge(array)
    return edge.node in graph and not (edge.port and _has_one_output(graph.op(edge.node)))


def without_array(graph: Graph, outputs: Iterable[str]) -> tuple[str, str] | None:
    """The first named output whose node has none (NoOp, _Retval), and what the converter says; None where all have."""
    for array in outputs:
        node = parse_edge(array).node
        known = registered_op(graph.op(node))
        if known is not None and known.result_count(graph[node]) == 0:
            return node, f"ValueError: Invalid tensors {array!r} were found."
    return None


def misfit(graph: Graph, names: Iterable[str], seen: set[int] | None = None) -> tuple[str, str] | None:
    """The first of `names` whose inputs do not fit its op, and what TensorFlow says; None where all do.

    What a node calls counts as part of it. `seen`: functions that are known to fit, which several nodes may call.
    """
    seen = set() if seen is None else seen
    ops, inputs, positions = graph.columns.ops, graph.columns.inputs, graph.positions
    for name in names:
        op, raw = ops[positions[name]], inputs[positions[name]]
        for called in graph.functions.get(name, ()):
            if id(called.graph) in seen:
                continue
            seen.add(id(called.graph))
            inside = misfit(called.graph, called.graph.names, seen)
            if inside is not None:
                return inside
        if not raw and op == "Const":
            continue
        least, most = input_counts(op)
        if least == most == len(raw) and not any(":" in text or text.startswith("^") for text in raw):
            continue
        data = [text for text in raw if not text.startswith("^")]
        if not least <= len(data) <= most:
            return name, (
                f"ValueError: NodeDef expected inputs of {op} do not match {len(data)} inputs specified; "
                f"NodeDef: {{{{node {name}}}}}"
            )
        for source, port in map(parse_edge, data):
            made_by = ops[positions[source]] if port and source in positions else ""
            if made_by and _has_one_output(made_by):
                return name, (
                    f"ValueError: Node '{name}': Connecting to invalid output {port} of source node {source} "
                    "which has 1 outputs."
                )
    return None
