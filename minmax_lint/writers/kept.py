"""The kept subgraph as a frozen GraphDef: what a real converter, or a session, is given."""

from collections.abc import Iterable, Iterator, Mapping

from minmax_lint.errors import UserError
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.freeze import freeze_graph, is_changed
from minmax_lint.graph.graph import Columns, Details, Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import Kept, trace, unknown_variable
from minmax_lint.inference.element_types import element_type
from minmax_lint.loaders.model import Model
from minmax_lint.ops.outside import reaches_outside
from minmax_lint.ops.table import RESOURCE_ASSIGNMENTS
from minmax_lint.writers.graphdef import encode


def frozen_model(model: Model, inputs: Mapping[str, Shape | None], outputs: Iterable[str]) -> bytes:
    """The kept subgraph of a model (see `frozen_kept`)."""
    view = freeze_graph(model.graph, model.variables)
    return frozen_kept(model.graph, trace(view, inputs, tuple(outputs)), inputs)


def frozen_kept(graph: Graph, kept: Kept, inputs: Mapping[str, Shape | None]) -> bytes:
    """The kept subgraph as a frozen GraphDef; what freezing leaves alone is spliced from `graph`'s source.

    An input in the middle of the graph, or with a default, becomes a Placeholder. Raises UserError where the value
    of a variable is not known, where such an input is not the first output of its node, or where a node reaches
    files, connections or Python when it runs.
    """
    view = kept.graph
    unused = {parse_edge(array).node for array in kept.inputs} - kept.nodes
    names = [name for name in view.names if name in kept.nodes or name in kept.control_only or name in unused]
    cut = _placeholders(kept, inputs)
    _refuse_outside((name, op) for name, op in _ops(kept, names) if name not in cut)
    calling = calling_node(graph, kept)
    if calling is not None:
        raise UserError(
            f"{calling!r} ({view.op(calling)}) calls functions or assigns a variable, which a graph frozen here does "
            "not hold: convert the SavedModel itself, with TFLiteConverter.from_saved_model; of a Keras model, the one "
            "that model.export(FOLDER) writes"
        )
    unknown = unknown_variable(graph, kept)
    if unknown is not None:
        raise UserError(
            f"the value of variable {unknown!r} is not known, so the graph cannot be frozen: name the "
            "checkpoint with --checkpoint PREFIX, or a SavedModel or a frozen graph (`fix --freeze` writes one)"
        )
    places = [view.position(name) for name in names]
    source = graph.columns.serialized
    serialized = source and source._replace(
        origin=lambda i: (
            source.origin(places[i]) if names[i] not in cut and not is_changed(graph, names[i]) else None
        ),
        changed=frozenset(i for i, place in enumerate(places) if place in source.changed),
    )
    columns = view.columns
    pruned = Columns(
        names,
        ["Placeholder" if names[i] in cut else columns.ops[place] for i, place in enumerate(places)],
        [() if names[i] in cut else columns.inputs[place] for i, place in enumerate(places)],
        lambda i: cut.get(names[i]) or columns.details(places[i]),
        serialized,
    )
    return encode(Graph(pruned, view.functions))


def _ops(kept: Kept, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every node of those with its op, and every node of the functions that they call."""
    pending = [(kept.graph, names)]
    while pending:
        graph, nodes = pending.pop()
        for name in nodes:
            yield name, graph.op(name)
            pending += [(function.graph, function.graph.names) for function in graph.functions.get(name, ())]


def _refuse_outside(ops: Iterable[tuple[str, str]]) -> None:
    for name, op in ops:
        if reaches_outside(op):
            raise UserError(
                f"{name!r} ({op}) reaches files, connections or Python when it runs, so TensorFlow is not given this "
                "model: end it in front of that op (-o), or begin it behind (-i)"
            )


def calling_node(graph: Graph, kept: Kept) -> str | None:
    """What cannot be frozen of a graph put together from a SavedModel's functions.

    An If, While or Case, whose functions the graph does not hold, or an assignment, whose variable would be a constant.
    """
    if graph.columns.serialized is not None:
        return None
    found = (*kept.graph.functions, *kept.graph.of_ops(RESOURCE_ASSIGNMENTS))
    return next((name for name in found if name in kept.nodes or name in kept.control_only), None)


def _placeholders(kept: Kept, inputs: Mapping[str, Shape | None]) -> Mapping[str, Details]:
    """Nodes at which the trace stopped and that are no Placeholders, as those they become."""
    found: dict[str, Details] = {}
    for array, shape in inputs.items():
        edge = parse_edge(array)
        if edge.node not in kept.graph or kept.graph.op(edge.node) == "Placeholder":
            continue
        if edge.port:
            raise UserError(f"the input {array!r} is not the first output of {edge.node!r}: choose another")
        dtype = element_type(kept.graph[edge.node], 0)
        known = {} if shape is None else {"shape": shape}
        found[edge.node] = ({"dtype": DType.FLOAT if dtype is DType.INVALID else dtype, **known}, "")
    return found
