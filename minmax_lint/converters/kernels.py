"""Which converted models TFLite's interpreter cannot run: integer operators for whose type it has no kernel.

The messages are the interpreter's own; measured with TF 2.15 and 2.21, plain kernels without delegates.
"""

from __future__ import annotations

from minmax_lint.converters.finished import OpInfo

NO_UINT8 = {
    "ABS": "Type UINT8 is unsupported by op Abs.",
    "EXP": "Type 3 is currently not supported by Exp.",
    "LOG": "Type UINT8 is unsupported by op Log.",
    "REDUCE_PROD": "Type UINT8 is unsupported by op ReduceProd.",
    "RSQRT": "Type UINT8 is unsupported by op Rsqrt.",
    "SQRT": "Type UINT8 is unsupported by op Sqrt.",
    "SQUARED_DIFFERENCE": "SquaredDifference only supports FLOAT32 and INT32 now, got 3.",
}
"""Operator of uint8 -> what the interpreter says."""

NO_INT8 = {"REVERSE_SEQUENCE": "Type 'INT8' is not supported by reverse_sequence."}
"""Operator of int8 -> what the interpreter says."""

NO_INT16 = {
    "ARG_MAX": "Unknown input type: 7, only float32, int types and bool are supported",
    "ARG_MIN": "Unknown input type: 7, only float32, int types and bool are supported",
    "SCATTER_ND": "Updates of type 'INT16' are not supported by scatter_nd.",
    "SQUARED_DIFFERENCE": "SquaredDifference only supports FLOAT32 and INT32 now, got 7.",
    "TILE": "Type 'INT16' is not supported by tile.",
}
"""Operator of int16 -> what the interpreter says."""

NO_INT16_BEFORE = {"GELU": ((2, 20), "Only float32, int8 and uint8 supported currently, got INT16.")}
"""Operator -> the first version that has a kernel of int16, and what the interpreters before it say."""

NO_COMPUTED_FILTER = {
    ("CONV_2D", 8): "a filter that is computed has a zero point, which the kernel refuses.",
    ("FULLY_CONNECTED", 16): "input->type != kTfLiteFloat32 (INT16 != FLOAT32)",
    ("TRANSPOSE_CONV", 16): "weights->type != kTfLiteInt8 (7 != 9)",
}
"""Operator and bits of its signed activations -> what the interpreter says of a filter that is no constant."""

PER_CHANNEL = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"})
"""Operators whose filter may have a scale for each channel, in int8 and int16."""
NO_UINT8_PER_CHANNEL = (
    "input->type == kTfLiteInt8 || input->type == kTfLiteInt16 was not true: a uint8 filter with a scale for each "
    "channel"
)
"""What the interpreter says of them in uint8 (2.15 and 2.21 measured)."""

NO_EMPTY_RANGE = frozenset({"SQUARED_DIFFERENCE", "SUB"})
"""Operators whose kernel ends the process where the result is always 0 (QuantizeMultiplierSmallerThanOneExp)."""

FLOAT_DEQUANTIZE = "input->type == kTfLiteInt8 || ... was not true: an array is dequantized twice"
"""What the interpreter says of DEQUANTIZE where the quantizer for 16x8 meets the range of a FakeQuant."""

BY_DATA = frozenset({"DIV"})
"""Operators whose int8 kernel refuses values that only the data decide: a divisor that is zero once quantized."""

ANY_TYPE = frozenset({"CAST", "DEQUANTIZE", "IF", "MATRIX_DIAG", "QUANTIZE", "SHAPE", "WHILE"})
"""Operators that take a mixture of float and integer tensors, or any type."""


def refusal_of(op: OpInfo) -> str:
    """What the interpreter says of an operator of a finished model that it cannot run; empty where it runs it."""
    values = [*op.inputs, *op.outputs]
    types = {value.dtype for value in values if value.scale is not None}
    filter_ = op.inputs[1] if len(op.inputs) > 1 else None
    if op.name in PER_CHANNEL and "uint8" in types and filter_ is not None and filter_.channels > 1:
        return NO_UINT8_PER_CHANNEL
    for kind, missing in (("int16", NO_INT16), ("uint8", NO_UINT8), ("int8", NO_INT8)):
        if kind in types:
            if op.name in missing:
                return missing[op.name]
            break
    if filter_ is None or filter_.constant or not filter_.zero_point:
        return ""
    return NO_COMPUTED_FILTER.get((op.name, 8), "") if "int8" in types else ""
