"""What a converter refuses before it looks at the graph: inputs of types without values or of shapes that are not
known, and variables without a value.

Source: tensorflow/lite/python/lite.py, convert.py; measured with TF 2.15.1 and 2.21.0 on every op of the registry.
"""

from minmax_lint.converters.prediction import Obstacle, Prediction, abort
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.layers import IMPLEMENTS
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.element_types import LOOPS
from minmax_lint.inference.inference import Inference

WITHOUT_TYPE = frozenset(
    {DType.BFLOAT16, DType.RESOURCE, DType.VARIANT, DType.QINT8, DType.QUINT8, DType.QINT32}
)
"""Element types that no input of a TFLite model can have."""


def unsupported_input(kept: Kept, inference: Inference, profile: Profile) -> Prediction | None:
    """The abort on an input of a type that TFLite does not have; None where every input has one."""
    for array in kept.inputs:
        dtype = inference.dtype(array)
        if dtype in WITHOUT_TYPE:
            kind = dtype.name.lower()
            message = (
                f"ValueError: Unsupported TensorFlow type `<dtype: '{kind}'>` provided for the input type of the "
                "TensorFlow model"
            )
            cause = Obstacle(
                "other",
                array,
                None,
                f"The input is a {kind}, which no TFLite model takes.",
                detail="handle" if dtype in (DType.RESOURCE, DType.VARIANT) else None,
            )
            return abort(profile.name, message, cause)
    return None


def unsettled_shape(kept: Kept, inference: Inference, profile: Profile) -> Prediction | None:
    """The abort of TOCO on a Placeholder's shape; None where each is known but for its batch, which becomes 1.

    Source: `_validate_inputs` and `_set_batch_size` of lite.py, which asks every input for its batch.
    """
    graph = kept.graph
    shapes = {
        array: inference.stated(array)
        for array in kept.inputs
        if array in kept and graph.op(array) == "Placeholder"
    }
    for array, shape in shapes.items():
        if shape is None:
            message = f"ValueError: Provide an input shape for input array {array!r}."
            why = f"The shape of the input {array} is not known: name one."
        elif None in shape[1:]:
            message = (
                f"ValueError: None is only supported in the 1st dimension. Tensor {array!r} has invalid shape "
                f"'{list(shape)}'."
            )
            why = (
                f"Of the shape of the input {array} only the first dimension may be unknown: name its shape."
            )
        elif shape[:1] == (None,) and () in shapes.values():
            scalar = next(name for name, other in shapes.items() if other == ())
            message = "IndexError: list index out of range"
            why = (
                f"The batch of the input {array} is unknown, so the converter sets the batch of every input, and "
                f"the input {scalar} is a scalar: name the shape of {array}."
            )
        else:
            continue
        return abort(profile.name, message, Obstacle("other", array, None, why, detail="open-shape"))
    return None


def zero_output_index(kept: Kept, profile: Profile) -> Prediction | None:
    """The abort of TOCO on the name of an input, where Keras 2 saved an RNN layer that says what it is.

    TF1's converter names inputs as the SavedModel does then, `x:0` (lite.py: `_parse_saved_model_args` runs before
    the user can ask for TOCO). Measured with TF 2.15.1 on GRU and LSTM layers.
    """
    array = next(iter(kept.inputs), None)
    layer = next((name for name in kept.of_ops(LOOPS) if IMPLEMENTS in kept.graph[name].attrs), None)
    if not profile.saved_model or profile.version <= (1, 15) or array is None or layer is None:
        return None
    message = (
        'Check failed: !absl::EndsWith(specified_input_array.name(), ":0") Unsupported explicit zero output index: '
        f"{array}:0"
    )
    why = f"TOCO takes no SavedModel with the RNN layer of {layer}: freeze the graph and convert that"
    return abort(profile.name, message, Obstacle("other", array, layer, why, (layer,)))


def uninitialized_refusal(kept: Kept, profile: Profile) -> Prediction | None:
    """The abort of TF1's converters, which freeze every variable, and of calibration, which reads it.

    TensorFlow saves a Keras 3 model so that is an attribute of a tf.Module, or that tf.saved_model.save saves: its
    saver restores copies. Source: freeze_variables.cc, lite/kernels/read_variable.cc; measured with TF 2.21.
    """
    name = kept.once(_first_uninitialized)
    if name is None or (profile.flow == "tf2" and profile.ranges != "calibrated"):
        return None
    message = (
        f"Could not find variable {name}. This could mean that the variable has been deleted. In TF1, it can "
        "also mean the variable is uninitialized."
        if profile.flow == "tf1"
        else "variable != nullptr was not true. (READ_VARIABLE) failed to invoke."
    )
    cause = Obstacle("other", name, name, not_restored(name), (name,), "uninitialized")
    return abort(profile.name, message, cause)


def _first_uninitialized(kept: Kept) -> str | None:
    """The first kept variable without a value: freezing has left it as it is."""
    return next(kept.of_ops({"VarHandleOp"}), None)


def not_restored(variable: str) -> str:
    """Why the converter has no value for a variable."""
    return f"The saver of this SavedModel does not restore {variable}, so the converter finds no value for it"
