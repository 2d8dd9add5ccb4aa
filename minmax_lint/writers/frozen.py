"""Models as frozen graphs: variables as constants, nothing but what the signatures' outputs depend on."""

from collections.abc import Iterator

from minmax_lint.errors import UserError
from minmax_lint.graph.attr import FunctionRef
from minmax_lint.graph.edit import edit_graph
from minmax_lint.graph.freeze import freeze_graph
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.trace import trace
from minmax_lint.loaders.model import Model
from minmax_lint.loaders.savedmodel.library import LIBRARY
from minmax_lint.loaders.wire import Buffer, fields
from minmax_lint.ops.table import RESOURCE_ASSIGNMENTS, VARIABLES
from minmax_lint.schema.attributes import encode_node
from minmax_lint.writers.graphdef import record
from minmax_lint.writers.metagraph import NewNames


def frozen_chunks(model: Model, names: NewNames) -> Iterator[Buffer]:
    """The GraphDef of `model` with the edit of `names`, frozen.

    Raises UserError where the model has no signature with outputs, or a variable no value.
    """
    after = edit_graph(freeze_graph(model.graph, model.variables), names.edit)
    outputs = [names.of(array) for one in model.signatures.values() for array in one.outputs.values()]
    if not outputs:
        raise UserError("a graph is frozen for its outputs, and this model has no signature that names them")
    kept = trace(after, (), outputs)
    _check_branches(model)
    calls = False
    for name in after.names:
        if name not in kept.nodes and name not in kept.control_only:
            continue
        node = after[name]
        if node.op in RESOURCE_ASSIGNMENTS:
            raise UserError(
                f"{name!r} assigns a variable, which would be a constant of a frozen graph; of a Keras model, export "
                "it (`model.export(FOLDER)`) and take the SavedModel"
            )
        constant = node.tensor()
        if constant is not None and not constant.known:
            raise UserError(f"variable {name!r} has no value beside the model, so it cannot be frozen")
        listed = (value if isinstance(value, list) else [value] for value in node.attrs.values())
        calls = calls or any(isinstance(one, FunctionRef) for values in listed for one in values)
        yield record(encode_node(node))
    yield from _others(model.outer or model.graph, calls)


def _check_branches(model: Model) -> None:
    """A variable that a branch reads is passed to it as a resource, which a constant cannot be."""
    graph = model.graph
    for name in graph.functions:
        if any(graph.op(edge.node) in VARIABLES for edge in graph[name].inputs):
            raise UserError(
                f"branches of {name!r} read variables, so the graph cannot be frozen here; give an --output "
                "folder: a SavedModel is written as one"
            )


def _others(graph: Graph, calls: bool) -> Iterator[Buffer]:
    """Versions of the source; its functions where a kept node calls one (If, While)."""
    serialized = graph.columns.serialized
    if serialized is None:
        return
    view = memoryview(serialized.buffer)
    for start, end in serialized.others:
        if calls or next(fields(view, start, end)).number != LIBRARY:
            yield view[start:end]
