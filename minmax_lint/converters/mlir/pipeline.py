"""The MLIR converter from the imported graph on: control flow first, then the passes, then the branches."""

from __future__ import annotations

from dataclasses import replace

from minmax_lint.converters.mlir import predict as predict_function
from minmax_lint.converters.mlir.control_flow.branches import EnclosingContext, with_branches
from minmax_lint.converters.mlir.control_flow.fold_constant_branches import fold_constant_branches
from minmax_lint.converters.mlir.control_flow.functionalize_control_flow import functionalize_control_flow
from minmax_lint.converters.mlir.control_flow.lower_static_tensor_list import lower_static_tensor_list
from minmax_lint.converters.mlir.control_flow.prepare_composite_functions import with_fused_lstm
from minmax_lint.converters.mlir.control_flow.tensor_list_failure import NotLowered
from minmax_lint.converters.prediction import Prediction, shared_versions
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference

_ALONE = EnclosingContext()


def predict(
    kept: Kept, inference: Inference, profile: Profile, around: EnclosingContext = _ALONE
) -> Prediction:
    """What the MLIR converter of `profile` does with the kept subgraph, branches of If and While included."""
    if profile.strict:
        # Ranges are asked for in all functions before an operator is refused (quantize_model.cc). A model that is all
        # integer can have such operators as well: the QUANTIZE and DEQUANTIZE of its FakeQuants.
        lenient = predict(kept, inference, replace(profile, strict=False), around)
        if lenient.verdict in ("abort", "undetermined"):
            return lenient
        strict = _predict(kept, inference, profile, around)
        return replace(strict, versions=shared_versions((lenient, strict)))
    return _predict(kept, inference, profile, around)


def _predict(kept: Kept, inference: Inference, profile: Profile, around: EnclosingContext) -> Prediction:
    kept, inference = functionalize_control_flow(*fold_constant_branches(kept, inference))
    if profile.flow == "tf2" and not around.strict:
        kept, inference = with_fused_lstm(kept, inference)
    try:
        kept, inference = lower_static_tensor_list(kept, inference)
    except NotLowered as error:
        return error.prediction(profile.name)
    prediction = predict_function(kept, inference, profile, infers=around.infers)
    return with_branches(prediction, kept, inference, profile, predict, around)
