"""The builtin operators that TOCO's exporter writes.

Source: tflite/operator.cc.
"""

from __future__ import annotations

TFLITE_NAMES = {
    "Abs": "ABS",
    "Add": "ADD",
    "AddN": "ADD_N",
    "ArgMax": "ARG_MAX",
    "ArgMin": "ARG_MIN",
    "AveragePool": "AVERAGE_POOL_2D",
    "BatchToSpaceND": "BATCH_TO_SPACE_ND",
    "Concatenation": "CONCATENATION",
    "Conv": "CONV_2D",
    "DepthwiseConv": "DEPTHWISE_CONV_2D",
    "LocalResponseNormalization": "LOCAL_RESPONSE_NORMALIZATION",
    "MaxPool": "MAX_POOL_2D",
    "PRelu": "PRELU",
    "Pack": "PACK",
    "PadV2": "PADV2",
    "Relu1": "RELU_N1_TO_1",
    "ReduceProd": "REDUCE_PROD",
    "ReverseV2": "REVERSE_V2",
    "SpaceToBatchND": "SPACE_TO_BATCH_ND",
    "TopK_V2": "TOPK_V2",
    "Unsupported": "CUSTOM",
}
"""Builtin names that are not simply the type in capitals with underscores."""


def tflite_name(type: str) -> str:
    """The builtin operator that the exporter writes for a type: `Conv` -> `CONV_2D`."""
    known = TFLITE_NAMES.get(type)
    if known is not None:
        return known
    previous = ""
    spelled = ""
    for char in type:
        spelled += f"_{char}" if char.isupper() and previous.islower() else char
        previous = char
    return spelled.upper()
