"""SavedModels of TF2 whose functions were put together to one graph: that graph is added, and serves.

The graph that calls functions stays as it is, with its saver and all its variables; the new nodes stand
beside it and the signature names their arrays. The Python objects are left out: their functions know
nothing of the change, and `tf.saved_model.load` then serves the signatures instead. With them goes `serve`, the copy
of `serving_default` that Keras' `model.export` writes: converters know by the objects to take one of both.
What initializes tables is then a collection's op, as in TF1: the loader prunes every signature to its inputs, and
a table's file is no input of one.
Source: tensorflow/python/saved_model/load.py and load_v1_in_v2.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from minmax_lint.errors import UserError
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.edit import Edit, edit_graph
from minmax_lint.graph.graph import Graph
from minmax_lint.loaders.checkpoint.variables import CheckpointVariables
from minmax_lint.loaders.model import Model
from minmax_lint.loaders.savedmodel.metagraph import (
    BOOKKEEPING,
    COLLECTION,
    GRAPH,
    OBJECTS,
    SIGNATURE,
    MetaGraph,
)
from minmax_lint.loaders.wire import Buffer, delimiter, fields
from minmax_lint.ops.table import VARIABLES
from minmax_lint.schema.attributes import encode_node
from minmax_lint.schema.messages import message_class, message_in
from minmax_lint.writers.graphdef import chunks, record
from minmax_lint.writers.metagraph import (
    NewNames,
    enclose,
    entry,
    meta_graph_chunks,
    reshape_inputs,
    saved_model_chunks,
)

_INITIALIZER = "__saved_model_init_op"
_MAIN_OP = "saved_model_main_op"


def flattened_chunks(model: Model, names: NewNames) -> Iterator[Buffer]:
    """The SavedModel with the graph `names.after` added to its own; as it is where only inputs have other shapes.

    Functions stay then: MLIR knows an LSTM layer by its function.
    Raises UserError where that cannot serve: a changed node of its own graph, a variable that nothing restores.
    """
    outer = model.outer
    serialized = outer.columns.serialized if outer is not None else None
    if outer is None or serialized is None:
        raise ValueError("not a model that was put together from functions")
    reshaped = Edit(attrs=_new_shapes(outer, names))
    own = NewNames({}, reshaped, edit_graph(outer, reshaped))
    if names.edit == reshaped:
        return saved_model_chunks(
            serialized.buffer, serialized.start, lambda meta: meta_graph_chunks(meta, own)
        )
    check_variables(model)
    added = _additions(outer, names)
    outer = own.after
    return saved_model_chunks(
        serialized.buffer, serialized.start, lambda meta: _meta_graph(meta, outer, added, model, names)
    )


def _meta_graph(
    meta: MetaGraph, outer: Graph, added: list[bytes], model: Model, names: NewNames
) -> Iterator[Buffer]:
    view = memoryview(meta.buffer)

    def serve(one: Any) -> bool:
        signature = model.signatures.get(one.key)
        if signature is None:
            return False
        for key, array in signature.outputs.items():
            new = names.of(array)
            one.value.outputs[key].name = new if ":" in new else f"{new}:0"
        reshape_inputs(one.value, names)
        return True

    for found in fields(meta.buffer, meta.start, meta.end):
        if found.number == GRAPH:
            yield from enclose(GRAPH, [*chunks(outer), *added])
        elif found.number == SIGNATURE:
            signature = message_in(
                bytes(view[found.start : found.end]), "tensorflow.MetaGraphDef.SignatureDefEntry"
            )
            if not _is_copy(signature.key, model):
                yield _main_op(signature) or entry(view, found, "SignatureDefEntry", serve)
        elif found.number != OBJECTS:
            yield view[found.tag : found.end]


def _is_copy(key: str, model: Model) -> bool:
    """Whether a signature is Keras' copy of the one that changes: without the Python objects converters take it too."""
    return key not in (*model.signatures, *model.others) and not key.startswith(BOOKKEEPING)


def _main_op(signature: Any) -> bytes:
    """The signature that initializes as the collection that does the same; empty for any other signature."""
    if signature.key != _INITIALIZER or _INITIALIZER not in signature.value.outputs:
        return b""
    collection = message_class("tensorflow.MetaGraphDef.CollectionDefEntry")(key=_MAIN_OP)
    collection.value.node_list.value.append(signature.value.outputs[_INITIALIZER].name)
    payload: bytes = collection.SerializeToString(deterministic=True)
    return delimiter(COLLECTION, len(payload)) + payload


def _additions(outer: Graph, names: NewNames) -> list[bytes]:
    """The records of all nodes that the SavedModel's own graph does not have."""
    edit = names.edit
    own = {*edit.renamed, *edit.inputs, *edit.attrs.keys() - _new_shapes(outer, names), *edit.ops}
    fresh = {node.name for node in edit.added} | set(edit.renamed.values())
    clash = next((name for name in [*own, *fresh] if name in outer), None)
    if clash is not None:
        raise UserError(
            f"node {clash!r} belongs to the SavedModel's own graph, which must stay as it is; "
            "write a frozen graph instead: give an --output that ends in .pb"
        )
    return [record(encode_node(node)) for node in names.after if node.name not in outer]


def _new_shapes(outer: Graph, names: NewNames) -> dict[str, Mapping[str, Attr]]:
    """The inputs that the SavedModel's own graph has, with their new shapes."""
    changed = names.edit.attrs.items()
    return {name: attrs for name, attrs in changed if name in outer and attrs.keys() == {"shape"}}


def check_variables(model: Model) -> None:
    """A variable that only the Python objects restore would be empty in the new graph."""
    variables = model.variables
    for name, op in zip(model.graph.names, model.graph.columns.ops, strict=True):
        if op not in VARIABLES:
            continue
        if not isinstance(variables, CheckpointVariables) or not variables.is_restored(name):
            raise UserError(
                f"variable {name!r} is restored by Python objects only, so a changed SavedModel would not "
                "serve; write a frozen graph instead: give an --output that ends in .pb"
            )
