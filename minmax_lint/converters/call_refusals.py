"""Calls that the converter refuses, whatever the graph, in its own words.

Source: tensorflow/lite/python/lite.py; measured with TF 2.12 to 2.21.
"""

from collections.abc import Iterable, Mapping

from minmax_lint.converters.call import (
    BUILTINS_INT8,
    CALIBRATED,
    COMPUTED,
    INTEGERS,
    SELECT_TF,
    ConverterCall,
    Maker,
)
from minmax_lint.converters.mlir.legalize.flex_ops import UNCALIBRATED, UNSUPPORTED
from minmax_lint.converters.releases import toco
from minmax_lint.graph.names import canonical_array, did_you_mean

_NEWEST = (2, 21)
"""The version that is judged where none is known."""
KERAS_3 = (2, 16)
"""The first version whose tf.keras is Keras 3."""
KERAS_3_CONVERTED = (2, 17)
"""The first version that converts a model of Keras 3: 2.15.1 does not load its file, and 2.16.2 ends with "Failed to
infer result type(s)" (measured; 2.18 and 2.21 convert it)."""
_FLEX_UNREADABLE = (2, 17)
"""The last version that cannot read a model with a signature back whose ops are all TensorFlow's (2.12 to 2.21
measured)."""
_OLD_STATS_MESSAGE = (2, 3)
"""The last version known with the older words."""


_CLASSES: Mapping[Maker, str] = {
    "": "TFLiteConverterV2",
    "functions": "TFLiteConverterV2",
    "saved_model": "TFLiteSavedModelConverterV2",
    "keras": "TFLiteKerasModelConverterV2",
}
"""What TF2's converter is made from -> its class."""


def refusal(call: ConverterCall, trained: bool) -> str:
    """What the converter raises instead of converting, whatever the graph; empty where it takes the call."""
    if call.unknown_signature:
        return refused_signature(call)
    if call.deleted:
        spec = call.deleted in ("supported_ops", "supported_types")
        of = "TargetSpec" if spec else _CLASSES[call.maker] if call.flow == "tf2" else "TFLiteConverter"
        return f"AttributeError: '{of}' object has no attribute '{call.deleted}'"
    if call.int8_required:
        if call.supported_ops == {BUILTINS_INT8} and call.supported_types - {"int8"}:
            return (
                "ValueError: As full integer quantization has been enabled by setting "
                "`target_spec.supported_ops`={tf.lite.OpsSet.TFLITE_BUILTINS_INT8}, thus `target_spec.supported_types` "
                "should be left uninitizalized or set to {tf.int8}."
            )
        if not call.representative_dataset:
            # TF1's converter asks whether the graph is trained before it has all that the answer needs.
            if call.flow == "tf1" and trained and call.optimizations:
                return (
                    "AttributeError: 'QuantizationMode' object has no attribute '_experimental_low_bit_qat'"
                )
            return "ValueError: For full integer quantization, a `representative_dataset` must be specified."
    engine = refused_engine(call)
    if engine:
        return engine
    text = refused_ends(call, trained) or refused_stats(call, trained)
    return f"ValueError: {text}" if text else ""


def refused_signature(call: ConverterCall) -> str:
    """What the line that makes the converter raises where the SavedModel lacks a signature; else empty."""
    name, known = call.unknown_signature, ",".join(call.known_signatures)
    if not name:
        return ""
    if call.maker == "functions":
        return f"KeyError: {name!r}"
    if call.flow == "tf1":
        return f"ValueError: No {name!r} in the SavedModel's SignatureDefs. Possible values are '{known}'."
    return f"ValueError: Invalid signature key {name!r} found. Valid keys are '{known}'."


def meant_signature(call: ConverterCall) -> str:
    """What to name instead of a signature that the SavedModel lacks, without a full stop."""
    name, known, text = call.unknown_signature, call.known_signatures, "".join(call.signatures)
    if len(name) == 1 and text in known:
        return f"name the signature in a list: signature_keys=[{text!r}]"
    return f"the model has {', '.join(map(repr, known))}{did_you_mean(name, known, count=1)}"


def refused_engine(call: ConverterCall) -> str:
    """What TF2's converter raises where experimental_new_converter is False; empty where it converts."""
    if call.flow != "tf2" or call.experimental_new_converter is not False:
        return ""
    version = call.tensorflow or _NEWEST
    if call.maker == "saved_model" and toco(version) != "runs":
        return "AttributeError: 'TFLiteSavedModelConverterV2' object has no attribute '_funcs'"
    if call.maker == "keras" and version >= KERAS_3:
        return "TypeError: 'NoneType' object is not callable"
    return "ConverterError: See console for info." if toco(version) == "dies" else ""


def refused_flex(call: ConverterCall, trained: bool) -> str:
    """What comes of SELECT_TF_OPS alone where no model does, after the float model is made; else empty."""
    if call.supported_ops != {SELECT_TF} or not call.optimizations:
        return ""
    version, mode = call.tensorflow or _NEWEST, call.mode(trained)
    if version <= _FLEX_UNREADABLE:
        if call.flow == "tf1" or call.unsigned:
            return ""
        unread = (
            "Failed to parse the model: Did not get tensors in subgraph 1.\nFailed to construct interpreter."
        )
        return (
            f"ValueError: {unread}" if mode in CALIBRATED else "TypeError: 'NoneType' object is not iterable"
        )
    if not UNCALIBRATED.holds(version) or mode not in CALIBRATED:
        return ""
    return f"RuntimeError: {UNSUPPORTED}"


def refused_stats(call: ConverterCall, trained: bool) -> str:
    """What TF1's converter says where quantized_input_stats is not set; empty where it needs none.

    Source: _validate_quantized_input_stats in tensorflow/lite/python/lite.py.
    """
    mode = call.mode(trained)
    if call.flow != "tf1" or call.input_stats is not None or mode not in ("tf1", "v2", "float"):
        return ""
    input_type = "float32" if mode == "v2" else call.inference_input_type
    kinds = (call.inference_type or "float32", input_type)
    if not {"int8", "uint8"}.intersection(kinds):
        return ""
    if call.tensorflow is not None and call.tensorflow <= _OLD_STATS_MESSAGE:
        return (
            "std_dev and mean must be defined when inference_type or inference_input_type is QUANTIZED_UINT8 or "
            "INT8."
        )
    inference, end = (f"tf.{kind}" if kind else "None" for kind in kinds)
    return (
        "The `quantized_input_stats` flag must be defined when either `inference_type` flag or `inference_input_type` "
        f"flag is set to tf.int8 or tf.uint8. Currently, `inference_type={inference}` and "
        f"`inference_input_type={end}`."
    )


def without_stats(call: ConverterCall, inputs: Iterable[str]) -> tuple[str, ...]:
    """The inputs that quantized_input_stats leaves out; none where it is not set, or its inputs cannot be read."""
    given = {canonical_array(name) for name in call.input_stats or ()}
    return tuple(name for name in inputs if name not in given) if given and call.flow == "tf1" else ()


def lacking_stats(names: Iterable[str]) -> str:
    """What TF1's converter raises for inputs that quantized_input_stats leaves out (`_validate_inputs`)."""
    return f"ValueError: Quantization input stats are not available for input tensors '{','.join(names)}'."


def refused_ends(call: ConverterCall, trained: bool) -> str:
    """What the converter says of the types at the model's ends; empty where it takes them."""
    mode = call.mode(trained)
    asked = call.ends - {"float32", COMPUTED}
    if call.flow == "tf1":
        if trained and call.optimizations and mode in ("v2", "float") and call.inference_type != "int8":
            # The ends are changed afterwards, and the model is uint8, or float (_modify_model_io_type).
            if call.inference_input_type in INTEGERS:
                return "Initial model input is not quantized."
            return "Initial model output is not dequantized." if asked else ""
        return unsupported_end(_first_of_16_bits(call)) if mode == "int8" and "int16" in asked else ""
    if mode in ("float", "dynamic", "float16"):
        return "The inference_input_type and inference_output_type must be tf.float32." if asked else ""
    if mode in ("16x8", "16x8-fallback"):
        allowed = "The inference_input_type and inference_output_type must be in ['tf.float32', 'tf.int16']."
        return allowed if asked - {"int16"} else ""
    if "int16" not in asked:
        return ""
    if call.tensorflow is not None and call.tensorflow <= (2, 15):
        return "The inference_input_type and inference_output_type must be in ['tf.float32', 'tf.int8', 'tf.uint8']."
    return unsupported_end(_first_of_16_bits(call))


def unsupported_end(end: str) -> str:
    """What the converter says of an end of 16 bits where that end is of 8."""
    return f"Unsupported `{end}` value. Expected to be in ('tf.uint8', 'tf.int8'), instead got tf.int16."


def _first_of_16_bits(call: ConverterCall) -> str:
    return "inference_input_type" if call.inference_input_type == "int16" else "inference_output_type"
