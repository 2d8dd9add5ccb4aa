"""A TensorFlow function as a frozen graph, as TFLite's converter sees it: calls in place, variables as constants.

Stands alone (no import of minmax_lint, Python 3.7 to 3.13): it also runs in the interpreter that a Keras file needs.
Source: tf.lite.TFLiteConverter.from_concrete_functions.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Dict, NamedTuple, Optional, Tuple


class FrozenFunction(NamedTuple):
    """A serialized GraphDef, and its signature as name -> array."""

    content: bytes
    inputs: Dict[str, str]
    outputs: Dict[str, str]
    shapes: Dict[str, Optional[Tuple[Optional[int], ...]]]
    """Of the inputs, by array."""


def frozen_function(function: Any) -> FrozenFunction:
    """A concrete function, frozen."""
    freezing = import_module("tensorflow.python.framework.convert_to_constants")
    frozen = freezing.convert_variables_to_constants_v2(function, lower_control_flow=False)
    inputs = [tensor for tensor in frozen.inputs if tensor.dtype.name != "resource"]
    content = frozen.graph.as_graph_def()
    _mark_loops(content, function.graph.as_graph_def())
    _name_tables(content)
    return FrozenFunction(
        content.SerializeToString(deterministic=True),
        {_key(tensor): _array(tensor) for tensor in inputs},
        {_key(tensor): _array(tensor) for tensor in frozen.outputs},
        {_array(tensor): _shape(tensor) for tensor in inputs},
    )


def assigns_variables(error: ValueError) -> bool:
    """Whether freezing failed for a function that assigns variables: it makes constants of them."""
    return "incompatible with expected resource" in str(error)


def _mark_loops(frozen: Any, before: Any) -> None:
    """Note on each loop what the function that it stood in implements, as Keras 2 says it of its layers."""
    implemented = {one.signature.name: one.attr["api_implements"].s for one in before.library.function}
    calls = [node for one in before.library.function for node in one.node_def] + list(before.node)
    layers = {
        node.name + "/": implemented[node.attr["f"].func.name]
        for node in calls
        if "f" in node.attr and implemented.get(node.attr["f"].func.name)
    }
    for node in frozen.node:
        if node.op in ("While", "StatelessWhile"):
            for path, implements in layers.items():
                if node.name.startswith(path) or "/" + path in node.name:
                    node.attr["_api_implements"].s = implements


def _name_tables(frozen: Any) -> None:
    """Make a table of each resource that a lookup reads, as a SavedModel has it: freezing leaves a placeholder."""
    tables = {
        node.input[0].partition(":")[0]: node for node in frozen.node if node.op.startswith("LookupTable")
    }
    for node in frozen.node:
        if node.op == "Placeholder" and node.name in tables:
            lookup = tables[node.name].attr
            node.op = "HashTableV2"
            node.attr.clear()
            for key, of in (("key_dtype", "Tin"), ("value_dtype", "Tout")):
                node.attr[key].type = lookup[of].type


def called(tensorflow: Any, model: Any) -> Any:
    """A Keras model as a tf.function, and the TensorSpecs to trace it with; None where it is not built.

    With training=False, as from_keras_model calls it: layers of data augmentation run where nothing is said.
    """
    inputs = getattr(model, "inputs", None)
    if not inputs:
        return None
    specs = [tensorflow.TensorSpec(one.shape, one.dtype, one.name.split(":")[0]) for one in inputs]

    def call(*tensors: Any) -> Any:
        return model(list(tensors) if len(specs) > 1 else tensors[0], training=False)

    return tensorflow.function(call), specs


def _key(tensor: Any) -> str:
    name: str = tensor.name
    return name.partition(":")[0]


def _array(tensor: Any) -> str:
    name: str = tensor.name
    return name[:-2] if name.endswith(":0") else name


def _shape(tensor: Any) -> Optional[Tuple[Optional[int], ...]]:
    return None if tensor.shape.rank is None else tuple(tensor.shape.as_list())
