"""The MLIR converter from the imported graph on: control flow first, then the passes, then the branches."""

from dataclasses import replace

from minmax_lint.converters.call import TRAINED
from minmax_lint.converters.mlir.control_flow.branches import EnclosingContext, with_branches
from minmax_lint.converters.mlir.control_flow.fold_constant_branches import fold_constant_branches
from minmax_lint.converters.mlir.control_flow.functionalize_control_flow import (
    functionalize_control_flow,
    lost_output,
)
from minmax_lint.converters.mlir.control_flow.lower_static_tensor_list import LISTS, lower_static_tensor_list
from minmax_lint.converters.mlir.control_flow.prepare_composite_functions import with_fused_lstm
from minmax_lint.converters.mlir.control_flow.resource_variables import (
    assignments,
    keep_assigned_variables,
    resource_refusal,
    with_initializers,
)
from minmax_lint.converters.mlir.control_flow.tensor_list_failure import NotLowered, refuse_lists
from minmax_lint.converters.mlir.function import predict_function
from minmax_lint.converters.mlir.legalize.layout_assignment import layout_assignment
from minmax_lint.converters.prediction import Prediction, shared_versions
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.layers import IMPLEMENTS
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.element_types import LOOPS
from minmax_lint.inference.inference import Inference

_ALONE = EnclosingContext()


def predict_mlir(
    kept: Kept, inference: Inference, profile: Profile, around: EnclosingContext = _ALONE
) -> Prediction:
    """What the MLIR converter of `profile` does with the kept subgraph, branches of If and While included."""
    if profile.ranges == "none" and profile.weights != "float32" and _is_trained(kept.graph):
        # The call is that of a graph trained for quantization: only one without ranges gets integer weights alone.
        profile = replace(profile, ranges="fakequant", activations="int8")
    if profile.saved_model and profile.flow == "tf1" and _implements(kept.graph):
        # The graph has the signature's name then, and quantized_input_stats are for one called `main`.
        profile = replace(profile, flow="tf2")
    if around is not _ALONE:  # the types are those of the main function's ends
        profile = replace(profile, input_type="", output_type="")
    if profile.strict:
        # Ranges are asked for in all functions before an operator is refused (quantize_model.cc). A model that is all
        # integer can have such operators as well: the QUANTIZE and DEQUANTIZE of its FakeQuants.
        lenient = predict_mlir(
            kept, inference, replace(profile, strict=False, input_type="", output_type=""), around
        )
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
    if profile.flow == "tf1":
        refused = resource_refusal(kept, profile.name)
        if refused is not None:
            return refused
    saved_model = profile.flow == "tf2" and not around.strict
    try:
        kept, inference = _lower(
            kept, inference, saved_model, profile.single_batch, profile.lower_tensor_lists
        )
    except NotLowered as error:
        return error.prediction(profile)
    if profile.flow == "tf2":
        kept, inference = keep_assigned_variables(kept, inference)
    prediction = predict_function(kept, inference, profile, around.infer_tensor_range)
    if around is _ALONE:
        prediction = with_initializers(prediction, kept, sixteen_bits=profile.activations == "int16")
    return with_branches(prediction, kept, inference, profile, predict_mlir, around)


def _implements(graph: Graph) -> bool:
    """Whether a layer of Keras 2 says what it is: TF1's converter then reads the SavedModel itself.

    Of another SavedModel it freezes the graph, of which it takes the shapes that are declared (lite.py:
    `_contains_function_with_implements_attr`; measured with TF 2.15 and 2.21).
    """
    return any(IMPLEMENTS in graph[name].attrs for name in graph.of_ops(LOOPS | LISTS))


def _lower(
    kept: Kept, inference: Inference, saved_model: bool, single_batch: bool, lower_lists: bool
) -> tuple[Kept, Inference]:
    """The graph with functional control flow, without tensor lists, over channels last. Raises NotLowered."""
    # A stateful LSTM layer stays a loop (measured).
    fuses_lstm = saved_model and not kept.once(assignments)
    memo, key = inference.memo, (_lower, saved_model, single_batch, lower_lists)
    if memo is None or key not in memo:
        lowered = functionalize_control_flow(*fold_constant_branches(kept, inference))
        if fuses_lstm:
            lowered = with_fused_lstm(*lowered)
        if not lower_lists:
            refuse_lists(lowered[0])
        lowered = lower_static_tensor_list(*lowered, single_batch=single_batch, declared=not saved_model)
        lowered = layout_assignment(*lowered)
        if memo is None:
            return lowered
        lowered[1].memo = memo if lowered[1] is inference else {}
        memo[key] = lowered
    found: tuple[Kept, Inference] = memo[key]
    return found
