"""What a TFLiteConverter object is set to: which profile models it, and whether it is to quantize at all."""

from __future__ import annotations

from typing import Any

from minmax_lint.backends.conversion.interpreter import nearest_profile
from minmax_lint.converters.profile import Flow, Profile
from minmax_lint.errors import UserError

_INTEGER_TYPES = ("uint8", "int8")


def is_tf1(converter: Any) -> bool:
    """Whether it is a tf.compat.v1.lite.TFLiteConverter: those alone have input stats."""
    return hasattr(converter, "quantized_input_stats")


def flow_of(converter: Any) -> Flow:
    """The flow it converts in. Raises UserError where its settings ask for a float model."""
    inference_type = getattr(getattr(converter, "inference_type", None), "name", "")
    if is_tf1(converter) and inference_type in _INTEGER_TYPES:
        return "tf1"
    if converter.optimizations:
        return "tf2"
    setting = (
        "inference_type = tf.uint8 and quantized_input_stats"
        if is_tf1(converter)
        else "optimizations = [tf.lite.Optimize.DEFAULT]"
    )
    raise UserError(f"this converter is set to make a float model; set {setting} before convert()")


def profile_of(converter: Any, tensorflow_version: str) -> Profile:
    """The profile that models it best. Raises UserError where it is set to make a float model."""
    major, minor = (int(part) for part in tensorflow_version.split(".")[:2])
    toco = is_tf1(converter) and not converter.experimental_new_converter and (major, minor) < (2, 16)
    return nearest_profile("toco" if toco else "mlir", flow_of(converter), (major, minor))


def finds_ranges_itself(converter: Any) -> bool:
    """Whether it has a representative dataset, from which it takes the ranges of arrays without one."""
    return converter.representative_dataset is not None
