"""The content of one file to a Model: every form, binary or text."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.loaders.checkpoint.bundle import Bundle
from minmax_lint.loaders.checkpoint.variables import CheckpointVariables
from minmax_lint.loaders.content import Kind, kind_of
from minmax_lint.loaders.graphdef.index import index_nodes
from minmax_lint.loaders.model import Model, Signature
from minmax_lint.loaders.savedmodel.directory import serving_meta_graph
from minmax_lint.loaders.savedmodel.metagraph import MetaGraph, meta_graph
from minmax_lint.loaders.wire import Buffer
from minmax_lint.ops.table import CALLS, CONTROL_FLOW

_TEXT_FORMS = {
    Kind.GRAPHDEF_TEXT: (Kind.GRAPHDEF, "GraphDef"),
    Kind.METAGRAPH_TEXT: (Kind.METAGRAPH, "MetaGraphDef"),
    Kind.SAVEDMODEL_TEXT: (Kind.SAVEDMODEL, "SavedModel"),
}


def parse(
    buffer: Buffer,
    path: Path | None = None,
    *,
    signature: str | None = None,
    prefix: Path | None = None,
    form: str | None = None,
) -> Model:
    """The model in `buffer`, read from `path`; `prefix` is that of the checkpoint with its variables.

    `form` is the format to report where the file alone does not show it. Raises UnreadableModel.
    """
    kind = kind_of(buffer)
    form = form or kind.value
    if kind in _TEXT_FORMS:
        from minmax_lint.loaders.graphdef.text import parse_text

        kind, message = _TEXT_FORMS[kind]
        buffer = parse_text(buffer, message)
    if kind is Kind.TFLITE:
        from minmax_lint.loaders.tflite.graph import tflite_model

        return tflite_model(buffer, path)
    if kind is Kind.GRAPHDEF:
        return Model(path, form, whole_graph(buffer))
    if kind is Kind.METAGRAPH:
        return _model(meta_graph(buffer), path, form, prefix, signature)
    if kind is Kind.SAVEDMODEL:
        return _model(serving_meta_graph(buffer, signature), path, form, prefix, signature)
    if kind in (Kind.KERAS, Kind.KERAS_HDF5):
        raise UnreadableModel("this is a Keras file, which Keras reads itself; give its path")
    raise UnreadableModel("this belongs to a checkpoint; give the path of the checkpoint")


def whole_graph(content: Buffer) -> Graph:
    """The graph of a GraphDef that is all of `content`, with the branches of its control flow."""
    return _branching(content, 0, len(content), graph_in(content, 0, len(content)))


def graph_in(buffer: Buffer, start: int, end: int) -> Graph:
    """The graph of a serialized GraphDef. Raises UnreadableModel for one that TensorFlow would refuse too."""
    graph = Graph(index_nodes(buffer, start, end))
    if len(graph) == 0:
        raise UnreadableModel("the graph has no nodes; save it again")
    if len(graph.positions) < len(graph):
        twice = Counter(graph.names).most_common(1)[0][0]
        raise UnreadableModel(f"node {twice!r} is there twice; TensorFlow reads no such graph, save it again")
    return graph


def calls_functions(graph: Graph, signatures: Mapping[str, Signature]) -> bool:
    """Whether a signature's outputs are results of a call, as TF2 exports them."""
    ends = (parse_edge(array).node for one in signatures.values() for array in one.outputs.values())
    return any(name in graph and graph.op(name) in CALLS for name in ends)


def _model(
    meta: MetaGraph, path: Path | None, form: str, prefix: Path | None, signature: str | None
) -> Model:
    graph = graph_in(meta.buffer, meta.graph_start, meta.graph_end)
    bundle = Bundle(prefix) if prefix is not None and Path(f"{prefix}.index").is_file() else None
    if calls_functions(graph, meta.signatures):
        from minmax_lint.loaders.savedmodel.inference_function import flatten

        return flatten(meta, graph, path, form, bundle, signature)
    if not meta.signatures and CALLS.intersection(graph.ops):
        from minmax_lint.loaders.savedmodel.object_graph import function_of_root

        function = function_of_root(meta.objects())
        if function:
            raise UnreadableModel(
                "this SavedModel has no signature, and TFLite's converter refuses it; "
                f"save it with signatures=model.{function}.get_concrete_function(...)"
            )
    whole = _branching(meta.buffer, meta.graph_start, meta.graph_end, graph)
    variables = CheckpointVariables(_restoring(meta, graph), bundle, meta.restore) if bundle else None
    return Model(path, form, whole, meta.signatures, variables)


def _restoring(meta: MetaGraph, graph: Graph) -> Graph:
    """The graph, or, where the saver calls a function to restore, as in what `fix` writes of TF2, what that does."""
    node = parse_edge(meta.restore).node
    if node not in graph or graph.op(node) not in CALLS:
        return graph
    from minmax_lint.loaders.savedmodel.inference_function import library_of, restoring

    return restoring(meta, graph, library_of(meta))


def _branching(buffer: Buffer, start: int, end: int, graph: Graph) -> Graph:
    """The graph in buffer[start:end] with what its If and While ops call. Raises UnreadableModel."""
    if CONTROL_FLOW.isdisjoint(graph.ops) and CALLS.isdisjoint(graph.ops):
        return graph
    from minmax_lint.loaders.savedmodel.flatten import Flattening
    from minmax_lint.loaders.savedmodel.library import read_library

    return Flattening(graph, read_library(buffer, start, end, ())).with_functions()
