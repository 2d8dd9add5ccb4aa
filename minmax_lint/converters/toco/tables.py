"""What TOCO knows about operators, as data. One column per version where they differ.

Sources: import_tensorflow.cc (GetTensorFlowNodeConverterMap), quantize.cc (SupportsQuantization,
ChooseQuantizationForOperatorOutput), hardcode_min_max.cc, model.h. Differences between versions were measured
with the binaries of TF 1.13.1 to 2.15.1.
"""

from __future__ import annotations

from typing import NamedTuple

FUSES_ACTIVATION = frozenset(
    {
        "Add",
        "AveragePool",
        "BatchNormalization",
        "Conv",
        "DepthwiseConv",
        "Div",
        "FullyConnected",
        "L2Pool",
        "MaxPool",
        "Mul",
        "SquaredDifference",
        "Sub",
    }
)
"""OperatorSupportsFusedActivation."""

ELEMENTWISE = frozenset(
    {
        "Cast",
        "Ceil",
        "Exp",
        "Floor",
        "Neg",
        "Relu",
        "Relu1",
        "Relu6",
        "Round",
        "Sqrt",
        "Square",
        "Tanh",
    }
)
MOVES_ELEMENTS = frozenset({"DepthToSpace", "ExpandDims", "Reshape", "SpaceToDepth", "Squeeze", "Transpose"})
"""ReorderElementwiseUnary swaps the former in front of the latter."""

CLAMPS = {"Relu": (0.0, float("inf")), "Relu6": (0.0, 6.0), "Relu1": (-1.0, 1.0)}
"""Activations and the interval they clamp to."""

FIXED_QUANTIZATION = {
    "L2Normalization": (1 / 128, 128),
    "LogSoftmax": (16 / 256, 255),
    "Logistic": (1 / 256, 0),
    "Softmax": (1 / 256, 0),
    "Tanh": (1 / 128, 128),
}
"""Outputs whose (scale, zero point) ignores their range, which must be there all the same."""

FORWARD = frozenset(
    {
        "ExpandDims",
        "Gather",
        "Mean",
        "Pad",
        "ReduceMax",
        "ReduceMin",
        "ResizeBilinear",
        "ResizeNearestNeighbor",
        "Slice",
        "Squeeze",
        "StridedSlice",
        "Sum",
        "Transpose",
    }
)
"""HardcodeMinMaxFromFirstInput."""

FIXED_RANGE = {"Logistic": (0.0, 255 / 256), "Softmax": (0.0, 255 / 256), "Tanh": (-127 / 128, 1.0)}
"""HardcodeMinMaxForOutput."""

_QUANTIZABLE = frozenset(
    {
        "Add",
        "ArgMax",
        "AveragePool",
        "BatchToSpaceND",
        "Concatenation",
        "Conv",
        "DepthToSpace",
        "DepthwiseConv",
        "Equal",
        "ExpandDims",
        "FullyConnected",
        "Gather",
        "Greater",
        "GreaterEqual",
        "HardSwish",
        "L2Normalization",
        "LeakyRelu",
        "Less",
        "LessEqual",
        "LogSoftmax",
        "Logistic",
        "LstmCell",
        "MatrixDiag",
        "MatrixSetDiag",
        "MaxPool",
        "Maximum",
        "Mean",
        "Minimum",
        "MirrorPad",
        "Mul",
        "PRelu",
        "Pack",
        "Pad",
        "PadV2",
        "RandomUniform",
        "ReduceMax",
        "ReduceMin",
        "Relu",
        "Relu1",
        "Relu6",
        "Reshape",
        "ResizeBilinear",
        "ResizeNearestNeighbor",
        "Select",
        "Shape",
        "Slice",
        "Softmax",
        "SpaceToBatchND",
        "SpaceToDepth",
        "Split",
        "SplitV",
        "Squeeze",
        "StridedSlice",
        "Sub",
        "Sum",
        "Tanh",
        "TopK_V2",
        "Transpose",
        "TransposeConv",
        "Unpack",
    }
)
_COPIES_INPUT = frozenset(
    {
        "DepthToSpace",
        "PRelu",
        "Relu",
        "Relu1",
        "Relu6",
        "Reshape",
        "SpaceToDepth",
        "Split",
    }
)


class Version(NamedTuple):
    """What differs between the TOCO of two TensorFlow versions."""

    quantizable: frozenset[str]
    """Types that Quantize accepts, whatever the data type of the arrays."""
    copies_input: frozenset[str]
    """Types whose output takes scale and zero point from input 0 (Split: 1): a missing range is F3, not F2."""
    points_agree: bool
    """A range of no width agrees with itself: Reshape asks before it passes one on."""
    pack_forwards: bool
    """Pack passes on a range that all its inputs share."""
    transpose_conv_bias: bool
    """TransposeConv takes a bias, so that a following Add fuses into it."""
    identifies_hard_swish: bool
    """x * Relu6(x + 3) / 6 becomes HardSwish."""
    unsupported_prefix: str
    """How the message about an operator without quantized form starts."""


_SINCE_1_14 = frozenset({"LeakyRelu", "ReduceMax", "ReduceMin", "TransposeConv", "Unpack"})
_SINCE_1_15 = frozenset({"DepthToSpace", "HardSwish", "MirrorPad", "SplitV"})
_SINCE_2_12 = frozenset({"AveragePool", "MaxPool", "Slice", "StridedSlice"})

_TF_1_15 = Version(
    quantizable=_QUANTIZABLE,
    copies_input=_COPIES_INPUT,
    points_agree=False,
    pack_forwards=False,
    transpose_conv_bias=False,
    identifies_hard_swish=True,
    unsupported_prefix="Check failed: s.ok() ",
)
_TF_1_14 = _TF_1_15._replace(
    quantizable=_QUANTIZABLE - _SINCE_1_15, identifies_hard_swish=False, unsupported_prefix=""
)
_TF_2_3 = Version(
    quantizable=_QUANTIZABLE | {"Div"},
    copies_input=_COPIES_INPUT | {"Unpack"},
    points_agree=True,
    pack_forwards=True,
    transpose_conv_bias=True,
    identifies_hard_swish=True,
    unsupported_prefix="",
)
VERSIONS: dict[tuple[int, int], Version] = {
    (1, 13): _TF_1_14._replace(quantizable=_TF_1_14.quantizable - _SINCE_1_14),
    (1, 14): _TF_1_14,
    (1, 15): _TF_1_15,
    (2, 0): _TF_2_3,
    (2, 12): _TF_2_3._replace(copies_input=_TF_2_3.copies_input | _SINCE_2_12),
}
"""The first TensorFlow release -> what its TOCO and that of the releases behind it do."""


def version_of(number: tuple[int, int]) -> Version:
    """The TOCO of a TensorFlow release."""
    return VERSIONS[max(since for since in VERSIONS if since <= number)]
