"""What TensorFlow and the real converters are given of a model: a frozen graph, or else a SavedModel as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from minmax_lint.backends.conversion.run import SavedModel
from minmax_lint.errors import UserError
from minmax_lint.fixes.edit.repair import CannotRepair
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.fixes.repairs.strip import strip
from minmax_lint.graph.edit import edit_graph
from minmax_lint.graph.freeze import freeze_graph
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import trace
from minmax_lint.loaders.buffers import map_file
from minmax_lint.loaders.model import Model
from minmax_lint.ops.outside import strange_in_a_saved_model
from minmax_lint.ops.table import ASSIGNMENTS
from minmax_lint.schema.messages import message_in
from minmax_lint.writers.kept import calling_node, frozen_kept


def runnable(
    model: Model,
    inputs: Mapping[str, Shape | None],
    outputs: Sequence[str],
    patch: Patch | None,
    folder: Path,
    *,
    at_inference: bool = False,
) -> bytes | SavedModel:
    """The model, repaired by `patch` where there is one; `outputs` are those before it.

    The SavedModel itself, of which a repaired copy goes to `folder`, where a frozen graph would lack the
    functions that an If, While or Case calls. `at_inference`: without what assigns to variables as it runs, which
    TensorFlow does not run on constants; the values at inference are the same. Raises UserError where the graph cannot
    be frozen, no signature has just these inputs and outputs, or loading or running it would reach outside it.
    """
    if patch is None or patch.empty:
        graph, kept = model.graph, trace(freeze_graph(model.graph, model.variables), inputs, tuple(outputs))
        if at_inference and any(graph.op(name) in ASSIGNMENTS for name in kept.nodes if name in graph):
            with suppress(CannotRepair):
                graph = edit_graph(graph, strip(graph, kept).edit)
                kept = trace(freeze_graph(graph, model.variables), inputs, tuple(outputs))
    else:
        graph, kept = patch.graph, patch.after.trace
    calling = calling_node(graph, kept)
    if calling is None or model.path is None or not model.format.startswith("savedmodel"):
        return frozen_kept(graph, kept, inputs)
    for one in model.signatures.values():
        keys = {array: key for key, array in one.outputs.items()}
        if {*one.inputs.values()} == {*inputs} and keys.keys() == {*outputs}:
            _refuse_outside(model.path)
            saved = model.path.parent if graph is model.graph or patch is None else patch.save(folder)
            arrays = {array: key for key, array in one.inputs.items()}
            shapes = {arrays[array]: shape for array, shape in _other_shapes(graph, inputs)}
            return SavedModel(saved, one.name, arrays, tuple(keys[array] for array in outputs), shapes)
    raise UserError(
        f"{calling!r} ({kept.graph.op(calling)}) calls functions or assigns a variable, so the graph cannot be frozen: "
        "take the inputs and outputs of a signature (leave -i and -o out)"
    )


def _other_shapes(graph: Graph, inputs: Mapping[str, Shape | None]) -> Iterator[tuple[str, Shape]]:
    """The inputs that are to have another shape than their placeholders, with that."""
    for array, shape in inputs.items():
        if shape is not None and graph[parse_edge(array).node].attribute("shape") != shape:
            yield array, shape


def _refuse_outside(path: Path) -> None:
    """Raise UserError where TensorFlow would reach outside the SavedModel `path` when it loads it.

    It runs the initializers, reads the assets, and takes `saved_model.cpb` or `.pb` before `.pbtxt`.
    """
    if path.suffix != ".pb" or path.with_suffix(".cpb").exists():
        raise UserError(
            f"TensorFlow is given a SavedModel of one saved_model.pb alone, not {path.parent}: save it again"
        )
    for meta in message_in(bytes(map_file(path)), "SavedModel").meta_graphs:
        bodies = (function.node_def for function in meta.graph_def.library.function)
        for node in (one for nodes in (meta.graph_def.node, *bodies) for one in nodes):
            if strange_in_a_saved_model(node.op):
                raise UserError(
                    f"{node.name!r} ({node.op}) reaches files, connections or Python when TensorFlow loads or "
                    "runs this SavedModel: save the model without that op"
                )
        for asset in meta.asset_file_def:
            if Path(asset.filename).is_absolute() or ".." in Path(asset.filename).parts:
                raise UserError(
                    f"the asset {asset.filename!r} lies outside the SavedModel: save the model again"
                )
