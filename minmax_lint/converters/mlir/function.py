"""One function through the passes of the MLIR converter; the branches of control flow are functions of their own."""

from dataclasses import replace

from minmax_lint.converters.inputs import unsupported_input
from minmax_lint.converters.mlir.calibration import check_calibration
from minmax_lint.converters.mlir.failure import ConversionError, Nondeterministic, Unmodeled
from minmax_lint.converters.mlir.float_model import float_model
from minmax_lint.converters.mlir.ir import Function
from minmax_lint.converters.mlir.legacy.obstacles import obstacles as legacy_obstacles
from minmax_lint.converters.mlir.legacy.quantize_model import LegacyCall, quantize_model
from minmax_lint.converters.mlir.legalize.registered import removed_abort, unregistered_abort
from minmax_lint.converters.mlir.obstacles import obstacles
from minmax_lint.converters.mlir.prediction import answer
from minmax_lint.converters.mlir.quantize.calibrated import quantize_calibrated
from minmax_lint.converters.mlir.quantize.post_quantize import finish_float
from minmax_lint.converters.mlir.quantize.prepare_quantize import lacks_input_ranges
from minmax_lint.converters.mlir.quantize.prepare_quantize_dynamic_range import (
    halve_constants,
    quantize_weights,
)
from minmax_lint.converters.mlir.quantize.quantization_config import QuantizationSpecs
from minmax_lint.converters.mlir.quantize.quantization_driver import FIXED_SIXTEEN
from minmax_lint.converters.mlir.quantize.trained import quantize_trained
from minmax_lint.converters.mlir.version import Span, Version
from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.converters.training import refusal
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference


def predict_function(
    kept: Kept, inference: Inference, profile: Profile, infer_tensor_range: bool | None = None
) -> Prediction:
    """What the MLIR converter of `profile` does with the kept subgraph, control flow aside.

    `infer_tensor_range`: whether constants get scales, where the function around this one decides it.
    """
    refused = (
        refusal(kept, profile.name)
        or unregistered_abort(kept, profile)
        or removed_abort(kept, profile)
        or unsupported_input(kept, inference, profile)
    )
    if refused is not None:
        return refused
    saved_model = profile.saved_model and profile.flow == "tf2"
    version = Version(
        profile.version,
        select_tf=profile.select_tf,
        custom_ops=profile.custom_ops,
        saved_model=saved_model,
    )
    bits = 16 if profile.activations == "int16" else 8
    specs = QuantizationSpecs(
        profile.flow == "tf2",
        infer_tensor_range,
        denied_ops=profile.denied_ops,
        denied_nodes=profile.denied_nodes,
        activation_bits=bits,
    )
    try:
        found = _convert(kept, inference, profile, version, specs)
    except Nondeterministic as error:
        found, stayed_float = (
            _convert(kept, inference, profile, version, specs._replace(unread_integer=integer))
            for integer in (True, False)
        )
        if _decisive(found) != _decisive(stayed_float):
            cause = Obstacle("other", None, error.node, str(error))
            runs = found.runs if found.runs == stayed_float.runs else None
            found = Prediction(
                profile.name,
                "undetermined",
                message=str(error),
                obstacles=(cause,),
                runs=runs,
                refused=found.refused if runs is False else "",
            )
    return replace(found, versions=(version.span.first, version.span.last))


def _build_trained(kept: Kept, inference: Inference, version: Version, specs: QuantizationSpecs) -> Function:
    """The model as the ranges of FakeQuants leave it: all calls of the TF2 flow of one version begin with it."""
    if inference.memo is None or not specs.signed:
        function = float_model(kept, inference, version)
        quantize_trained(function, version, specs)
        return function
    key = (version.number, version.select_tf, version.custom_ops, version.saved_model, specs)
    if key not in inference.memo:
        own = replace(version, span=Span())
        try:
            function = float_model(kept, inference, own)
            quantize_trained(function, own, specs)
            inference.memo[key] = function, own.span
        except (Unmodeled, ConversionError, Nondeterministic) as error:
            inference.memo[key] = error, own.span
    found, span = inference.memo[key]
    version.span.intersect(span)
    if isinstance(found, Function):
        return found.copy()
    raise found


def _legacy_call(profile: Profile) -> LegacyCall:
    bits = 16 if profile.activations == "int16" else 8
    return LegacyCall(bits, not profile.strict, profile.input_type, profile.output_type)


def _decisive(prediction: Prediction) -> object:
    return prediction.verdict, prediction.kind, sorted(name for name, _ in prediction.float_ops)


def _convert(
    kept: Kept, inference: Inference, profile: Profile, version: Version, specs: QuantizationSpecs
) -> Prediction:
    """The prediction for these specs. Raises Nondeterministic where chance decides and they leave it open."""
    try:
        function = _finished_function(kept, inference, profile, version, specs)
    except Unmodeled as error:
        cause = Obstacle("other", None, error.node, str(error))
        return Prediction(profile.name, "undetermined", message=str(error), obstacles=(cause,))
    except ConversionError as error:
        cause = Obstacle(error.obstacle, error.array, error.node, error.reason, detail=error.detail)
        return Prediction(
            profile.name,
            "abort",
            error.kind,
            array=error.array if error.kind == "minmax" else None,
            op=error.op,
            message=error.message,
            obstacles=(cause,),
        )

    def explain() -> tuple[Obstacle, ...]:
        if profile.ranges == "none":
            return ()
        if profile.quantizer == "legacy":
            return legacy_obstacles(function, version, _legacy_call(profile))
        return obstacles(function, version, float_boundary=specs.signed)

    return answer(function, profile.name, version, explain, signed=specs.signed)


def _finished_function(
    kept: Kept, inference: Inference, profile: Profile, version: Version, specs: QuantizationSpecs
) -> Function:
    """The function that the converter writes. Raises ConversionError where it writes none."""
    float_call = profile.weights == "float32"
    if float_call:
        function = float_model(kept, inference, version)
        finish_float(function)
    else:
        function = _build_trained(kept, inference, version, specs)
    if profile.ranges == "calibrated":
        unsigned = specs.activation_bits == FIXED_SIXTEEN.bits and lacks_input_ranges(function)
        check_calibration(function, version, signed=not unsigned)
    if profile.quantizer == "legacy":
        quantize_model(function, version, _legacy_call(profile))
    elif profile.ranges == "calibrated":
        quantize_calibrated(function, version, specs)
    elif profile.ranges == "none" and profile.weights == "float16":
        halve_constants(function)
    elif profile.ranges == "none" and not float_call:
        quantize_weights(function, version)
    return function
