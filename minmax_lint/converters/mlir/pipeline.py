"""The MLIR converter from the imported graph on: control flow first, then the passes, then the branches."""

from dataclasses import replace

from minmax_lint.converters.call import TRAINED
from minmax_lint.converters.mlir.control_flow.branches import EnclosingContext, with_branches
from minmax_lint.converters.mlir.control_flow.fold_constant_branches import fold_constant_branches
from minmax_lint.converters.mlir.control_flow.functionalize_control_flow import (
    functionalize_control_flow,
    lost_output,
)
from minmax_lint.converters.mlir.control_flow.lower_static_tensor_list import lower_static_tensor_list
from minmax_lint.converters.mlir.control_flow.prepare_composite_functions import with_fused_lstm
from minmax_lint.converters.mlir.control_flow.resource_variables import assignments, keep_assigned_variables
from minmax_lint.converters.mlir.control_flow.tensor_list_failure import NotLowered
from minmax_lint.converters.mlir.function import predict_function
from minmax_lint.converters.mlir.legalize.layout_assignment import layout_assignment
from minmax_lint.converters.prediction import Prediction, shared_versions
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference

_ALONE = EnclosingContext()


def predict_mlir(
    kept: Kept, inference: Inference, profile: Profile, around: EnclosingContext = _ALONE
) -> Prediction:
    """What the MLIR converter of `profile` does with the kept subgraph, branches of If and While included."""
    if profile.ranges == "none" and profile.weights != "float32" and _is_trained(kept.graph):
        # The call is that of a graph trained for quantization: only one without ranges gets integer weights alone.
        profile = replace(profile, ranges="fakequant", activations="int8")
    if profile.strict:
        # Ranges are asked for in all functions before an operator is refused (quantize_model.cc). A model that is all
        # integer can have such operators as well: the QUANTIZE and DEQUANTIZE of its FakeQuants.
        lenient = predict_mlir(kept, inference, replace(profile, strict=False), around)
        if lenient.verdict in ("abort", "undetermined"):
            return lenient
        strict = _predict(kept, inference, profile, around)
        return replace(strict, versions=shared_versions((lenient, strict)))
    return _predict(kept, inference, profile, around)


def _is_trained(graph: Graph) -> bool:
    functions = (one.graph for called in graph.functions.values() for one in called)
    return any(True for _ in graph.of_ops(TRAINED)) or any(map(_is_trained, functions))


def _predict(kept: Kept, inference: Inference, profile: Profile, around: EnclosingContext) -> Prediction:
    refused = lost_output(kept, profile.name)
    if refused is not None:
        return refused
    # A stateful LSTM layer stays a loop (measured).
    fuses_lstm = profile.flow == "tf2" and not around.strict and not kept.once(assignments)
    try:
        kept, inference = _lowered(kept, inference, fuses_lstm=fuses_lstm, single_batch=profile.single_batch)
    except NotLowered as error:
        return error.prediction(profile.name)
    if profile.flow == "tf2":
        kept, inference = keep_assigned_variables(kept, inference)
    prediction = predict_function(kept, inference, profile, around.infer_tensor_range)
    return with_branches(prediction, kept, inference, profile, predict_mlir, around)


def _lowered(
    kept: Kept, inference: Inference, *, fuses_lstm: bool, single_batch: bool
) -> tuple[Kept, Inference]:
    """The graph with functional control flow, without tensor lists, over channels last. Raises NotLowered."""
    memo, key = inference.memo, (_lowered, fuses_lstm, single_batch)
    if memo is None or key not in memo:
        lowered = functionalize_control_flow(*fold_constant_branches(kept, inference))
        if fuses_lstm:
            lowered = with_fused_lstm(*lowered)
        lowered = layout_assignment(*lower_static_tensor_list(*lowered, single_batch=single_batch))
        if memo is None:
            return lowered
        lowered[1].memo = memo if lowered[1] is inference else {}
        memo[key] = lowered
    found: tuple[Kept, Inference] = memo[key]
    return found
