"""Variables that the saver of a SavedModel does not restore: a converter finds no value for them.

TensorFlow saves a Keras 3 model so that is an attribute of a tf.Module, or that tf.saved_model.save saves: its saver
restores copies. Source: freeze_variables.cc, lite/kernels/read_variable.cc; measured with TF 2.21.
"""

from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.trace import Kept


def uninitialized(kept: Kept) -> tuple[str, ...]:
    """The kept variables without a value: freezing has left them as they are."""
    return tuple(kept.of_ops({"VarHandleOp"}))


def uninitialized_refusal(kept: Kept, profile: Profile) -> Prediction | None:
    """The abort of TF1's converters, which freeze every variable, and of calibration, which reads it."""
    variables = kept.once(uninitialized)
    if not variables or (profile.flow == "tf2" and profile.ranges != "calibrated"):
        return None
    message = (
        f"Could not find variable {variables[0]}. This could mean that the variable has been deleted. In TF1, it can "
        "also mean the variable is uninitialized."
        if profile.flow == "tf1"
        else "variable != nullptr was not true. (READ_VARIABLE) failed to invoke."
    )
    causes = tuple(
        Obstacle("other", name, name, not_restored(name), (name,), "uninitialized") for name in variables[:1]
    )
    return Prediction(profile.name, "abort", "other", message=message, obstacles=causes)


def not_restored(variable: str) -> str:
    """Why the converter has no value for a variable."""
    return f"The saver of this SavedModel does not restore {variable}, so the converter finds no value for it"
