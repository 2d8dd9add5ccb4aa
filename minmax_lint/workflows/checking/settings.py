"""What a TFLiteConverter object is set to, as a call."""

from typing import Any

from minmax_lint.converters.call import LOWERS_LISTS, SWITCHES, ConverterCall, Maker

_OF_TF1 = ("target_ops", "post_training_quantize")
"""Attributes of TF1's converter that TF2's lets anyone set and never reads."""


def is_tf1(converter: Any) -> bool:
    """Whether it is a tf.compat.v1.lite.TFLiteConverter: the classes of TF2's converters end in V2 (lite.py)."""
    return not any(one.__name__.endswith("V2") for one in type(converter).__mro__)


def quantizing_setting(converter: Any) -> str:
    """What to set on a converter so that it quantizes a graph with FakeQuants."""
    if is_tf1(converter):
        return "inference_type = tf.uint8 and quantized_input_stats"
    return "optimizations = [tf.lite.Optimize.DEFAULT]"


def call_of(converter: Any, tensorflow_version: str) -> ConverterCall:
    """Its flags."""
    major, minor = (int(part) for part in tensorflow_version.split(".")[:2])
    spec = converter.target_spec
    stats = getattr(converter, "quantized_input_stats", None)
    return ConverterCall(
        type(converter).__name__,
        "tf1" if is_tf1(converter) else "tf2",
        inference_type=_type(getattr(converter, "inference_type", None)),
        inference_input_type=_type(converter.inference_input_type),
        inference_output_type=_type(converter.inference_output_type),
        input_stats=dict(stats) if stats else None,
        optimizations=bool(converter.optimizations),
        representative_dataset=converter.representative_dataset is not None,
        supported_ops=frozenset(one.name for one in spec.supported_ops),
        supported_types=frozenset(map(_type, spec.supported_types)),
        default_ranges=bool(getattr(converter, "default_ranges_stats", None)),
        experimental_new_quantizer=getattr(converter, "experimental_new_quantizer", None),
        experimental_new_converter=getattr(converter, "experimental_new_converter", None),
        lower_tensor_lists=getattr(converter, LOWERS_LISTS, True) is not False,
        without_effect=()
        if is_tf1(converter)
        else tuple(name for name in _OF_TF1 if name in vars(converter)),
        maker=_maker(converter),
        tensorflow=(major, minor),
        **{
            name: getattr(ConverterCall, name) != bool(getattr(converter, attribute, False))
            for attribute, name in SWITCHES.items()
        },
    )


def _maker(converter: Any) -> Maker:
    """By the name of its class (lite.py)."""
    known: dict[str, Maker] = {"SavedModel": "saved_model", "Keras": "keras", "FrozenGraph": "functions"}
    return next((maker for part, maker in known.items() if part in type(converter).__name__), "")


def _type(value: Any) -> str:
    """A tf.DType by name; empty where it is not set."""
    return str(getattr(value, "name", None) or "")


def has_dataset(converter: Any) -> bool:
    """Whether it has a representative dataset, from which it takes the ranges of arrays without one."""
    return converter.representative_dataset is not None
