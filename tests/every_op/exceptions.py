"""Ops that are answered wrongly on the graph of the table, by name: most of them for attributes or shapes that the
converter's verifiers refuse, or for results of no elements."""

_BOTH = frozenset(
    """
    Assert BatchToSpace Cumsum EmptyTensorList Fact
    HostConst IRFFT2D IRFFT3D InPolymorphicTwice IntInputFloatInput
    KernelLabel MatrixBandPart MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3
    NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5 OneHot
    Placeholder SegmentSumV2
    SparseSegmentMeanGrad SparseSegmentSqrtNWithNumSegments StridedSlice TPUReplicateMetadata
    TensorListFromTensor TensorListReserve TensorScatterAdd TensorScatterSub TensorScatterUpdate
    Tile TopKV2 Unpack VarHandleOp Variable VariableV2 _UnaryOpsComposition
    """.split()
)

_TOCO = frozenset(
    """
    AdjustContrast ArgMin
    BatchNormWithGlobalNormalizationGrad Conv3DBackpropFilter Conv3DBackpropInput
    DatasetFingerprint DynamicStitch ExpandDims GlobalShuffleDataset IteratorGetModelProto
    MatrixSetDiagV2 MatrixSetDiagV3 OutfeedDequeueTupleV2 ParallelDynamicStitch RandomCrop
    RandomPoisson SpaceToBatchND TensorArrayCloseV2 TensorArrayGatherV2
    TensorArrayGradV2 TensorArrayReadV2 TensorArrayScatterV2 TensorArraySizeV2
    TensorArraySplitV2 TensorArrayV2 TensorArrayWriteV2 Tile UniformQuantize VarHandleOp
    Variable VariableV2 WeightedFlatMapDataset
    """.split()
)

EXCEPTIONS = {
    "toco-2.15": _TOCO,
    "mlir-2.15": _BOTH | {"Lgamma"},
    "mlir-2.21": _BOTH | {"OnesLike"},
}
"""Profile -> the ops."""

_OPEN = frozenset(
    """
    IRFFT2D IRFFT3D InPolymorphicTwice Lgamma MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 PadV2
    PlaceholderWithDefault SeluGrad ShapeN SparseSegmentMeanGrad SparseSegmentSqrtNWithNumSegments
    SparseSoftmaxCrossEntropyWithLogits StridedSlice TensorScatterAdd Tile Unpack _UnaryOpsComposition
    """.split()
)

OPEN_EXCEPTIONS = {"mlir-2.15": _OPEN, "mlir-2.21": _OPEN}
"""The same where the first size of the first input is open; ops that abort anyway are not asked."""
