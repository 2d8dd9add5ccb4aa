"""What the MLIR converter knows about operators, as data; what differs between versions has a first version.

Sources: tensorflow/compiler/mlir/lite/ir/tfl_ops.td, legalize_patterns.td, quantization traits; the classes
were measured op by op in seven settings (research/mlir_quantization.md, section 6, and mlir_op_table.csv).
"""

from __future__ import annotations

ACTIVATIONS = {"RELU", "RELU6", "RELU_N1_TO_1"}
FUSES_ACTIVATION = frozenset(
    """
    ADD AVERAGE_POOL_2D CONV_2D DEPTHWISE_CONV_2D DIV FULLY_CONNECTED MAX_POOL_2D MUL SUB
    """.split()
)
"""Ops with a fused_activation_function that optimize_patterns.td fills."""

VALUE_OPS = frozenset("CEIL EXP FLOOR LOGISTIC NEG RELU RELU6 RELU_N1_TO_1 ROUND SQRT SQUARE TANH".split())
MOVE_OPS = frozenset("DEPTH_TO_SPACE EXPAND_DIMS RESHAPE SQUEEZE TRANSPOSE".split())
"""ReorderElementwiseAndMoveOperations puts the former in front of the latter."""

BEFORE_RESHAPE = frozenset(
    "ADD DIV FLOOR_DIV FLOOR_MOD GREATER GREATER_EQUAL LESS LESS_EQUAL MAXIMUM MINIMUM MUL SUB".split()
)
"""Binaries with a constant that MoveBinaryOpBeforeReshape moves."""

BROADCASTING = BEFORE_RESHAPE | {"EQUAL", "NOT_EQUAL", "POW", "SQUARED_DIFFERENCE"}
"""Binaries that take operands of different shapes."""

BIAS_SLOTS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}
"""Op -> the operand that is an int32 bias, whose scale follows from operands 0 and 1 (1 and 2 for the last)."""

FIXED = {
    "L2_NORMALIZATION": (1 / 128, 128),
    "LOGISTIC": (1 / 256, 0),
    "LOG_SOFTMAX": (16 / 256, 255),
    "SOFTMAX": (1 / 256, 0),
    "TANH": (1 / 128, 128),
}
"""FixedOutputRangeInterface: (scale, zero point) of the uint8 result."""

UNSIGNED_MIXES_SCALES = frozenset({"CONCATENATION"})
"""Same-scale ops whose uint8 kernel takes operands of other scales than the result's."""

SAME_SCALE = frozenset(
    """
    AVERAGE_POOL_2D BATCH_TO_SPACE_ND CONCATENATION DEPTH_TO_SPACE EXPAND_DIMS GATHER MAXIMUM MAX_POOL_2D
    MINIMUM MIRROR_PAD PACK PAD PADV2 REDUCE_MAX REDUCE_MIN RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR
    SELECT SELECT_V2 SLICE SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V SQUEEZE STRIDED_SLICE TILE TOPK_V2
    TRANSPOSE UNPACK
    """.split()
)
_NEEDS_OUTPUT = frozenset(
    """
    ABS ADD ARG_MAX ARG_MIN BATCH_MATMUL CONV_2D DEPTHWISE_CONV_2D EQUAL FULLY_CONNECTED GELU GREATER
    GREATER_EQUAL HARD_SWISH LEAKY_RELU LESS LESS_EQUAL LOG MATRIX_DIAG MATRIX_SET_DIAG MEAN MUL
    ONE_HOT PRELU REDUCE_PROD RELU RELU6 RELU_0_TO_1
    RELU_N1_TO_1 REVERSE_SEQUENCE REVERSE_V2 RSQRT SHAPE SQUARED_DIFFERENCE SUB SUM TRANSPOSE_CONV
    UNIDIRECTIONAL_SEQUENCE_LSTM UNIQUE
    """.split()
)
CALIBRATED = frozenset({"EMBEDDING_LOOKUP", "FILL", "SCATTER_ND", "SPARSE_TO_DENSE"})
"""Ops with a quantized form that only calibrated models reach."""


QUANTIZABLE = _NEEDS_OUTPUT | SAME_SCALE | FIXED.keys() | {"BROADCAST_TO", "GATHER_ND"}
"""Ops with a quantized form in every version."""

QUANTIZABLE_SINCE = {"DIV": (2, 20), "EXP": (2, 13), "SQRT": (2, 21)}
"""Op -> the first version in which it has one."""

SAME_SCALE = SAME_SCALE | {"ADD_N", "GATHER_ND"}
"""Ops whose float operands and results share one scale in every version."""

SAME_SCALE_SINCE = {"BROADCAST_TO": (2, 21)}
"""Op -> the first version in which they do."""

FOUR_BITS = frozenset({"RESHAPE"})
"""Ops that take and make types of 4 bits in every version."""

FOUR_BITS_SINCE = dict.fromkeys(("CONCATENATION", "SLICE", "TRANSPOSE"), (2, 21))
"""Op -> the first version in which it does."""

LEGALIZED_SINCE = {"Softsign": (2, 20)}
"""TensorFlow op -> the first version that legalizes it (LegalizeSoftsign); earlier ones refuse it."""

SHAPE_OPS = frozenset({"RANK", "SHAPE"})
"""Ops that read a real-valued array and compute on no real values."""

CONVOLUTIONS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"})
"""Ops with weights as operand 1."""

NO_SIXTEEN_BITS = frozenset(
    """
    ARG_MAX ARG_MIN CONCATENATION DEPTH_TO_SPACE EQUAL GREATER GREATER_EQUAL HARD_SWISH LESS LESS_EQUAL LOG PADV2
    RELU6 RELU_N1_TO_1 SPACE_TO_DEPTH SQUARED_DIFFERENCE TILE TOPK_V2
    """.split()
)
"""Ops without a type of 16 bits."""

EIGHT_BIT_WEIGHTS = {
    True: frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"}),
    False: frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"}),
}
"""Whether types are signed -> the convolutions whose weights cannot have 16 bits."""

NO_UNSIGNED_SIXTEEN_BITS = frozenset({"ADD", "MUL", "SUB"})
"""Ops that make no unsigned type of 16 bits."""

ONE_WIDTH = frozenset(
    """
    AVERAGE_POOL_2D BROADCAST_TO CONCATENATION EXP GATHER HARD_SWISH LEAKY_RELU LOG LOGISTIC LOG_SOFTMAX MAX_POOL_2D
    MEAN PACK PAD PADV2 PRELU REDUCE_MAX REDUCE_MIN REDUCE_PROD RELU RELU6 RELU_N1_TO_1 RESIZE_BILINEAR
    RESIZE_NEAREST_NEIGHBOR REVERSE_V2 RSQRT SLICE SOFTMAX SPACE_TO_BATCH_ND SQRT SQUARED_DIFFERENCE STRIDED_SLICE SUM
    TANH TILE TRANSPOSE_CONV
    """.split()
)
"""Ops whose first operand and result must have the same width."""

ONE_WIDTH_OF_OPERANDS = frozenset(
    "DIV EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL MUL NOT_EQUAL PRELU SQUARED_DIFFERENCE SUB".split()
)
"""Ops whose operands must have the same width."""

SCALES_FIRST = frozenset({"MAXIMUM", "MINIMUM", "MIRROR_PAD"})
"""Same-scale ops whose scales are compared before their widths."""
