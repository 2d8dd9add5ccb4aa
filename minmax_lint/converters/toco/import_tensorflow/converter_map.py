"""TensorFlow op -> TOCO operator type, and the ops that become arrays or nothing.

Source: import_tensorflow.cc (GetTensorFlowNodeConverterMap).
"""

from collections.abc import Mapping

from minmax_lint.converters.releases import Number

SAME_NAME = """
    Abs Add AddN All Any ArgMax ArgMin Assert BatchMatMul BatchToSpaceND Cast Ceil Concat ConcatV2
    Cos CTCBeamSearchDecoder DepthToSpace Div DynamicPartition DynamicStitch Elu Equal Exp
    ExpandDims Fill Floor FloorDiv FloorMod Gather GatherNd Greater GreaterEqual Identity LeakyRelu
    Less LessEqual Log LogicalAnd LogicalNot LogicalOr LogSoftmax MatMul MatrixDiag MatrixSetDiag
    Maximum MaxPool Mean Merge Minimum MirrorPad Mul Neg NotEqual OneHot Pack Pad PadV2 Pow
    RandomUniform Range Rank Relu Relu6 Reshape ResizeBilinear ResizeNearestNeighbor ReverseSequence
    ReverseV2 Round Rsqrt ScatterNd SegmentSum Select Shape Sin Slice Softmax SpaceToBatchND
    SpaceToDepth SparseToDense Split SplitV Sqrt Square SquaredDifference Squeeze StridedSlice Sub
    Sum Switch Tanh Tile Transpose Unique Unpack Where ZerosLike
""".split()

IMPORTED = {
    **{op: op for op in SAME_NAME},
    "AddV2": "Add",
    "AvgPool": "AveragePool",
    "BatchMatMulV2": "BatchMatMul",
    "BiasAdd": "Add",
    "CheckNumerics": "Identity",
    "Conv2D": "Conv",
    "Conv2DBackpropInput": "TransposeConv",
    "DepthwiseConv2dNative": "DepthwiseConv",
    "EnsureShape": "Identity",
    "FakeQuantWithMinMaxArgs": "FakeQuant",
    "FakeQuantWithMinMaxVars": "FakeQuant",
    "FusedBatchNorm": "BatchNormalization",
    "FusedBatchNormV3": "BatchNormalization",
    "GatherV2": "Gather",
    "LRN": "LocalResponseNormalization",
    "MatrixDiagV2": "MatrixDiag",
    "MatrixDiagV3": "MatrixDiag",
    "MatrixSetDiagV2": "MatrixSetDiag",
    "MatrixSetDiagV3": "MatrixSetDiag",
    "Max": "ReduceMax",
    "Min": "ReduceMin",
    "ParallelDynamicStitch": "DynamicStitch",
    "PlaceholderWithDefault": "Identity",
    "Prod": "ReduceProd",
    "RealDiv": "Div",
    "SelectV2": "Select",
    "Sigmoid": "Logistic",
    "Snapshot": "Identity",
    "StopGradient": "Identity",
    "TopK": "TopK_V2",
    "TopKV2": "TopK_V2",
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
