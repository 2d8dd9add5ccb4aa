"""Which converted models TFLite's interpreter cannot run: integer operators for whose type it has no kernel.

The messages are the interpreter's own; measured with TF 2.15 and 2.21, plain kernels without delegates.
"""

from collections.abc import Mapping
from typing import NamedTuple

from minmax_lint.converters.finished import OpInfo
from minmax_lint.converters.releases import Number


class Kernel(NamedTuple):
    """One row: the integer types of activations that the kernel of an operator does not take."""

    lacks: tuple[str, ...]
    says: str
    """What the interpreter says: `{type}` stands for INT8, `{code}` for its number in schema.fbs."""
    since: Mapping[str, Number] = {}
    """Type -> the first version that takes it, where it does not stand in `lacks`."""

    def refusal(self, kind: str) -> str:
        """What the interpreter says of that type."""
        return self.says.format(type=kind.upper(), code=_CODES[kind])


_CODES = {"uint8": 3, "int16": 7, "int8": 9}
_ALL = ("uint8", "int8", "int16")
_UINT8, _INT16 = ("uint8",), ("int16",)
_BY_NAME = "Type {type} is unsupported by op "
_BY_QUOTED_NAME = "Type '{type}' is not supported by "
_FLOAT_ALONE = "input->type != kTfLiteFloat32 ({type} != FLOAT32)"
_NO_OTHER = "supported currently, got {type}."
_COMPARED = "Does not support type {code}, requires float|int|uint8"
_BLOCKS = "data_type == kTfLiteFloat32 || ... || data_type == kTfLiteInt64 was not true ({type})."
_SEGMENTS = "data->type == kTfLiteInt32 || data->type == kTfLiteFloat32 was not true ({type})."
_ARG = "Unknown input type: {code}, only float32, int types and bool are supported"

KERNELS = {
    "ABS": Kernel(_UINT8, f"{_BY_NAME}Abs."),
    "ADD_N": Kernel(_ALL, "AddN only supports FLOAT32|INT32 now, got {type}."),
    "ARG_MAX": Kernel(_INT16, _ARG),
    "ARG_MIN": Kernel(_INT16, _ARG),
    "ATAN2": Kernel(_ALL, "input_y->type == kTfLiteFloat32 || ... was not true ({type})."),
    "BATCH_MATMUL": Kernel(_UINT8, "lhs_data->type == kTfLiteFloat32 || ... was not true ({type})."),
    "BUCKETIZE": Kernel(_ALL, f"{_BY_QUOTED_NAME}bucketize."),
    "CEIL": Kernel(_ALL, _FLOAT_ALONE),
    "COS": Kernel(_ALL, f"{_BY_NAME}Cos."),
    "CUMSUM": Kernel(_ALL, "input->type == kTfLiteInt32 || ... was not true ({type})."),
    "DEPTH_TO_SPACE": Kernel(_INT16, _BLOCKS),
    "DIV": Kernel(
        (),
        "Div only supports FLOAT32, INT32 and quantized UINT8 now, got {code}.",
        {"int8": (2, 20), "int16": (2, 21)},
    ),
    "ELU": Kernel(("uint8", "int16"), f"Only float32 and int8 is {_NO_OTHER}"),
    "EXP": Kernel(_UINT8, "Type {code} is currently not supported by Exp."),
    "FILL": Kernel(_UINT8, "Fill only currently supports int8, int16, ... for input 1, got {code}."),
    "FLOOR": Kernel(_ALL, _FLOAT_ALONE),
    "FLOOR_DIV": Kernel(_UINT8, f"{_BY_QUOTED_NAME}floor_div."),
    "FLOOR_MOD": Kernel(_UINT8, f"{_BY_QUOTED_NAME}floor_mod."),
    "GELU": Kernel((), "Only float32, int8 and uint8 supported currently, got {type}.", {"int16": (2, 20)}),
    "GREATER": Kernel((), _COMPARED, {"int16": (2, 21)}),
    "HARD_SWISH": Kernel(_INT16, f"Only float32, uint8 and int8 are {_NO_OTHER}"),
    "L2_NORMALIZATION": Kernel(_INT16, "output->type == kTfLiteFloat32 || ... was not true ({type})."),
    "LESS_EQUAL": Kernel((), _COMPARED, {"int16": (2, 21)}),
    "LOCAL_RESPONSE_NORMALIZATION": Kernel(_ALL, _FLOAT_ALONE.replace("input", "output")),
    "LOG": Kernel(_UINT8, f"{_BY_NAME}Log."),
    "LOG_SOFTMAX": Kernel(_INT16, f"Only float32, uint8 and int8 are {_NO_OTHER}"),
    "NEG": Kernel(
        _UINT8,
        "Neg only currently supports int64, int32, and float32, got {code}.",
        {"int8": (2, 20), "int16": (2, 20)},
    ),
    "NOT_EQUAL": Kernel(
        (), "Does not support type {code}, requires bool|float|int|uint8|string", {"int16": (2, 21)}
    ),
    "ONE_HOT": Kernel(_INT16, "it has no kernel for {type}."),
    "POW": Kernel(_ALL, "Unsupported data type {type}."),
    "REDUCE_PROD": Kernel(_UINT8, "Unsupported quantized data type: {code}"),
    "RELU_0_TO_1": Kernel(_INT16, f"Only float32, uint8, int8 {_NO_OTHER}"),
    "RELU_N1_TO_1": Kernel(_INT16, f"Only float32, uint8, int8 {_NO_OTHER}"),
    "REVERSE_SEQUENCE": Kernel(("int8",), f"{_BY_QUOTED_NAME}reverse_sequence."),
    "ROUND": Kernel(_ALL, _FLOAT_ALONE),
    "RSQRT": Kernel(_UINT8, f"{_BY_NAME}Rsqrt."),
    "SCATTER_ND": Kernel(_INT16, "Updates of type '{type}' are not supported by scatter_nd."),
    "SEGMENT_SUM": Kernel(_ALL, _SEGMENTS),
    "SIGN": Kernel(_ALL, "Unsupported datatype for sign output: {type}"),
    "SIN": Kernel(_ALL, f"{_BY_NAME}Sin."),
    "SPACE_TO_DEPTH": Kernel(_INT16, _BLOCKS),
    "SQRT": Kernel(_UINT8, f"{_BY_NAME}Sqrt.", {"int8": (2, 21), "int16": (2, 21)}),
    "SQUARE": Kernel(_ALL, f"{_BY_NAME}Square."),
    "SQUARED_DIFFERENCE": Kernel(
        ("uint8", "int16"), "SquaredDifference only supports FLOAT32 and INT32 now, got {code}."
    ),
    "TILE": Kernel(_INT16, f"{_BY_QUOTED_NAME}tile."),
    "UNSORTED_SEGMENT_SUM": Kernel(_ALL, _SEGMENTS),
}
"""Operator -> its row. Those that are missing here take all three types.

Measured with a model of each of 96 operators alone in each type, in the interpreters of 2.15 and 2.21; the first
version with those of 2.16 to 2.20 (tests/converters/test_kernels.py).
"""

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

NO_STATE = (
    "output_state != nullptr was not true: the quantizer for 16x8 takes the states of the LSTM for constants"
)
"""What the interpreter says of UNIDIRECTIONAL_SEQUENCE_LSTM in a model of 16 bits (2.15 and 2.21 measured)."""

NO_VALUE = "variable != nullptr was not true: nothing gives the variable a value"
"""What the interpreter says of READ_VARIABLE of a variable that nothing initializes (2.15 and 2.21 measured)."""

FLOAT_DEQUANTIZE = "input->type == kTfLiteInt8 || ... was not true: an array is dequantized twice"
"""What the interpreter says of DEQUANTIZE where the quantizer for 16x8 meets the range of a FakeQuant."""

ANY_TYPE = frozenset({"CAST", "DEQUANTIZE", "IF", "MATRIX_DIAG", "QUANTIZE", "SHAPE", "WHILE"})
"""Operators that take a mixture of float and integer tensors, or any type."""


def refusal_of(op: OpInfo) -> str:
    """What the interpreter says of an operator of a finished model that it cannot run; empty where it runs it."""
    values = [*op.inputs, *op.outputs]
    types = {value.dtype for value in values if value.scale is not None}
    filter_ = op.inputs[1] if len(op.inputs) > 1 else None
    if op.name in PER_CHANNEL and "uint8" in types and filter_ is not None and filter_.channels > 1:
        return NO_UINT8_PER_CHANNEL
    kernel, kind = KERNELS.get(op.name), next((one for one in ("int16", "uint8", "int8") if one in types), "")
    if kernel is not None and kind in kernel.lacks:
        return kernel.refusal(kind)
    if filter_ is None or filter_.constant or not filter_.zero_point:
        return ""
    return NO_COMPUTED_FILTER.get((op.name, 8), "") if "int8" in types else ""
