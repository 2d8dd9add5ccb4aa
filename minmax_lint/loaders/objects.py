"""Objects in memory to models: messages, and what TensorFlow (imported by the caller) makes."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from minmax_lint.errors import UserError
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.model import Model, Signature
from minmax_lint.loaders.parse import graph_in, parse

_MESSAGES = ("tensorflow.GraphDef", "tensorflow.MetaGraphDef", "tensorflow.SavedModel")


def load_object(source: Any, signature: str | None) -> Model:
    """A model from a message, tf.Graph, Session, concrete function or Keras model.

    Raises UserError for anything else.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return parse(bytes(source), signature=signature)
    descriptor = getattr(source, "DESCRIPTOR", None)
    if getattr(descriptor, "full_name", "") in _MESSAGES:
        return parse(source.SerializeToString(deterministic=True), signature=signature)
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        found = _tensorflow_object(tensorflow, source)
        if found is not None:
            return found
    kind = type(source)
    raise UserError(
        f"a {kind.__module__}.{kind.__qualname__} cannot be linted; give a path, a GraphDef, a tf.Graph, "
        "a Session, a concrete function or a Keras model"
    )


def _tensorflow_object(tensorflow: Any, source: Any) -> Model | None:
    if isinstance(source, tensorflow.Graph):
        return _graph_model(source, None)
    if isinstance(source, (tensorflow.compat.v1.Session, tensorflow.compat.v1.InteractiveSession)):
        return _graph_model(source.graph, source)
    if hasattr(source, "structured_input_signature") and hasattr(source, "captured_inputs"):
        return _concrete_model(source, "function")
    if hasattr(source, "get_concrete_function"):
        return _concrete_model(_concrete(source, ()), "function")
    if hasattr(source, "layers") and callable(source):
        return _keras_model(tensorflow, source)
    return None


def _concrete(function: Any, arguments: tuple[Any, ...]) -> Any:
    try:
        return function.get_concrete_function(*arguments)
    except (TypeError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"the function has no single signature ({first}); give a concrete function") from None


def _keras_model(tensorflow: Any, model: Any) -> Model:
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise UserError("the Keras model is not built; call it once or give it an Input")
    specs = [tensorflow.TensorSpec(one.shape, one.dtype, one.name.split(":")[0]) for one in inputs]
    wrapped = tensorflow.function(lambda *tensors: model(list(tensors) if len(specs) > 1 else tensors[0]))
    return _concrete_model(_concrete(wrapped, tuple(specs)), "keras")


def _concrete_model(function: Any, form: str) -> Model:
    """A function with what it calls in place and its variables as constants, as TFLite's converter sees it.

    Source: tf.lite.TFLiteConverter.from_concrete_functions.
    """
    freezing = import_module("tensorflow.python.framework.convert_to_constants")
    frozen = freezing.convert_variables_to_constants_v2(function, lower_control_flow=False)
    content = frozen.graph.as_graph_def().SerializeToString(deterministic=True)
    inputs = [tensor for tensor in frozen.inputs if tensor.dtype.name != "resource"]
    signature = Signature(
        form,
        {_key(tensor): _array(tensor) for tensor in inputs},
        {_key(tensor): _array(tensor) for tensor in frozen.outputs},
        {_array(tensor): _shape(tensor) for tensor in inputs},
    )
    return Model(None, form, graph_in(content, 0, len(content)), {form: signature})


def _key(tensor: Any) -> str:
    name: str = tensor.name
    return name.partition(":")[0]


def _array(tensor: Any) -> str:
    name: str = tensor.name
    return name.removesuffix(":0")


def _shape(tensor: Any) -> tuple[int | None, ...] | None:
    return None if tensor.shape.rank is None else tuple(tensor.shape.as_list())


def _graph_model(graph: Any, session: Any) -> Model:
    content = graph.as_graph_def().SerializeToString(deterministic=True)
    variables = None if session is None else SessionVariables(session)
    return Model(
        None, "graph" if session is None else "session", graph_in(content, 0, len(content)), {}, variables
    )


class SessionVariables:
    """Variables' values as a session holds them. The user's graph is not changed."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def value(self, node: str) -> Tensor | None:
        """The value of the variable that node `node` makes; None where it has not been initialized."""
        operation = self._session.graph.get_operation_by_name(node)
        reads = [one for one in operation.outputs[0].consumers() if one.type == "ReadVariableOp"]
        source = reads[0].outputs[0] if reads else operation.outputs[0]
        dtype = DType.from_number(source.dtype.as_datatype_enum)
        if dtype.numpy_name is None:
            return None
        try:
            value = self._session.run(source)
        except Exception as error:
            if type(error).__name__ == "FailedPreconditionError":
                return None
            raise
        return Tensor(dtype, value.shape, value.astype(dtype.numpy_name).tobytes())
