"""What TOCO knows about operators, as data. One column per version where they differ.

Sources: import_tensorflow.cc (GetTensorFlowNodeConverterMap), quantize.cc (SupportsQuantization,
ChooseQuantizationForOperatorOutput), hardcode_min_max.cc, model.h. Differences between versions were measured
with the binaries of TF 1.13.1 to 2.15.1.
"""

from __future__ import annotations

from dataclasses import dataclass

IMPORTED = {
    "Abs": "Abs",
    "Add": "Add",
    "AddN": "AddN",
    "AddV2": "Add",
    "All": "All",
    "Any": "Any",
    "ArgMax": "ArgMax",
    "ArgMin": "ArgMin",
    "Assert": "Assert",
    "AvgPool": "AveragePool",
    "BatchMatMul": "BatchMatMul",
    "BatchMatMulV2": "BatchMatMul",
    "BatchToSpaceND": "BatchToSpaceND",
    "BiasAdd": "Add",
    "Cast": "Cast",
    "Ceil": "Ceil",
    "CheckNumerics": "Identity",
    "Concat": "Concat",
    "ConcatV2": "ConcatV2",
    "Conv2D": "Conv",
    "Conv2DBackpropInput": "TransposeConv",
    "Cos": "Cos",
    "CTCBeamSearchDecoder": "CTCBeamSearchDecoder",
    "DepthToSpace": "DepthToSpace",
    "DepthwiseConv2dNative": "DepthwiseConv",
    "Div": "Div",
    "DynamicPartition": "DynamicPartition",
    "DynamicStitch": "DynamicStitch",
    "Elu": "Elu",
    "Equal": "Equal",
    "Exp": "Exp",
    "ExpandDims": "ExpandDims",
    "FakeQuantWithMinMaxArgs": "FakeQuant",
    "FakeQuantWithMinMaxVars": "FakeQuant",
    "Fill": "Fill",
    "Floor": "Floor",
    "FloorDiv": "FloorDiv",
    "FloorMod": "FloorMod",
    "FusedBatchNorm": "BatchNormalization",
    "FusedBatchNormV3": "BatchNormalization",
    "Gather": "Gather",
    "GatherNd": "GatherNd",
    "GatherV2": "Gather",
    "Greater": "Greater",
    "GreaterEqual": "GreaterEqual",
    "Identity": "Identity",
    "LRN": "LocalResponseNormalization",
    "LeakyRelu": "LeakyRelu",
    "Less": "Less",
    "LessEqual": "LessEqual",
    "Log": "Log",
    "LogSoftmax": "LogSoftmax",
    "LogicalAnd": "LogicalAnd",
    "LogicalNot": "LogicalNot",
    "LogicalOr": "LogicalOr",
    "MatMul": "MatMul",
    "MatrixDiag": "MatrixDiag",
    "MatrixDiagV2": "MatrixDiag",
    "MatrixDiagV3": "MatrixDiag",
    "MatrixSetDiag": "MatrixSetDiag",
    "MatrixSetDiagV2": "MatrixSetDiag",
    "MatrixSetDiagV3": "MatrixSetDiag",
    "Max": "ReduceMax",
    "MaxPool": "MaxPool",
    "Maximum": "Maximum",
    "Mean": "Mean",
    "Min": "ReduceMin",
    "Minimum": "Minimum",
    "MirrorPad": "MirrorPad",
    "Mul": "Mul",
    "Neg": "Neg",
    "NotEqual": "NotEqual",
    "OneHot": "OneHot",
    "Pack": "Pack",
    "Pad": "Pad",
    "PadV2": "PadV2",
    "ParallelDynamicStitch": "DynamicStitch",
    "PlaceholderWithDefault": "Identity",
    "Pow": "Pow",
    "Prod": "ReduceProd",
    "RandomUniform": "RandomUniform",
    "Range": "Range",
    "Rank": "Rank",
    "RealDiv": "Div",
    "Relu": "Relu",
    "Relu6": "Relu6",
    "Reshape": "Reshape",
    "ResizeBilinear": "ResizeBilinear",
    "ResizeNearestNeighbor": "ResizeNearestNeighbor",
    "ReverseSequence": "ReverseSequence",
    "ReverseV2": "ReverseV2",
    "Round": "Round",
    "Rsqrt": "Rsqrt",
    "ScatterNd": "ScatterNd",
    "SegmentSum": "SegmentSum",
    "Select": "Select",
    "SelectV2": "Select",
    "Shape": "Shape",
    "Sigmoid": "Logistic",
    "Sin": "Sin",
    "Slice": "Slice",
    "Softmax": "Softmax",
    "SpaceToBatchND": "SpaceToBatchND",
    "SpaceToDepth": "SpaceToDepth",
    "SparseToDense": "SparseToDense",
    "Split": "Split",
    "SplitV": "SplitV",
    "Sqrt": "Sqrt",
    "Square": "Square",
    "SquaredDifference": "SquaredDifference",
    "Squeeze": "Squeeze",
    "StopGradient": "Identity",
    "StridedSlice": "StridedSlice",
    "Sub": "Sub",
    "Sum": "Sum",
    "Tanh": "Tanh",
    "Tile": "Tile",
    "TopK": "TopK_V2",
    "TopKV2": "TopK_V2",
    "Transpose": "Transpose",
    "Unique": "Unique",
    "Unpack": "Unpack",
    "Where": "Where",
    "ZerosLike": "ZerosLike",
}
"""TensorFlow op -> TOCO operator type. Every other op becomes `Unsupported`, which is known behaviour."""

NOT_FOLLOWED = frozenset(
    {
        "BatchNormWithGlobalNormalization",
        "Enter",
        "Exit",
        "LoopCond",
        "Merge",
        "NextIteration",
        "PartitionedCall",
        "StatefulPartitionedCall",
        "Svdf",
        "Switch",
        "UnidirectionalSequenceLstm",
        "UnidirectionalSequenceRnn",
    }
)
"""Ops for which TOCO has rewrites that this model does not follow: the answer is `undetermined`."""

NO_OPERATOR = frozenset({"Const", "Placeholder", "LegacyFedInput", "NoOp"})
"""Ops that become arrays, or nothing."""

OUTPUT_COUNT_ATTRS = {"Split": "num_split", "SplitV": "num_split", "Unpack": "num"}
OUTPUT_COUNTS = {"TopK": 2, "TopKV2": 2, "Unique": 2}

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


@dataclass(frozen=True)
class Version:
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
    unsupported_prefix: str
    """How the message about an operator without quantized form starts."""


VERSIONS = {
    (1, 15): Version(
        quantizable=_QUANTIZABLE,
        copies_input=_COPIES_INPUT,
        points_agree=False,
        pack_forwards=False,
        transpose_conv_bias=False,
        unsupported_prefix="Check failed: s.ok() ",
    ),
    (2, 15): Version(
        quantizable=_QUANTIZABLE | {"Div"},
        copies_input=_COPIES_INPUT | {"AveragePool", "MaxPool", "Slice", "StridedSlice", "Unpack"},
        points_agree=True,
        pack_forwards=True,
        transpose_conv_bias=True,
        unsupported_prefix="",
    ),
}

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
