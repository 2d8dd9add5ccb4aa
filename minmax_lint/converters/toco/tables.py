"""What TOCO knows about its operators, one row a type; and what else differs between versions.

A fact that holds from a TensorFlow version on has that version, one that always holds ALWAYS.
Sources: import_tensorflow.cc (GetTensorFlowNodeConverterMap), quantize.cc (SupportsQuantization,
ChooseQuantizationForOperatorOutput), hardcode_min_max.cc, model.h, tflite/operator.cc. Differences between versions
were measured with the binaries of TF 1.13.1 to 2.15.1.
"""

from collections.abc import Callable
from functools import cache
from math import inf
from typing import NamedTuple

Since = tuple[int, int]
ALWAYS: Since = (0, 0)


class OperatorType(NamedTuple):
    """What TOCO knows of one operator type."""

    quantizable: Since | None = None
    """Since when Quantize accepts it, whatever the data type of its arrays."""
    copies_input: Since | None = None
    """Since when its output takes scale and zero point from input 0 (Split: 1): a missing range is F3, not F2."""
    fixed: tuple[float, int] | None = None
    """(scale, zero point) of an output that ignores its range, which must be there all the same."""
    hardcoded: tuple[float, float] | None = None
    """HardcodeMinMaxForOutput: the range that its output gets."""
    forwards: bool = False
    """HardcodeMinMaxFromFirstInput."""
    fuses_activation: bool = False
    """OperatorSupportsFusedActivation."""
    elementwise: bool = False
    """ReorderElementwiseUnary puts it in front of a type that `moves` elements."""
    moves: bool = False
    clamps: tuple[float, float] | None = None
    """The interval to which an activation clamps."""
    builtin: str = ""
    """The builtin that the exporter writes, where that is not the type in capitals with underscores."""


TYPES: dict[str, OperatorType] = {
    "Add": OperatorType(quantizable=ALWAYS, fuses_activation=True),
    "ArgMax": OperatorType(quantizable=ALWAYS),
    "AveragePool": OperatorType(
        quantizable=ALWAYS, copies_input=(2, 12), fuses_activation=True, builtin="AVERAGE_POOL_2D"
    ),
    "BatchNormalization": OperatorType(fuses_activation=True),
    "BatchToSpaceND": OperatorType(quantizable=ALWAYS),
    "Cast": OperatorType(elementwise=True),
    "Ceil": OperatorType(elementwise=True),
    "Concatenation": OperatorType(quantizable=ALWAYS),
    "Conv": OperatorType(quantizable=ALWAYS, fuses_activation=True, builtin="CONV_2D"),
    "DepthToSpace": OperatorType(quantizable=(1, 15), copies_input=ALWAYS, moves=True),
    "DepthwiseConv": OperatorType(quantizable=ALWAYS, fuses_activation=True, builtin="DEPTHWISE_CONV_2D"),
    "Div": OperatorType(quantizable=(2, 0), fuses_activation=True),
    "Equal": OperatorType(quantizable=ALWAYS),
    "Exp": OperatorType(elementwise=True),
    "ExpandDims": OperatorType(quantizable=ALWAYS, forwards=True, moves=True),
    "Floor": OperatorType(elementwise=True),
    "FullyConnected": OperatorType(quantizable=ALWAYS, fuses_activation=True),
    "Gather": OperatorType(quantizable=ALWAYS, forwards=True),
    "Greater": OperatorType(quantizable=ALWAYS),
    "GreaterEqual": OperatorType(quantizable=ALWAYS),
    "HardSwish": OperatorType(quantizable=(1, 15)),
    "L2Normalization": OperatorType(quantizable=ALWAYS, fixed=(1 / 128, 128)),
    "L2Pool": OperatorType(fuses_activation=True),
    "LeakyRelu": OperatorType(quantizable=(1, 14)),
    "Less": OperatorType(quantizable=ALWAYS),
    "LessEqual": OperatorType(quantizable=ALWAYS),
    "Logistic": OperatorType(quantizable=ALWAYS, fixed=(1 / 256, 0), hardcoded=(0.0, 255 / 256)),
    "LogSoftmax": OperatorType(quantizable=ALWAYS, fixed=(16 / 256, 255)),
    "LstmCell": OperatorType(quantizable=ALWAYS),
    "MatrixDiag": OperatorType(quantizable=ALWAYS),
    "MatrixSetDiag": OperatorType(quantizable=ALWAYS),
    "Maximum": OperatorType(quantizable=ALWAYS),
    "MaxPool": OperatorType(
        quantizable=ALWAYS, copies_input=(2, 12), fuses_activation=True, builtin="MAX_POOL_2D"
    ),
    "Mean": OperatorType(quantizable=ALWAYS, forwards=True),
    "Minimum": OperatorType(quantizable=ALWAYS),
    "MirrorPad": OperatorType(quantizable=(1, 15)),
    "Mul": OperatorType(quantizable=ALWAYS, fuses_activation=True),
    "Neg": OperatorType(elementwise=True),
    "Pack": OperatorType(quantizable=ALWAYS),
    "Pad": OperatorType(quantizable=ALWAYS, forwards=True),
    "PadV2": OperatorType(quantizable=ALWAYS, builtin="PADV2"),
    "PRelu": OperatorType(quantizable=ALWAYS, copies_input=ALWAYS),
    "RandomUniform": OperatorType(quantizable=ALWAYS),
    "ReduceMax": OperatorType(quantizable=(1, 14), forwards=True),
    "ReduceMin": OperatorType(quantizable=(1, 14), forwards=True),
    "Relu": OperatorType(quantizable=ALWAYS, copies_input=ALWAYS, elementwise=True, clamps=(0.0, inf)),
    "Relu1": OperatorType(
        quantizable=ALWAYS, copies_input=ALWAYS, elementwise=True, clamps=(-1.0, 1.0), builtin="RELU_N1_TO_1"
    ),
    "Relu6": OperatorType(quantizable=ALWAYS, copies_input=ALWAYS, elementwise=True, clamps=(0.0, 6.0)),
    "Reshape": OperatorType(quantizable=ALWAYS, copies_input=ALWAYS, moves=True),
    "ResizeBilinear": OperatorType(quantizable=ALWAYS, forwards=True),
    "ResizeNearestNeighbor": OperatorType(quantizable=ALWAYS, forwards=True),
    "Round": OperatorType(elementwise=True),
    "Select": OperatorType(quantizable=ALWAYS),
    "Shape": OperatorType(quantizable=ALWAYS),
    "Slice": OperatorType(quantizable=ALWAYS, copies_input=(2, 12), forwards=True),
    "Softmax": OperatorType(quantizable=ALWAYS, fixed=(1 / 256, 0), hardcoded=(0.0, 255 / 256)),
    "SpaceToBatchND": OperatorType(quantizable=ALWAYS),
    "SpaceToDepth": OperatorType(quantizable=ALWAYS, copies_input=ALWAYS, moves=True),
    "SparseToDense": OperatorType(quantizable=ALWAYS),
    "Split": OperatorType(quantizable=ALWAYS, copies_input=ALWAYS),
    "SplitV": OperatorType(quantizable=(1, 15)),
    "Sqrt": OperatorType(elementwise=True),
    "Square": OperatorType(elementwise=True),
    "SquaredDifference": OperatorType(fuses_activation=True),
    "Squeeze": OperatorType(quantizable=ALWAYS, forwards=True, moves=True),
    "StridedSlice": OperatorType(quantizable=ALWAYS, copies_input=(2, 12), forwards=True),
    "Sub": OperatorType(quantizable=ALWAYS, fuses_activation=True),
    "Sum": OperatorType(quantizable=ALWAYS, forwards=True),
    "Tanh": OperatorType(
        quantizable=ALWAYS, fixed=(1 / 128, 128), hardcoded=(-127 / 128, 1.0), elementwise=True
    ),
    "TopK_V2": OperatorType(quantizable=ALWAYS, builtin="TOPK_V2"),
    "Transpose": OperatorType(quantizable=ALWAYS, forwards=True, moves=True),
    "TransposeConv": OperatorType(quantizable=(1, 14)),
    "Unpack": OperatorType(quantizable=(1, 14), copies_input=(2, 0)),
    "Unsupported": OperatorType(builtin="CUSTOM"),
}


def _where(holds: Callable[[OperatorType], object]) -> frozenset[str]:
    return frozenset(name for name, row in TYPES.items() if holds(row))


FUSES_ACTIVATION = _where(lambda row: row.fuses_activation)
ELEMENTWISE = _where(lambda row: row.elementwise)
MOVES_ELEMENTS = _where(lambda row: row.moves)
FORWARD = _where(lambda row: row.forwards)
CLAMPS = {name: row.clamps for name, row in TYPES.items() if row.clamps is not None}
FIXED_QUANTIZATION = {name: row.fixed for name, row in TYPES.items() if row.fixed is not None}
FIXED_RANGE = {name: row.hardcoded for name, row in TYPES.items() if row.hardcoded is not None}


class Version(NamedTuple):
    """What differs between the TOCO of two TensorFlow versions."""

    quantizable: frozenset[str]
    copies_input: frozenset[str]
    points_agree: bool
    """A range of no width agrees with itself: Reshape asks before it passes one on."""
    pack_forwards: bool
    """Pack passes on a range that all its inputs share."""
    transpose_conv_bias: bool
    """TransposeConv takes a bias, so that a following Add fuses into it."""
    identifies_hard_swish: bool
    """x * Relu6(x + 3) / 6 becomes HardSwish."""
    loses_activations: bool
    """A sum with zeros goes although it has taken a Relu."""
    refuses_unread_inputs: bool
    """An input that nothing reads, or that is an output as well, ends the conversion at once."""
    unsupported_prefix: str
    """How the message about an operator without quantized form starts."""


@cache
def version_of(number: Since) -> Version:
    """The TOCO of a TensorFlow release."""
    return Version(
        quantizable=_where(lambda row: row.quantizable is not None and row.quantizable <= number),
        copies_input=_where(lambda row: row.copies_input is not None and row.copies_input <= number),
        points_agree=number >= (2, 0),
        pack_forwards=number >= (2, 0),
        transpose_conv_bias=number >= (2, 0),
        identifies_hard_swish=number >= (1, 15),
        loses_activations=number < (2, 0),
        refuses_unread_inputs=number < (1, 15),
        unsupported_prefix="Check failed: s.ok() " if number == (1, 15) else "",
    )


def tflite_name(type: str) -> str:
    """The builtin operator that the exporter writes for a type: `Conv` -> `CONV_2D`."""
    known = TYPES[type].builtin if type in TYPES else ""
    if known:
        return known
    previous = ""
    spelled = ""
    for char in type:
        spelled += f"_{char}" if char.isupper() and previous.islower() else char
        previous = char
    return spelled.upper()
