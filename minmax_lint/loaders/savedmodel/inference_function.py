"""TF2 models: the function behind a signature as a graph of its own, with the variables it captures."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.loaders.checkpoint.bundle import Bundle
from minmax_lint.loaders.checkpoint.variables import CheckpointVariables
from minmax_lint.loaders.model import DEFAULT_SIGNATURE, Model, Signature
from minmax_lint.loaders.savedmodel.flatten import Flattening
from minmax_lint.loaders.savedmodel.library import Library, read_library
from minmax_lint.loaders.savedmodel.metagraph import MetaGraph
from minmax_lint.loaders.savedmodel.object_graph import captured_keys, is_exported


def flatten(
    meta: MetaGraph, graph: Graph, path: Path | None, form: str, bundle: Bundle | None, signature: str | None
) -> Model:
    """The model of one signature, every call replaced by what it calls.

    Without `signature` it is `serving_default`, and all of them where there is none of that name.
    Raises UnreadableModel where a function is missing, broken or calls itself.
    """
    library = library_of(meta)
    first = signature or DEFAULT_SIGNATURE
    variables = None
    if bundle is not None:
        variables = CheckpointVariables(
            restoring(meta, graph, library), bundle, captured=lambda: captured_keys(meta, graph, bundle)
        )
    copied = DEFAULT_SIGNATURE in meta.signatures and is_exported(meta.objects())

    def of_signatures(wanted: Sequence[str]) -> Model:
        flattening = Flattening(graph, library)
        signatures = {name: _signature(meta.signatures[name], flattening) for name in wanted}
        left = [name for name in meta.signatures if name not in signatures]
        copies = ("serve",) if copied and DEFAULT_SIGNATURE in signatures and "serve" in left else ()
        others = tuple(name for name in left if name not in copies)
        found = Model(path, form, flattening.graph(), signatures, variables, graph, others=others)
        return replace(found, copies=copies, flattened=of_signatures)

    return of_signatures([first] if first in meta.signatures else list(meta.signatures))


def _signature(signature: Signature, flattening: Flattening) -> Signature:
    arrays = flattening.want([*signature.inputs.values(), *signature.outputs.values()])
    inputs = dict(zip(signature.inputs, arrays, strict=False))
    outputs = dict(zip(signature.outputs, arrays[len(inputs) :], strict=True))
    shapes = {inputs[key]: signature.input_shapes.get(array) for key, array in signature.inputs.items()}
    return Signature(signature.name, inputs, outputs, shapes)


def restoring(meta: MetaGraph, graph: Graph, library: Library) -> Graph:
    """What the saver does to restore: which checkpoint key goes into which variable."""
    flattening = Flattening(graph, library)
    if parse_edge(meta.restore).node in graph:
        flattening.want([f"^{parse_edge(meta.restore).node}"])
    return flattening.graph()


def library_of(meta: MetaGraph) -> Library:
    """The functions that the graph calls."""
    return read_library(meta.buffer, meta.graph_start, meta.graph_end, meta.info().stripped_op_list.op)
