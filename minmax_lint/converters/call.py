"""How a converter is called: the flags that a script, a configuration or a converter object sets.

Source of the modes: QuantizationMode in tensorflow/lite/python/lite.py, the same from TF 2.12 to 2.22; measured with
TF 2.15.1 and 2.21.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from minmax_lint.converters.call_site import CallSite
from minmax_lint.converters.dataset import Dataset
from minmax_lint.converters.profile import Flow, Profile
from minmax_lint.graph.names import canonical_array
from minmax_lint.graph.tensor import Shape

INTEGERS = frozenset({"int8", "uint8", "int16"})
ENDS = ("inference_input_type", "inference_output_type")
COMMAND_LINE = "the command line"
"""The origin of a call that options make."""
COMPUTED = "?"
"""A value that cannot be read, since the script computes it."""

BUILTINS, SELECT_TF = "TFLITE_BUILTINS", "SELECT_TF_OPS"
BUILTINS_INT8 = "TFLITE_BUILTINS_INT8"
BUILTINS_16X8 = "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"
OPS_SETS = (BUILTINS, SELECT_TF, BUILTINS_INT8, BUILTINS_16X8)
"""Members of tf.lite.OpsSet."""

SWITCHES: Mapping[str, str] = {
    "_experimental_disable_per_channel": "per_channel",
    "_experimental_disable_per_channel_quantization_for_dense_layers": "per_channel_dense",
    "_experimental_default_to_single_batch_in_tensor_list_ops": "single_batch",
}
"""Attribute that is False where it is not set -> the field of ConverterCall that it turns over."""

TRAINED = frozenset(
    (
        "FakeQuantWithMinMaxVars",
        "FakeQuantWithMinMaxVarsPerChannel",
        "FakeQuantWithMinMaxArgs",
        "QuantizeAndDequantizeV2",
        "QuantizeAndDequantizeV3",
    )
)
"""Ops by which the converter knows a graph trained for quantization (is_quantization_aware_trained_model)."""

_BYTES = {"int8": 1, "uint8": 1, "float16": 2, "bfloat16": 2, "int16": 2, "float32": 4}
"""Type -> its size, as the converter compares the supported types."""
_OLD_STATS_MESSAGE = (2, 3)
"""The last version known with the older words."""

Mode = Literal["float", "tf1", "v2", "int8", "16x8", "16x8-fallback", "dynamic", "float16"]
"""What a call asks for: a float model, or what the profiles of that name model (`tf1`: those without a suffix)."""
CALIBRATED = frozenset({"int8", "16x8", "16x8-fallback"})
"""Modes with a representative dataset."""


@dataclass(frozen=True)
class ConverterCall:
    """The flags of one converter, by the names of tf.lite.TFLiteConverter's attributes."""

    origin: str
    """Where it stands: `export.py:12`, `pyproject.toml [tool.minmax-lint.convert]`."""
    flow: Flow
    """tf1: tf.compat.v1's converter, from_frozen_graph, from_session; tf2: from_saved_model, from_keras_model, ..."""
    inference_type: str = ""
    """`uint8`, `int8`, `float32`; empty where it is not set, `?` where it is computed."""
    inference_input_type: str = ""
    inference_output_type: str = ""
    input_stats: Mapping[str, tuple[float, float] | None] | None = None
    """Input -> (mean, std) of quantized_input_stats, None where they are computed; empty where the inputs cannot be
    read, None where it is not set."""
    optimizations: bool = False
    representative_dataset: bool = False
    supported_ops: frozenset[str] = frozenset()
    """Members of tf.lite.OpsSet by name; empty where it is not set (TFLITE_BUILTINS then)."""
    supported_types: frozenset[str] = frozenset()
    default_ranges: bool = False
    """Whether default_ranges_stats is set: ranges for arrays that have none."""
    experimental_new_quantizer: bool | None = None
    experimental_new_converter: bool | None = None
    """None where it is not set: then it is False before TF 2.2."""
    per_channel: bool = True
    per_channel_dense: bool = True
    single_batch: bool = False
    """Whether the items of tensor lists with an open batch get a batch of 1."""
    without_effect: tuple[str, ...] = ()
    """Attributes that are set and that no converter reads, such as `target_ops`."""
    inputs: Mapping[str, Shape | None] = field(default_factory=dict)
    """Array -> shape, None where the call does not say it; empty where it names no inputs."""
    outputs: tuple[str, ...] = ()
    signature: str = ""
    """The one signature of the SavedModel that it converts; empty where it names none, or several."""
    converted: str = field(default="", compare=False)
    """The file or folder that it converts, as the script names it; empty where it converts an object."""
    every_signature: bool = False
    """Whether it converts all signatures of a SavedModel: from_saved_model that names none."""
    flow_named: bool = True
    """Whether it says its flow; else that of the kind of model holds."""
    unsigned: bool = False
    """Whether the converted model has no signature: functions that are converted without their object."""
    dataset: Dataset | None = None
    """What is known of the samples that representative_dataset yields."""
    tensorflow: tuple[int, int] | None = None
    """The version that runs it, where that is known."""
    otherwise: tuple[Mapping[str, Any], ...] = ()
    """What else its flags may be, where the script sets some of them in branches: field -> value."""
    branched: str = ""
    """The attributes that are set in branches, for people: `optimizations (line 8)`."""
    site: CallSite | None = field(default=None, compare=False, repr=False)
    """Where it stands in a script whose text can be changed."""

    @property
    def asks_for_integers(self) -> bool:
        """Whether its flags ask for a model with integer arithmetic."""
        activations = {self.inference_type} if self.flow == "tf1" else set()  # TF2's converter never reads it
        return bool((activations | self.ends) & INTEGERS) or self.integer_ops_only

    @property
    def alternatives(self) -> tuple[ConverterCall, ...]:
        """The call as it is on the other ways through its script."""
        return tuple(replace(self, **flags, otherwise=()) for flags in self.otherwise)

    @property
    def ends(self) -> frozenset[str]:
        """The types that it asks for at the model's ends, those not set aside."""
        return frozenset({self.inference_input_type, self.inference_output_type} - {""})

    @property
    def integer_ops_only(self) -> bool:
        """Whether it names kernels with integers alone."""
        return bool(self.supported_ops) and self.supported_ops <= {BUILTINS_INT8, BUILTINS_16X8}

    @property
    def int8_required(self) -> bool:
        """Whether the converter takes it for full integer quantization (`_is_int8_target_required`)."""
        return BUILTINS_INT8 in self.supported_ops or self.supported_types == {"int8"}

    @property
    def smallest_type(self) -> str:
        """The smallest of its supported types, `int8` where it sets none (`_smallest_supported_type`)."""
        return min(sorted(self.supported_types), key=lambda name: _BYTES.get(name, 0), default="int8")

    def mode(self, trained: bool) -> Mode:
        """What it asks for, of a graph with FakeQuants (`trained`) or without."""
        found = self._quantization_mode(trained)
        if self.flow == "tf2":
            return found
        integer = self.inference_type in {*INTEGERS, COMPUTED}
        if found == "v2" and not integer:  # inference_type stays float32: every FakeQuant becomes two ops
            return "float"
        if found == "float" and integer and trained and self.inference_input_type == "float32":
            return "v2"  # both ends stay float (TF 2.15.1 and 2.21 measured)
        # Without optimizations an integer input makes the whole graph integer (TF 2.15.1 and 2.21 measured).
        return "tf1" if found == "float" and (integer or self.inference_input_type in INTEGERS) else found

    def _quantization_mode(self, trained: bool) -> Mode:
        """What QuantizationMode makes of the flags, in its order."""
        if not self.optimizations:
            return "float"
        types, ops = self.supported_types, self.supported_ops or {BUILTINS}
        ops = {BUILTINS_INT8} if types == {"int8"} else ops
        floats = bool(ops & {BUILTINS, SELECT_TF})
        int8 = self.smallest_type in ("int8", COMPUTED)
        if self.representative_dataset and BUILTINS_16X8 in ops:
            return "16x8-fallback" if floats else "16x8"
        if self.representative_dataset and (int8 if floats else self.int8_required):
            return "int8"
        if trained:
            return "v2"
        if int8 and not self.representative_dataset:
            return "dynamic"
        return "float16" if "float16" in types and _BYTES.get(self.smallest_type) == 2 else "float"


def mode_of(profile: Profile) -> Mode:
    """What a call of that profile asks for."""
    return cast(Mode, profile.call or "tf1")


def call_as(mode: Mode, origin: str) -> ConverterCall:
    """The call that asks for `mode`, of a graph that is trained as that needs."""
    if mode == "tf1":
        return ConverterCall(origin, "tf1", inference_type="uint8")
    sixteen = {"16x8": {BUILTINS_16X8}, "16x8-fallback": {BUILTINS_16X8, BUILTINS}}
    return ConverterCall(
        origin,
        "tf2",
        optimizations=mode != "float",
        representative_dataset=mode in CALIBRATED,
        supported_ops=frozenset(sixteen.get(mode, ())),
        supported_types=frozenset({"float16"} if mode == "float16" else ()),
    )


def refusal(call: ConverterCall, trained: bool) -> str:
    """What the converter raises instead of converting, whatever the graph; empty where it takes the call."""
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
    text = refused_ends(call, trained) or refused_stats(call, trained)
    return f"ValueError: {text}" if text else ""


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
        return _unsupported_end(call) if mode == "int8" and "int16" in asked else ""
    if mode in ("float", "dynamic", "float16"):
        return "The inference_input_type and inference_output_type must be tf.float32." if asked else ""
    if mode in ("16x8", "16x8-fallback"):
        allowed = "The inference_input_type and inference_output_type must be in ['tf.float32', 'tf.int16']."
        return allowed if asked - {"int16"} else ""
    if "int16" not in asked:
        return ""
    if call.tensorflow is not None and call.tensorflow <= (2, 15):
        return "The inference_input_type and inference_output_type must be in ['tf.float32', 'tf.int8', 'tf.uint8']."
    return _unsupported_end(call)


def _unsupported_end(call: ConverterCall) -> str:
    end = "inference_input_type" if call.inference_input_type == "int16" else "inference_output_type"
    return f"Unsupported `{end}` value. Expected to be in ('tf.uint8', 'tf.int8'), instead got tf.int16."
