"""The MLIR converter of TF 2.15 and 2.21: when an op goes integer, when it silently stays float."""

from __future__ import annotations

from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.inference import Inference
from minmax_lint.graph.trace import Kept


def predict(kept: Kept, inference: Inference, profile: Profile) -> Prediction:
    """What the MLIR converter of `profile` does with the kept subgraph."""
    return Prediction(profile.name, "undetermined", message="this profile is not modelled yet")
