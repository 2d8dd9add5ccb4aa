"""How many inputs and outputs an op has: TensorFlow imports no graph in which a node has more or fewer.

Source: TensorFlow 2.21's op registry (`OpDef.input_arg`); `import_graph_def` says "NodeDef expected inputs
... do not match N inputs specified" or "Connecting to invalid output".
"""

from __future__ import annotations

from collections.abc import Iterable

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge

_ANY = 1 << 62
_BY_COUNT: dict[tuple[int, int], str] = {
    (0, 0): "Const HashTableV2 Placeholder",
    (1, 1): """
        ApproxTopK Bitcast ComplexAbs Imag L2Loss Real TensorListElementShape TensorListLength XlaSharding
        Abs Acos Asin Atan AvgPool Bucketize Cast Ceil CheckNumerics Cos DepthToSpace Elu EnsureShape Enter Erf Exit Exp
        Expm1 FakeQuantWithMinMaxArgs Floor Gelu Identity Inv IsFinite IsInf IsNan LRN LeakyRelu Log Log1p
        LogSoftmax LogicalNot LookupTableSizeV2 LoopCond MatrixDiag MaxPool Neg NextIteration OnesLike
        PlaceholderWithDefault PreventGradient QuantizeAndDequantize RandomStandardNormal RandomUniform Rank
        ReadVariableOp Reciprocal Relu Relu6 Rint Round Rsqrt Selu
        Shape Sigmoid Sign Sin Size Snapshot Softmax Softplus Softsign SpaceToDepth Sqrt Square Squeeze
        StopGradient Tan Tanh TopK Unique Unpack Where ZerosLike
    """,
    (2, 2): """
        BiasAddV1 BitwiseXor BroadcastArgs EmptyTensorList Multinomial RFFT RFFT2D RightShift
        SoftmaxCrossEntropyWithLogits SparseMatMul SparseSoftmaxCrossEntropyWithLogits TensorListFromTensor
        TensorListPopBack TensorListPushBack TensorListReserve TensorListResize TensorListStack
        Add AddV2 All Any ArgMax ArgMin Atan2 BatchMatMul BatchMatMulV2 BatchMatMulV3 BiasAdd BitwiseAnd BitwiseOr
        BroadcastTo CTCBeamSearchDecoder Conv2D Conv3D Cumsum DepthwiseConv2dNative Div DivNoNan DynamicPartition Equal
        ExpandDims Fill FloorDiv FloorMod Gather GatherNd Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr
        MatMul MatrixSetDiag Max Maximum Mean Min Minimum MirrorPad Mod Mul MulNoNan NotEqual Pad Pow Prod RealDiv
        Reshape ResizeBicubic ResizeBilinear ResizeNearestNeighbor ReverseSequence ReverseV2 SegmentSum Split
        SquaredDifference Sub Sum Switch Tile TopKV2 Transpose TruncateDiv Xdivy Xlogy
    """,
    (3, 3): """
        BatchToSpaceND Conv2DBackpropInput Dequantize FakeQuantWithMinMaxVars
        FakeQuantWithMinMaxVarsPerChannel GatherV2 LookupTableFindV2 MatrixSetDiagV2 MatrixSetDiagV3 PadV2
        QuantizeAndDequantizeV2 QuantizeAndDequantizeV4 Range ScatterNd Select SelectV2 Slice SpaceToBatchND
        SplitV UnsortedSegmentSum Conv3DBackpropInputV2 MatrixBandPart Roll TensorScatterUpdate UnsortedSegmentMax
        UnsortedSegmentMin UnsortedSegmentProd TensorListConcatV2 TensorListGather TensorListGetItem
        TensorListSetItem TensorListSplit XlaDynamicUpdateSlice
    """,
    (4, 4): "OneHot QuantizeAndDequantizeV3 SparseToDense StridedSlice",
    (5, 5): """
        FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 MatrixDiagV2 MatrixDiagV3
        NonMaxSuppressionV3 NonMaxSuppressionV4
    """,
    (6, 6): "NonMaxSuppressionV5",
    (1, _ANY): "AddN Einsum If Merge Pack StatelessIf UnidirectionalSequenceLSTM",
    (2, _ANY): "Assert DynamicStitch ParallelDynamicStitch",
    (3, _ANY): "Concat ConcatV2",
}
INPUT_COUNTS = {op: counts for counts, ops in _BY_COUNT.items() for op in ops.split()}
"""Op -> the least and the most data inputs."""


SEVERAL_OUTPUTS = frozenset(
    """
    ApproxTopK CTCBeamSearchDecoder DynamicPartition FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 If Merge
    NonMaxSuppressionV4 NonMaxSuppressionV5 SoftmaxCrossEntropyWithLogits SparseSoftmaxCrossEntropyWithLogits
    Split SplitV TensorListConcatV2 TensorListPopBack
    StatelessIf Switch TopK TopKV2 Unique Unpack
    """.split()
)
"""The ops of INPUT_COUNTS that have more outputs than one."""


def misfit(graph: Graph, names: Iterable[str], seen: set[int] | None = None) -> tuple[str, str] | None:
    """The first of `names` whose inputs do not fit its op, and what TensorFlow says; None where all do.

    What a node calls counts as part of it. `seen`: functions that are known to fit, which several nodes may call.
    """
    seen = set() if seen is None else seen
    ops, inputs, positions = graph.columns.ops, graph.columns.inputs, graph.positions
    for name in names:
        op, raw = ops[positions[name]], inputs[positions[name]]
        for called in graph.functions.get(name, ()):
            if id(called.graph) in seen:
                continue
            seen.add(id(called.graph))
            inside = misfit(called.graph, called.graph.names, seen)
            if inside is not None:
                return inside
        if not raw and op == "Const":
            continue
        least, most = INPUT_COUNTS.get(op, (0, _ANY))
        if least == most == len(raw) and not any(":" in text or text[0] == "^" for text in raw):
            continue
        data = [text for text in raw if not text.startswith("^")]
        if not least <= len(data) <= most:
            return name, (
                f"ValueError: NodeDef expected inputs of {op} do not match {len(data)} inputs specified; "
                f"NodeDef: {{{{node {name}}}}}"
            )
        for source, port in map(parse_edge, data):
            made_by = ops[positions[source]] if port and source in positions else ""
            if made_by in INPUT_COUNTS and made_by not in SEVERAL_OUTPUTS:
                return name, (
                    f"ValueError: Node '{name}': Connecting to invalid output {port} of source node {source} "
                    "which has 1 outputs."
                )
    return None
