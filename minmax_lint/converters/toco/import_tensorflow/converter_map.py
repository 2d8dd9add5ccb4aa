"""TensorFlow op -> TOCO operator type, and the ops that become arrays or nothing.

Source: import_tensorflow.cc (GetTensorFlowNodeConverterMap).
"""

from collections.abc import Mapping

from minmax_lint.converters.releases import Number

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
    "EnsureShape": "Identity",
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
    "LeakyRelu": "LeakyRelu",
    "Less": "Less",
    "LessEqual": "LessEqual",
    "Log": "Log",
    "LogicalAnd": "LogicalAnd",
    "LogicalNot": "LogicalNot",
    "LogicalOr": "LogicalOr",
    "LogSoftmax": "LogSoftmax",
    "LRN": "LocalResponseNormalization",
    "MatMul": "MatMul",
    "MatrixDiag": "MatrixDiag",
    "MatrixDiagV2": "MatrixDiag",
    "MatrixDiagV3": "MatrixDiag",
    "MatrixSetDiag": "MatrixSetDiag",
    "MatrixSetDiagV2": "MatrixSetDiag",
    "MatrixSetDiagV3": "MatrixSetDiag",
    "Max": "ReduceMax",
    "Maximum": "Maximum",
    "MaxPool": "MaxPool",
    "Mean": "Mean",
    "Merge": "Merge",
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
    "Snapshot": "Identity",
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
    "Switch": "Switch",
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


IMPORTED_SINCE: Mapping[str, Number] = {
    **dict.fromkeys(("AddV2", "BatchMatMulV2", "FusedBatchNormV3", "MatrixDiag", "MatrixSetDiag"), (1, 14)),
    "EnsureShape": (2, 12),
}
"""TensorFlow op -> the first release that imports it (measured: 1.13 has none of the first five, 2.3 not the last)."""


UNMODELED = frozenset(
    {
        "PartitionedCall",
        "StatefulPartitionedCall",
        "Svdf",
        "UnidirectionalSequenceLstm",
        "UnidirectionalSequenceRnn",
    }
)
"""Ops for which TOCO has rewrites that this model does not follow: the answer is `undetermined`."""


NO_OPERATOR = frozenset({"Const", "Placeholder", "LegacyFedInput", "NoOp"})
"""Ops that become arrays, or nothing."""


OUTPUT_COUNT_ATTRS = {"Split": "num_split", "SplitV": "num_split", "Unpack": "num"}


OUTPUT_COUNTS = {"Switch": 2, "TopK": 2, "TopKV2": 2, "Unique": 2}
