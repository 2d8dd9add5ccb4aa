"""Variables that TF2's functions capture, by the objects they belong to.

A SavedModel's object graph says which object each captured input of a function is; the checkpoint's own
object graph says under which key that object's value lies. Both are walked together from their roots.
Source: tensorflow/python/saved_model/load.py (bound_inputs), trackable_object_graph.proto.
"""

from collections.abc import Mapping
from typing import Any

from minmax_lint.graph.attr import FunctionRef
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.loaders.checkpoint.bundle import Bundle
from minmax_lint.loaders.checkpoint.object_graph import VALUE, checkpoint_objects
from minmax_lint.loaders.savedmodel.metagraph import MetaGraph
from minmax_lint.ops.table import CALLS


def function_of_root(objects: Any) -> str:
    """The first tf.function of the saved object that was traced; empty where it has none.

    Source: saved_object_graph.proto, SavedFunction.
    """
    children = objects.nodes[0].children if objects.nodes else ()
    for child in children:
        one = objects.nodes[child.node_id] if 0 <= child.node_id < len(objects.nodes) else None
        if one is not None and one.function.concrete_functions:
            name: str = child.local_name
            return name
    return ""


def is_exported(objects: Any) -> bool:
    """Whether Keras' `model.export` wrote it: converters take its `serving_default`, and not the copy `serve`.

    Source: lite.py, TFLiteConverterV2.from_saved_model.
    """
    names = {child.local_name for child in objects.nodes[0].children} if objects.nodes else set()
    return "serve" in names and "_default_save_signature" not in names


def captured_keys(meta: MetaGraph, graph: Graph, bundle: Bundle) -> Mapping[str, str]:
    """Node of the graph -> checkpoint key, for what the functions called in the graph capture."""
    objects = meta.objects()
    keys = _keys_by_object(objects, bundle)
    found: dict[str, str] = {}
    for name, op in zip(graph.columns.names, graph.columns.ops, strict=True):
        function = graph[name].attribute("f") if op in CALLS else None
        if not isinstance(function, FunctionRef) or function.name not in objects.concrete_functions:
            continue
        bound = objects.concrete_functions[function.name].bound_inputs
        inputs = [text for text in graph.columns.inputs[graph.position(name)] if not text.startswith("^")]
        if len(bound) > len(inputs):
            continue
        for text, number in zip(inputs[len(inputs) - len(bound) :], bound, strict=True):
            if number in keys:
                found[parse_edge(text).node] = keys[number]
    return found


def _keys_by_object(objects: Any, bundle: Bundle) -> dict[int, str]:
    """Object of the SavedModel -> checkpoint key of its value."""
    saved = checkpoint_objects(bundle)
    if saved is None or not objects.nodes or not saved.nodes:
        return {}
    keys: dict[int, str] = {}
    pairs = [(0, 0)]
    seen = {0}
    for number, place in pairs:  # grows while it is walked
        for attribute in saved.nodes[place].attributes:
            if attribute.name == VALUE:
                keys[number] = attribute.checkpoint_key
        children = {child.local_name: child.node_id for child in saved.nodes[place].children}
        for child in objects.nodes[number].children:
            there = children.get(child.local_name)
            if there is None or child.node_id in seen:
                continue
            if 0 <= there < len(saved.nodes) and 0 <= child.node_id < len(objects.nodes):
                seen.add(child.node_id)
                pairs.append((child.node_id, there))
    return keys
