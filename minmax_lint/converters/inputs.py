"""Inputs that a converter refuses before it looks at the graph: of types without values, of no rank.

Source: tensorflow/lite/python/lite.py, convert.py; measured with TF 2.15.1 and 2.21.0 on every op of the registry.
"""

from __future__ import annotations

from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference

WITHOUT_TYPE = frozenset({DType.RESOURCE, DType.VARIANT, DType.QINT8, DType.QUINT8, DType.QINT32})
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
                "other", array, None, f"The input {array} is a {kind}, which no TFLite model takes."
            )
            return Prediction(profile.name, "abort", "other", message=message, obstacles=(cause,))
    return None


def input_without_rank(kept: Kept, inference: Inference, profile: Profile) -> Prediction | None:
    """The abort of TOCO on a Placeholder of which no rank is known; None where all have one."""
    for array in kept.inputs:
        if array in kept and kept.graph.op(array) == "Placeholder" and inference.shape(array) is None:
            message = f"ValueError: Provide an input shape for input array {array!r}."
            cause = Obstacle("other", array, None, f"The shape of the input {array} is not known: name one.")
            return Prediction(profile.name, "abort", "other", message=message, obstacles=(cause,))
    return None
