"""Ops without builtin: what TFLite's flex delegate runs of them, where the call allows SELECT_TF_OPS.

Source: tensorflow/lite/delegates/flex/allowlisted_flex_ops.cc; those for which the converters of TF 2.15.1 and 2.21.0
say ERROR_NEEDS_FLEX_OPS (fixtures/every_op.jsonl). Ops that have a builtin have a kernel of TensorFlow there as well.
Ops that TensorFlow has taken away (TopK, BatchMatrixInverse) are in its list, but no graph has them.
"""

from collections.abc import Mapping

from minmax_lint.converters.mlir.behaviours import SLICES_SIX_DIMENSIONS
from minmax_lint.converters.mlir.bounds import Bounds
from minmax_lint.converters.mlir.failure import no_builtin
from minmax_lint.converters.mlir.ir import Function
from minmax_lint.converters.mlir.legalize.layout_assignment import CHANNELS_LAST_ONLY, channels_first
from minmax_lint.converters.mlir.legalize.legalize_patterns import COMPLEX, LEGALIZED, OTHER_WIDTHS, REMOVED
from minmax_lint.converters.mlir.pattern import legalize_tf_cc
from minmax_lint.converters.mlir.tables import MOST_DIMENSIONS
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.node import Node

FLEX_OPS = (
    LEGALIZED.keys()
    | FAKE_QUANTS
    | frozenset(
        """
    AdjustContrastv2 AdjustHue AdjustSaturation Angle ApproximateEqual AsString Atan AudioSpectrogram
    BatchToSpace Bincount BitwiseAnd BitwiseOr BroadcastGradientArgs CTCBeamSearchDecoder CheckNumericsV2
    Cholesky ClipByValue CombinedNonMaxSuppression Complex Conj ConjugateTranspose Conv2D Conv3D
    Conv3DBackpropFilterV2 Cosh CropAndResize CropAndResizeGradBoxes CropAndResizeGradImage DataFormatDimMap
    DebugGradientIdentity DecodeAndCropJpeg DecodeBase64 DecodeBmp DecodeGif DecodeImage DecodeJpeg
    DecodePaddedRaw DecodePng DecodeRaw DecodeWav DeepCopy DeleteSessionTensor DenseBincount
    DenseToDenseSetOperation DenseToSparseSetOperation DepthwiseConv2dNativeBackpropFilter Diag DiagPart
    Dilation2D Dilation2DBackpropFilter Dilation2DBackpropInput DynamicPartition EluGrad Empty
    EmptyTensorMap EncodeBase64 EncodeJpeg EncodeJpegVariableQuality EncodePng EncodeWav Erf
    ExtractImagePatches FFT FFT2D FFT3D FIFOQueueV2 FakeQuantWithMinMaxArgsGradient FakeQuantWithMinMaxVars
    FakeQuantWithMinMaxVarsGradient FakeQuantWithMinMaxVarsPerChannel
    FakeQuantWithMinMaxVarsPerChannelGradient Fingerprint FusedBatchNormGrad FusedBatchNormGradV2
    FusedBatchNormGradV3 FusedBatchNormV2 FusedBatchNormV3 GetSessionHandle GetSessionHandleV2 GetSessionTensor HSVToRGB
    HashTableV2 IFFT IFFT2D IFFT3D IRFFT ImageProjectiveTransformV2 ImageProjectiveTransformV3
    ImmutableConst InTopK InTopKV2 InplaceAdd InplaceSub InplaceUpdate InvGrad Invert LeakyReluGrad
    LeftShift LinSpace ListDiff LogMatrixDeterminant MatrixDeterminant MatrixDiagPart MatrixDiagPartV2
    MatrixDiagPartV3 MatrixInverse MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MatrixTriangularSolve
    MaxPool3D MaxPool3DGrad MaxPool3DGradGrad MaxPoolGrad MaxPoolGradGrad MaxPoolGradGradV2 MaxPoolGradV2
    MaxPoolGradWithArgmax MaxPoolV2 MaxPoolWithArgmax MergeV2Checkpoints Mfcc MirrorPadGrad
    MutableDenseHashTableV2 MutableHashTableOfTensorsV2 MutableHashTableV2 NonMaxSuppression
    NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5
    NonMaxSuppressionWithOverlaps OptionalFromValue OptionalNone PaddingFIFOQueueV2 ParallelConcat
    ParseExampleV2 ParseSequenceExampleV2 Placeholder PopulationCount Print PrintV2 Qr QuantizeV2
    QuantizedReshape QuantizedResizeBilinear RFFT3D RGBToHSV RaggedBincount RaggedRange RandomShuffle
    RandomUniformInt ReadFile ReciprocalGrad Recv ReduceJoin RegexFullMatch RegexReplace Relu6Grad ReluGrad
    ResizeBicubic ResizeBicubicGrad ResizeBilinearGrad ResizeNearestNeighborGrad Restore RestoreSlice
    RestoreV2 Reverse Roll Save SaveV2 ScatterNdNonAliasingAdd SegmentMax SegmentMean SegmentMin SegmentProd
    Send SerializeTensor ShardedFilename ShardedFilespec Sinh SoftplusGrad Softsign SoftsignGrad
    SpaceToBatch SparseAdd SparseCross SparseCrossHashed SparseCrossV2 SparseReduceSum SparseReorder
    SparseReshape SparseSegmentMean SparseSegmentMeanWithNumSegments SparseSegmentSqrtN
    SparseSegmentSqrtNGrad SparseSegmentSum SparseSegmentSumGrad SparseSegmentSumWithNumSegments SparseSlice
    SparseTensorDenseMatMul SparseToSparseSetOperation StackV2 StatelessMultinomial StatelessRandomGammaV2
    StatelessRandomGetAlg StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg StatelessRandomNormal
    StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomUniformFullInt
    StatelessRandomUniformFullIntV2 StatelessRandomUniformInt StatelessRandomUniformIntV2
    StatelessRandomUniformV2 StatelessTruncatedNormal StatelessTruncatedNormalV2 StaticRegexFullMatch
    StaticRegexReplace StridedSlice StringFormat StringJoin StringLength StringLower StringSplit
    StringSplitV2 StringStrip StringToHashBucket StringToHashBucketFast StringToHashBucketStrong
    StringToNumber Substr Tan TensorArrayV3 TensorScatterMax TensorScatterMin TensorSliceDataset
    TensorStridedSliceUpdate Timestamp TruncatedNormal UnicodeDecode UnicodeDecodeWithOffsets UnicodeEncode
    UnicodeTranscode UniqueV2 UniqueWithCounts UniqueWithCountsV2 UnsortedSegmentJoin UpperBound VarHandleOp
    WriteFile _Arg _ArrayToList _DeviceArg _DeviceRetval _FusedConv2D _HostCast _HostRecv _HostSend
    _ListToArray _ParallelConcatStart _ParallelConcatUpdate _Recv _Retval _Send _VarHandlesOp
    """.split()
    )
    | frozenset(
        """
    BiasAddGrad DivNoNan EnsureShape Inv InvertPermutation IsFinite IsNan MatrixBandPart MulNoNan OnesLike Reciprocal
    RsqrtGrad Selu SeluGrad SoftmaxCrossEntropyWithLogits Softplus SqrtGrad TanhGrad TensorScatterUpdate TruncateDiv
    Xdivy Xlog1py Xlogy
    """.split()
    )
)
"""Ops that the delegate runs. Those at the end become builtins but for their types or shapes: float64, float16 and
int64 asked of TF 2.15.1 and 2.21.0. Expm1, IsInf, L2Loss, Lgamma and Log1p of float64 abort all the same."""


def custom_op(version: Version, op: str) -> str | None:
    """What an op without builtin becomes where the call allows that: `FlexErf`, or with allow_custom_ops `Erf`."""
    if version.select_tf and op in FLEX_OPS:
        return f"Flex{op}"
    return op if version.custom_ops else None


HASH_TABLES = ((DType.INT64, DType.STRING), (DType.STRING, DType.INT64))
"""Types of keys and values for which there is a HASHTABLE. Source: legalize_hashtables.cc."""


def has_no_form(node: Node) -> bool:
    """Whether a node is refused for its type, for that of its sizes, or for channels in front."""
    if node.op in CHANNELS_LAST_ONLY and channels_first(node):
        return True
    if node.op == "HashTableV2":
        return (node.attribute("key_dtype"), node.attribute("value_dtype")) not in HASH_TABLES
    width = _width(node)
    if width in (DType.COMPLEX64, DType.COMPLEX128):
        return node.op not in COMPLEX and node.op not in REMOVED
    if node.op in ("RandomStandardNormal", "RandomUniform"):
        return node.attribute("T") is DType.INT64 or node.attribute("dtype") not in (None, DType.FLOAT)
    return width is not None and width in OTHER_WIDTHS and node.op not in OTHER_WIDTHS[width]


def _width(node: Node) -> DType | None:
    return node.dtype(_WIDTHS.get(node.op, "T"))


_WIDTHS = {
    **dict.fromkeys(("Gather", "GatherNd", "GatherV2"), "Tparams"),
    "BatchMatMulV3": "Ta",
    "Range": "Tidx",
    **dict.fromkeys(("RFFT", "RFFT2D"), "Treal"),
}
"""Op -> the attribute that says of what type its data is, where that is not `T`."""

REFUSED_WIDTHS: Mapping[DType, frozenset[str]] = {
    DType.INT8: frozenset(
        """
        Abs Add AddN AddV2 Cumsum Div Equal Greater GreaterEqual Less LessEqual Max MaxPool Maximum Mean Min
        Minimum Mul Neg NotEqual OneHot Pad Pow Prod Relu Relu6 ResizeBilinear ResizeNearestNeighbor ReverseV2
        Sign SpaceToDepth Square Sub Sum Tile
        """.split()
    ),
    DType.INT16: frozenset(
        """
        ArgMax Cumsum DepthToSpace Div Greater LessEqual Max MaxPool Maximum Mean Min Minimum MirrorPad Neg
        NotEqual Pad Pow Prod Relu Relu6 ResizeBilinear ResizeNearestNeighbor Sign Slice SpaceToDepth Sub Sum
        Tile Transpose Where
        """.split()
    ),
    DType.UINT8: frozenset(
        """
        Add AddN AddV2 Cumsum Div FloorDiv FloorMod Greater GreaterEqual Less LessEqual Max MaxPool Maximum
        Min Minimum Mul NotEqual OneHot Pad Prod Relu Relu6 ResizeBilinear ResizeNearestNeighbor Select
        SelectV2 SpaceToDepth Square Sub Sum
        """.split()
    ),
    DType.UINT16: frozenset(
        """
        Add AddN AddV2 ArgMax BroadcastTo ConcatV2 Cumsum DepthToSpace Div Equal FloorDiv FloorMod GatherNd
        GatherV2 Greater GreaterEqual Less LessEqual Max MaxPool Maximum Mean Min Minimum MirrorPad Mul
        NotEqual Pack Pad Prod Relu Relu6 ResizeBilinear ResizeNearestNeighbor ReverseV2 Select SelectV2 Slice
        SpaceToDepth Split Square StridedSlice Sub Sum Tile Transpose Where
        """.split()
    ),
    DType.UINT32: frozenset(
        """
        AddN ArgMax Cumsum DepthToSpace Div Equal FloorDiv FloorMod GatherNd GatherV2 Greater GreaterEqual
        Less LessEqual Max Maximum Mean Min Minimum MirrorPad NotEqual Pad Prod Relu Relu6 ReverseV2
        SpaceToDepth Split Sub Sum Tile Transpose
        """.split()
    ),
    DType.INT32: frozenset(
        """
        BatchMatMul BatchMatMulV2 BatchMatMulV3 BiasAdd BiasAddV1 Conv2D Conv2DBackpropInput Einsum MatMul MaxPool
        Multinomial Relu6 ResizeBilinear ResizeNearestNeighbor Round
        """.split()
    ),
    DType.INT64: frozenset(
        """
        Abs ArgMax ArgMin BatchMatMul BatchMatMulV2 BatchMatMulV3 BiasAdd BiasAddV1 Div Einsum FloorDiv Inv MatMul
        MaxPool Multinomial Pow RealDiv Reciprocal Relu6 ResizeBilinear ResizeNearestNeighbor Round SegmentSum Sign
        Split TruncateDiv Unpack UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum
        """.split()
    ),
    DType.BOOL: frozenset(
        """
        DepthToSpace MatrixDiag MatrixDiagV3 MatrixSetDiagV3 MirrorPad ReverseSequence SpaceToBatchND SpaceToDepth
        Split SplitV Unique
        """.split()
    ),
}
"""Type -> the ops that have no form for arrays of it (each op was asked, of TF 2.15.1 and 2.21.0)."""
_REFUSED = frozenset().union(*REFUSED_WIDTHS.values())


def of_refused_width(node: Node) -> bool:
    """Whether a node is refused for the type of its integers."""
    if node.op not in _REFUSED:
        return False
    width, indices = _width(node), node.dtype("TI") if node.op == "OneHot" else None
    refused = width is not None and node.op in REFUSED_WIDTHS.get(width, ())
    return refused or (indices is not None and node.op in REFUSED_WIDTHS.get(indices, ()))


UNCALIBRATED = Bounds((2, 19))
"""The versions whose calibration has no kernels of TensorFlow (2.12 to 2.21 measured)."""
UNSUPPORTED = (
    "Select TensorFlow op(s), included in the given model, is(are) not supported by this interpreter. Make sure you "
    "apply/link the Flex delegate before inference."
)
"""What the calibration says of them."""


def is_flex(name: str) -> bool:
    """Whether an op of the model is one of TensorFlow."""
    return name.startswith("Flex")


UNRESOLVED = "Failed to initialize op resolver for calibration:\nThere are unresolved custom ops: [{}]"
"""What the calibration says of an op that the user's own kernel is to run (TF 2.15.1 and 2.21.0 measured)."""


@legalize_tf_cc(
    tf_name="TflRuntimeVerifyOpInterface",
    before=lambda n: n.op("Pad", n.x(1, 1, 1, 1, 2, 2), n.ints(*[0, 1] * 6, shape=[6, 2])),
    after="",
)
def verify_tfl_runtime_constraints(function: Function, version: Version) -> None:
    """An operation of more dimensions than its kernel takes stays an op of TensorFlow."""
    for op in function:
        if op.name not in MOST_DIMENSIONS:
            continue
        most, shape, node = MOST_DIMENSIONS[op.name], op.operands[0].shape, op.node
        if shape is None or len(shape) < most or node is None:
            continue
        if (
            op.name in ("SLICE", "STRIDED_SLICE")
            and len(shape) == most
            and not version.has(SLICES_SIX_DIMENSIONS)
        ):
            most -= 1
        if len(shape) <= most:
            continue
        custom = custom_op(version, node.op)
        op.name = custom or node.op
        if custom is None:
            op.attrs["refused"] = no_builtin(
                node, reason=f"{node.op} has no TFLite builtin of {len(shape)} dimensions."
            )
