"""How a converter is called: the flags that a script, a configuration or a converter object sets.

Source of the modes: QuantizationMode in tensorflow/lite/python/lite.py, the same from TF 2.12 to 2.22; measured with
TF 2.15.1 and 2.21.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from minmax_lint.converters.call_site import CallSite
from minmax_lint.converters.dataset import Dataset
from minmax_lint.converters.profile import Flow, Profile
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
    "allow_custom_ops": "custom_ops",
}
"""Attribute that is False where it is not set -> the field of ConverterCall that it turns over."""

LOWERS_LISTS = "_experimental_lower_tensor_list_ops"
"""Attribute that is True where it is not set."""

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


Maker = Literal["", "saved_model", "keras", "functions"]
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
    custom_ops: bool = False
    """Whether ops without builtin become custom ops."""
    lower_tensor_lists: bool = True
    """Whether tensor lists become arrays; else they stay ops of TensorFlow, for SELECT_TF_OPS."""
    without_effect: tuple[str, ...] = ()
    """Attributes that are set and that no converter reads, such as `target_ops`."""
    denied_ops: frozenset[str] = frozenset()
    """TFLite's ops that QuantizationDebugger leaves float (denylisted_ops)."""
    denied_nodes: frozenset[str] = frozenset()
    """Arrays whose ops it leaves float (denylisted_nodes)."""
    deleted: str = ""
    """The attribute that `del` takes away and nothing sets anew: the converter reads it in vain."""
    inputs: Mapping[str, Shape | None] = field(default_factory=dict)
    """Array -> shape, None where the call does not say it; empty where it names no inputs."""
    outputs: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    """The signatures of the SavedModel that it names; empty where it names none."""
    known_signatures: tuple[str, ...] = ()
    """Those that the SavedModel has; empty where that is not known."""
    converted: str = field(default="", compare=False)
    """The file or folder that it converts, as the script names it; empty where it converts an object."""
    saved: tuple[str, ...] = field(default=(), compare=False)
    """Where the script saves the object that it converts."""
    every_signature: bool = False
    """Whether it converts all signatures of a SavedModel: TF2's from_saved_model that names none."""
    flow_named: bool = True
    """Whether it says its flow; else that of the kind of model holds."""
    maker: Maker = ""
    """What TF2's converter is made from; empty where that is not known."""
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
    assumed: tuple[str, ...] = field(default=(), compare=False)
    """Flags that cannot be read, for people: `supported_ops = cfg.ops (line 8), taken as not set`."""
    elsewhere: str = ""
    """What else may set its flags and is not read, for people: `prepare (line 8)`."""
    site: CallSite | None = field(default=None, compare=False, repr=False)
    """Where it stands in a script whose text can be changed."""

    @property
    def asks_for_integers(self) -> bool:
        """Whether its flags ask for a model with integer arithmetic."""
        activations = {self.inference_type} if self.flow == "tf1" else set()  # TF2's converter never reads it
        return bool((activations | self.ends) & INTEGERS) or self.integer_ops_only

    @property
    def unknown_signature(self) -> str:
        """The first signature that it names and the SavedModel lacks; empty for none."""
        known = self.known_signatures
        return next((name for name in self.signatures if known and name not in known), "")

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
    def kernels(self) -> frozenset[str]:
        """The members of tf.lite.OpsSet that count."""
        return frozenset(
            {BUILTINS_INT8} if self.supported_types == {"int8"} else self.supported_ops or {BUILTINS}
        )

    @property
    def floats_allowed(self) -> bool:
        """Whether it names kernels that compute in float (`is_allow_float`)."""
        return bool(self.kernels & {BUILTINS, SELECT_TF})

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
        types, floats = self.supported_types, self.floats_allowed
        int8 = self.smallest_type in ("int8", COMPUTED)
        if self.representative_dataset and BUILTINS_16X8 in self.kernels:
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
