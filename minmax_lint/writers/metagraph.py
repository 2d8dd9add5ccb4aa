"""MetaGraphs and SavedModels around an edited graph: everything else stays byte for byte.

Signatures and collections follow outputs that go by another name and nodes that were renamed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from minmax_lint.graph.edit import Edit
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import array_name, parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.loaders.savedmodel.directory import META_GRAPHS
from minmax_lint.loaders.savedmodel.metagraph import COLLECTION, GRAPH, SIGNATURE, MetaGraph, meta_graph
from minmax_lint.loaders.wire import LENGTH_DELIMITED, Buffer, Field, delimiter, fields
from minmax_lint.schema.messages import message_in
from minmax_lint.writers.graphdef import chunks


@dataclass(frozen=True)
class NewNames:
    """Where the arrays and nodes of the graph before went in the graph `after`."""

    outputs: Mapping[str, str]
    edit: Edit
    after: Graph

    @property
    def unchanged(self) -> bool:
        """Whether everything stays as it is."""
        return self.edit.empty and not self.outputs

    def shape_of(self, text: str) -> Shape:
        """The new shape of an input; empty where it keeps its own."""
        found = self.edit.attrs.get(parse_edge(text).node, {}).get("shape")
        return found if isinstance(found, tuple) else ()

    def of(self, text: str) -> str:
        """The new name of a tensor (`x:0`) or node (`x`), spelled as the old one is."""
        node, port = parse_edge(text)
        array = self.outputs.get(array_name(node, port))
        if array is not None:
            node, port = parse_edge(array)
        elif node in self.edit.renamed and node not in self.after:
            node = self.edit.renamed[node]
        return f"{node}:{port}" if ":" in text else array_name(node, port)


def meta_graph_chunks(meta: MetaGraph, names: NewNames) -> Iterator[Buffer]:
    """The MetaGraphDef `meta` with the graph `names.after`."""
    view = memoryview(meta.buffer)
    for found in fields(meta.buffer, meta.start, meta.end):
        if found.wire_type == LENGTH_DELIMITED and found.number == GRAPH:
            yield from enclose(GRAPH, chunks(names.after))
        elif found.wire_type == LENGTH_DELIMITED and found.number == SIGNATURE:
            yield entry(view, found, "SignatureDefEntry", lambda one: _rename_signature(one.value, names))
        elif found.wire_type == LENGTH_DELIMITED and found.number == COLLECTION:
            yield entry(view, found, "CollectionDefEntry", lambda one: _rename_collection(one.value, names))
        else:
            yield view[found.tag : found.end]


def saved_model_chunks(
    buffer: Buffer, graph_start: int, written: Callable[[MetaGraph], Iterator[Buffer]]
) -> Iterator[Buffer]:
    """The SavedModel in `buffer`, the MetaGraph whose graph is at `graph_start` as `written` writes it."""
    view = memoryview(buffer)
    for found in fields(buffer, 0, len(buffer)):
        edited = found.number == META_GRAPHS and found.start <= graph_start <= found.end
        if edited and found.wire_type == LENGTH_DELIMITED:
            meta = meta_graph(buffer, found.start, found.end)
            yield from enclose(META_GRAPHS, written(meta))
        else:
            yield view[found.tag : found.end]


def enclose(number: int, pieces: Iterable[Buffer]) -> Iterator[Buffer]:
    """Field `number` with `pieces` as its payload."""
    listed = list(pieces)
    yield delimiter(number, sum(map(len, listed)))
    yield from listed


def entry(view: memoryview, found: Field, name: str, change: Callable[[Any], bool]) -> Buffer:
    """One entry of a map of the MetaGraph: its own bytes unless `change` changes it."""
    message = message_in(bytes(view[found.start : found.end]), f"tensorflow.MetaGraphDef.{name}")
    if not change(message):
        return view[found.tag : found.end]
    payload: bytes = message.SerializeToString(deterministic=True)
    return delimiter(found.number, len(payload)) + payload


def _rename_signature(signature: Any, names: NewNames) -> bool:
    infos = [*signature.inputs.values(), *signature.outputs.values()]
    changed = [info for info in infos if info.name and names.of(info.name) != info.name]
    shaped = reshape_inputs(signature, names)
    for info in changed:
        info.name = names.of(info.name)
    return bool(changed or shaped)


def reshape_inputs(signature: Any, names: NewNames) -> bool:
    """Give the inputs of a SignatureDef the shapes that their nodes have now; whether one changes."""
    changed = [info for info in signature.inputs.values() if names.shape_of(info.name)]
    for info in changed:
        for dimension, size in zip(info.tensor_shape.dim, names.shape_of(info.name), strict=False):
            dimension.size = -1 if size is None else size
    return bool(changed)


def _rename_collection(collection: Any, names: NewNames) -> bool:
    if collection.WhichOneof("kind") != "node_list":
        return False
    listed = collection.node_list.value
    renamed = [names.of(text) for text in listed]
    if renamed == list(listed):
        return False
    listed[:] = renamed
    return True
