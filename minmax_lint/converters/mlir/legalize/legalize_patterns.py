"""TensorFlow op -> TFLite op (legalize_patterns.td, legalize_tf.cc, prepare_tf.cc)."""

from collections.abc import Container, Mapping

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.node import Node
from minmax_lint.graph.op_registry import registered_op

LEGALIZED = {
    "Abs": "ABS",
    "Add": "ADD",
    "AddN": "ADD_N",
    "AddV2": "ADD",
    "All": "REDUCE_ALL",
    "Any": "REDUCE_ANY",
    "ApproxTopK": "TOPK_V2",
    "ArgMax": "ARG_MAX",
    "ArgMin": "ARG_MIN",
    "AssignVariableOp": "ASSIGN_VARIABLE",
    "Atan2": "ATAN2",
    "AvgPool": "AVERAGE_POOL_2D",
    "BatchMatMul": "BATCH_MATMUL",
    "BatchMatMulV2": "BATCH_MATMUL",
    "BatchMatMulV3": "BATCH_MATMUL",
    "BatchToSpaceND": "BATCH_TO_SPACE_ND",
    "BiasAdd": "ADD",
    "Bitcast": "BITCAST",
    "BitwiseXor": "BITWISE_XOR",
    "BroadcastArgs": "BROADCAST_ARGS",
    "BroadcastTo": "BROADCAST_TO",
    "Bucketize": "BUCKETIZE",
    "Cast": "CAST",
    "Ceil": "CEIL",
    "ComplexAbs": "COMPLEX_ABS",
    "Concat": "CONCATENATION",
    "ConcatV2": "CONCATENATION",
    "Conv2D": "CONV_2D",
    "Conv2DBackpropInput": "TRANSPOSE_CONV",
    "Conv3D": "CONV_3D",
    "Conv3DBackpropInputV2": "CONV_3D_TRANSPOSE",
    "Cos": "COS",
    "Cumsum": "CUMSUM",
    "DepthToSpace": "DEPTH_TO_SPACE",
    "DepthwiseConv2dNative": "DEPTHWISE_CONV_2D",
    "Div": "DIV",
    "Elu": "ELU",
    "Equal": "EQUAL",
    "Exp": "EXP",
    "ExpandDims": "EXPAND_DIMS",
    "Fill": "FILL",
    "Floor": "FLOOR",
    "FloorDiv": "FLOOR_DIV",
    "FloorMod": "FLOOR_MOD",
    "Gather": "GATHER",
    "GatherNd": "GATHER_ND",
    "GatherV2": "GATHER",
    "Gelu": "GELU",
    "Greater": "GREATER",
    "GreaterEqual": "GREATER_EQUAL",
    "HashTableV2": "HASHTABLE",
    "If": "IF",
    "Imag": "IMAG",
    "LeakyRelu": "LEAKY_RELU",
    "Less": "LESS",
    "LessEqual": "LESS_EQUAL",
    "Log": "LOG",
    "LogicalAnd": "LOGICAL_AND",
    "LogicalNot": "LOGICAL_NOT",
    "LogicalOr": "LOGICAL_OR",
    "LogSoftmax": "LOG_SOFTMAX",
    "LookupTableFindV2": "HASHTABLE_FIND",
    "LookupTableSizeV2": "HASHTABLE_SIZE",
    "LRN": "LOCAL_RESPONSE_NORMALIZATION",
    "MatMul": "FULLY_CONNECTED",
    "MatrixDiag": "MATRIX_DIAG",
    "MatrixDiagV2": "MATRIX_DIAG",
    "MatrixDiagV3": "MATRIX_DIAG",
    "MatrixSetDiag": "MATRIX_SET_DIAG",
    "MatrixSetDiagV2": "MATRIX_SET_DIAG",
    "MatrixSetDiagV3": "MATRIX_SET_DIAG",
    "Max": "REDUCE_MAX",
    "Maximum": "MAXIMUM",
    "MaxPool": "MAX_POOL_2D",
    "Mean": "MEAN",
    "Min": "REDUCE_MIN",
    "Minimum": "MINIMUM",
    "MirrorPad": "MIRROR_PAD",
    "Mul": "MUL",
    "Multinomial": "MULTINOMIAL",
    "Neg": "NEG",
    "NonMaxSuppressionV4": "NON_MAX_SUPPRESSION_V4",
    "NonMaxSuppressionV5": "NON_MAX_SUPPRESSION_V5",
    "NotEqual": "NOT_EQUAL",
    "OneHot": "ONE_HOT",
    "Pack": "PACK",
    "Pad": "PAD",
    "PadV2": "PADV2",
    "Pow": "POW",
    "Prod": "REDUCE_PROD",
    "RandomStandardNormal": "RANDOM_STANDARD_NORMAL",
    "RandomUniform": "RANDOM_UNIFORM",
    "Range": "RANGE",
    "Rank": "RANK",
    "ReadVariableOp": "READ_VARIABLE",
    "Real": "REAL",
    "RealDiv": "DIV",
    "Relu": "RELU",
    "Relu6": "RELU6",
    "Reshape": "RESHAPE",
    "ResizeBilinear": "RESIZE_BILINEAR",
    "ResizeNearestNeighbor": "RESIZE_NEAREST_NEIGHBOR",
    "ReverseSequence": "REVERSE_SEQUENCE",
    "ReverseV2": "REVERSE_V2",
    "RFFT2D": "RFFT2D",
    "RightShift": "RIGHT_SHIFT",
    "Rint": "ROUND",
    "Round": "ROUND",
    "Rsqrt": "RSQRT",
    "ScatterNd": "SCATTER_ND",
    "SegmentSum": "SEGMENT_SUM",
    "Select": "SELECT",
    "SelectV2": "SELECT_V2",
    "Shape": "SHAPE",
    "Sigmoid": "LOGISTIC",
    "Sign": "SIGN",
    "Sin": "SIN",
    "Slice": "SLICE",
    "Softmax": "SOFTMAX",
    "SpaceToBatchND": "SPACE_TO_BATCH_ND",
    "SpaceToDepth": "SPACE_TO_DEPTH",
    "SparseMatMul": "BATCH_MATMUL",
    "SparseToDense": "SPARSE_TO_DENSE",
    "Split": "SPLIT",
    "SplitV": "SPLIT_V",
    "Sqrt": "SQRT",
    "Square": "SQUARE",
    "SquaredDifference": "SQUARED_DIFFERENCE",
    "Squeeze": "SQUEEZE",
    "StatelessIf": "IF",
    "StatelessWhile": "WHILE",
    "StridedSlice": "STRIDED_SLICE",
    "Sub": "SUB",
    "Sum": "SUM",
    "Tanh": "TANH",
    "Tile": "TILE",
    "TopKV2": "TOPK_V2",
    "Transpose": "TRANSPOSE",
    "UnidirectionalSequenceLSTM": "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "Unique": "UNIQUE",
    "Unpack": "UNPACK",
    "UnsortedSegmentMax": "UNSORTED_SEGMENT_MAX",
    "UnsortedSegmentMin": "UNSORTED_SEGMENT_MIN",
    "UnsortedSegmentProd": "UNSORTED_SEGMENT_PROD",
    "UnsortedSegmentSum": "UNSORTED_SEGMENT_SUM",
    "VarHandleOp": "VAR_HANDLE",
    "Where": "WHERE",
    "While": "WHILE",
    "XlaDynamicUpdateSlice": "DYNAMIC_UPDATE_SLICE",
    "ZerosLike": "ZEROS_LIKE",
}
"""TensorFlow op -> TFLite op, where one becomes one. An op of TensorFlow that is neither here nor composed nor removed
has no builtin: the converter refuses it, `op is neither a custom op nor a flex op`."""


def legalized_to(builtins: Container[str]) -> frozenset[str]:
    """The ops of TensorFlow that become one of these builtins."""
    return frozenset(op for op, builtin in LEGALIZED.items() if builtin in builtins)


OPERANDS = {
    "Gather": 2,
    "GatherV2": 2,
    "MatrixDiagV2": 1,
    "MatrixDiagV3": 1,
    "MatrixSetDiagV2": 2,
    "MatrixSetDiagV3": 2,
}
"""TensorFlow op -> how many of its inputs stay operands; the others become attributes."""

REMOVED = frozenset(
    """
    CheckNumerics EnsureShape Identity PlaceholderWithDefault PreventGradient Snapshot StopGradient
    XlaSharding
    """.split()
)
"""Ops that hand on their input 0."""

_OTHER_WIDTHS = REMOVED | set("Bitcast Cast ExpandDims Rank Reshape Shape ShapeN Size Squeeze ToBool".split())
OTHER_WIDTHS: Mapping[DType, frozenset[str]] = {
    DType.HALF: _OTHER_WIDTHS | {"Lgamma"},
    DType.DOUBLE: _OTHER_WIDTHS | {"Atan2", "Bucketize", "Sign"},
}
"""Type -> the ops that have a form for floats of it; the converter refuses all others (each op was asked, of TF 2.15.1
and 2.21.0)."""

COMPLEX = frozenset(
    "BroadcastTo Cast ComplexAbs ExpandDims GatherV2 Imag Mul Real Reshape Shape Square Squeeze".split()
)
"""Ops that have a form for complex numbers; the converter refuses all others (measured with TF 2.15.1 and 2.21)."""

DROPPED = frozenset({"Assert"})
"""Ops without result that the converter drops; others that change something stay, and are refused (measured)."""

REGIONS = {"If": "IF", "StatelessIf": "IF", "While": "WHILE", "StatelessWhile": "WHILE"}
"""Ops that keep their branches as functions. No value is quantized across their borders (measured, TF 2.21)."""

NEVER_FOLDED = (
    FAKE_QUANTS
    | REGIONS.keys()
    | {f"QuantizeAndDequantizeV{version}" for version in (2, 3, 4)}
    | {f"StatelessRandomGet{what}" for what in ("Alg", "KeyCounter", "KeyCounterAlg")}
    | {
        f"Xla{what}"
        for what in ("Conv", "Dot", "DynamicSlice", "DynamicUpdateSlice", "Gather", "Pad", "Sort")
    }
)
"""Ops of constants that stay (constant_fold.cc), as do those of XLA, which have no kernel of their own."""

GROWING = frozenset(
    """
    Cast Dequantize FloorDiv FloorMod MatrixDiag MatrixDiagV2 MatrixDiagV3 OneHot Pad PadV2 MirrorPad
    ResizeBilinear ResizeNearestNeighbor ScatterNd Select SelectV2 SquaredDifference Tile
    """.split()
)
"""Ops that can make a large constant of small ones, which the dialect of TensorFlow Lite does not fold again."""

UNFOLDED = frozenset(
    """
    ArgMax ArgMin Cumsum Elu FloorDiv FloorMod LeakyRelu LogSoftmax Max Mean Min Pack Pad Prod Relu6 Round Sigmoid
    Sign Softmax Split SquaredDifference StridedSlice Tile TopKV2 Unpack
    """.split()
)
"""Ops that the dialect of TensorFlow Lite does not fold, whatever the size.

Measured on 2.15, 2.18 and 2.21; 2.15, which folds up to 1 MiB before, leaves more of them.
"""


def result_count(node: Node) -> int:
    """How many results the converter's op of a node has."""
    if node.op in REGIONS:
        types = node.attribute("T" if REGIONS[node.op] == "WHILE" else "Tout")
        return len(types) if isinstance(types, list) else 1
    known = registered_op(node.op)
    return 1 if known is None else known.result_count(node)
