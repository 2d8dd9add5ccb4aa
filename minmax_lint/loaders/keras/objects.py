"""Objects in memory to models: messages, and what TensorFlow (imported by the caller) makes."""

import sys
from typing import Any

from minmax_lint.errors import UserError
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.keras.frozen_function import assigns_variables, called, frozen_function
from minmax_lint.loaders.model import Model, Signature
from minmax_lint.loaders.parse import parse, whole_graph

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
    call = called(tensorflow, model)
    if call is None:
        raise UserError("the Keras model is not built; call it once or give it an Input")
    function, specs = call
    concrete = _concrete(function, tuple(specs))
    try:
        return _concrete_model(concrete, "keras")
    except ValueError as error:
        if not assigns_variables(error):
            raise
        raise UserError(
            "the Keras model assigns variables when it is called, as a stateful layer or dropout in an RNN does; "
            'save it (model.save("model.keras")) and give the path'
        ) from None


def _concrete_model(function: Any, form: str) -> Model:
    frozen = frozen_function(function)
    signature = Signature(form, frozen.inputs, frozen.outputs, frozen.shapes)
    return Model(None, form, whole_graph(frozen.content), {form: signature})


def _graph_model(graph: Any, session: Any) -> Model:
    content = graph.as_graph_def().SerializeToString(deterministic=True)
    variables = None if session is None else SessionVariables(session)
    return Model(None, "graph" if session is None else "session", whole_graph(content), {}, variables)


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
