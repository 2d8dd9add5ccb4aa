"""A serialized MetaGraphDef: its graph by the index, its signatures and saver parsed, the rest left alone."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.attr import UnknownRank
from minmax_lint.graph.names import canonical_array
from minmax_lint.loaders.model import Signature
from minmax_lint.loaders.wire import LENGTH_DELIMITED, Buffer, fields
from minmax_lint.schema.attributes import decode_shape
from minmax_lint.schema.messages import message_class

META_INFO, GRAPH, SAVER, COLLECTION, SIGNATURE, OBJECTS = 1, 2, 3, 4, 5, 7
"""Fields of MetaGraphDef. Source: tensorflow/core/protobuf/meta_graph.proto."""

BOOKKEEPING = "__saved_model_"
"""Signatures of that prefix initialize or train; they serve no inference."""


class MetaGraph(NamedTuple):
    """A MetaGraphDef in `buffer[start:end]`, its GraphDef in `buffer[graph_start:graph_end]`."""

    buffer: Buffer
    start: int
    end: int
    graph_start: int
    graph_end: int
    head: Any
    """The message with saver and signatures alone."""

    @property
    def restore(self) -> str:
        """The name of the saver's restore op; empty where there is no saver."""
        name: str = self.head.saver_def.restore_op_name
        return name

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """Its signatures by name, in order of their names."""
        return {
            name: _signature(name, self.head.signature_def[name])
            for name in sorted(self.head.signature_def)
            if not name.startswith(BOOKKEEPING)
        }

    def info(self) -> Any:
        """The MetaInfoDef: tags, the definitions of all ops used."""
        return self._part(META_INFO, "MetaGraphDef.MetaInfoDef")

    def objects(self) -> Any:
        """The SavedObjectGraph: the Python objects of a TF2 model."""
        return self._part(OBJECTS, "SavedObjectGraph")

    def _part(self, number: int, message: str) -> Any:
        for found in fields(self.buffer, self.start, self.end):
            if found.number == number and found.wire_type == LENGTH_DELIMITED:
                return _parse(message, bytes(self.buffer[found.start : found.end]))
        return _parse(message, b"")


def meta_graph(buffer: Buffer, start: int = 0, end: int | None = None) -> MetaGraph:
    """Read a MetaGraphDef without its graph. Raises UnreadableModel where it has none."""
    stop = len(buffer) if end is None else end
    head = bytearray()
    graph: tuple[int, int] | None = None
    for found in fields(buffer, start, stop):
        if found.number == GRAPH and found.wire_type == LENGTH_DELIMITED:
            if graph is not None:
                raise UnreadableModel("the MetaGraph holds two graphs; save it again")
            graph = found.start, found.end
        elif found.number in (SAVER, SIGNATURE):
            head += buffer[found.tag : found.end]
    if graph is None or graph[0] == graph[1]:
        raise UnreadableModel("the MetaGraph holds no graph; save it again with its graph")
    return MetaGraph(buffer, start, stop, *graph, _parse("MetaGraphDef", bytes(head)))


def _parse(name: str, content: bytes) -> Any:
    try:
        return message_class(f"tensorflow.{name}").FromString(content)
    except DecodeError:
        raise UnreadableModel("the MetaGraph's own description is damaged; save it again") from None


def _signature(name: str, message: Any) -> Signature:
    shapes = {
        canonical_array(info.name): None if isinstance(shape, UnknownRank) else shape
        for info in message.inputs.values()
        for shape in (decode_shape(info.tensor_shape),)
    }
    return Signature(name, _arrays(message.inputs), _arrays(message.outputs), shapes)


def _arrays(tensors: Any) -> dict[str, str]:
    return {key: canonical_array(tensors[key].name) for key in sorted(tensors) if tensors[key].name}
