"""What a TFLiteConverter object is set to: which profile models it, and whether it is to quantize at all."""

from __future__ import annotations

from typing import Any

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.dataset import Dataset
from minmax_lint.converters.profile import Flow
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


def call_of(converter: Any, tensorflow_version: str, dataset: Dataset | None) -> ConverterCall:
    """Its flags; `dataset` is what is known of its samples."""
    major, minor = (int(part) for part in tensorflow_version.split(".")[:2])
    spec = converter.target_spec
    stats = getattr(converter, "quantized_input_stats", None)
    return ConverterCall(
        type(converter).__name__,
        "tf1" if is_tf1(converter) else "tf2",
        inference_type=_type(getattr(converter, "inference_type", None)) if is_tf1(converter) else "",
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
        per_channel=not getattr(converter, "_experimental_disable_per_channel", False),
        per_channel_dense=not getattr(
            converter, "_experimental_disable_per_channel_quantization_for_dense_layers", False
        ),
        dataset=dataset,
        tensorflow=(major, minor),
    )


def _type(value: Any) -> str:
    """A tf.DType by name; empty where it is not set."""
    return str(getattr(value, "name", None) or "")


def finds_ranges_itself(converter: Any) -> bool:
    """Whether it has a representative dataset, from which it takes the ranges of arrays without one."""
    return converter.representative_dataset is not None
