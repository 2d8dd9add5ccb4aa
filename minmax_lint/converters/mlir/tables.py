"""What the MLIR converter knows of the builtins of TFLite, one row a builtin.

A fact that holds from a TensorFlow version on has that version, one that always holds ALWAYS.
Sources: tensorflow/compiler/mlir/lite/ir/tfl_ops.td, legalize_patterns.td, quantization traits; the classes
were measured op by op in seven settings (research/mlir_quantization.md, section 6, and mlir_op_table.csv).
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from minmax_lint.converters.mlir.bounds import Bounds

Since = tuple[int, int]
ALWAYS: Since = (0, 0)


class Int8Weights(NamedTuple):
    """What becomes of a large constant operand where no range is known."""

    operand: int
    """GetQuantizableOperandIndices."""
    hybrid: Since | None = None
    """Since when the kernel takes it as it is (GetDynamicRangeQuantKernelSupport); else it is dequantized."""
    per_channel: Since | None = None
    """Since when it has a scale for each channel."""


class Builtin(NamedTuple):
    """What MLIR knows of one builtin operator."""

    quantizable: Since | None = None
    """Since when it has a quantized form."""
    same_scale: Since | None = None
    """Since when its float operands and results share one scale (SameOperandsAndResultsScale)."""
    fixed: tuple[float, int] | None = None
    """(scale, zero point) of the uint8 result (FixedOutputRangeInterface)."""
    four_bits: Since | None = None
    """Since when it takes and makes types of 4 bits."""
    sixteen_bits: bool = True
    """Whether it has a type of 16 bits, and an unsigned one."""
    unsigned_sixteen_bits: bool = True
    weights: bool = False
    """Whether operand 1 holds weights."""
    int8_weights: Int8Weights | None = None
    bias: int | None = None
    """The operand that is an int32 bias; its scale follows from operands 0 and 1 (1 and 2 for operand 3)."""
    one_width: Literal["", "result", "operands", "all"] = ""
    """What must have the same width: the first operand and the result, the operands, or all of them."""
    scales_first: bool = False
    """Whether its scales are compared before its widths."""
    fuses_activation: bool = False
    """Whether optimize_patterns.td fills its fused_activation_function."""
    moves: Literal["", "value", "move", "binary"] = ""
    """ReorderElementwiseAndMoveOperations puts a `value` in front of a `move`, MoveBinaryOpBeforeReshape a `binary`
    with a constant in front of a reshape."""
    broadcasts: int = 0
    """The most dimensions in which it takes operands of different shapes; none where it is 0."""
    most_dimensions: int = 0
    """The most dimensions of operand 0 that it takes; any number where it is 0."""
    activation: bool = False
    commutative: bool = False
    """Whether it has the trait Commutative."""


_ARITHMETIC = Builtin(
    quantizable=ALWAYS,
    unsigned_sixteen_bits=False,
    one_width="operands",
    fuses_activation=True,
    moves="binary",
    broadcasts=6,
)
_COMPARISON = Builtin(
    quantizable=ALWAYS, sixteen_bits=False, one_width="operands", moves="binary", broadcasts=4
)
_CONVOLUTION = Builtin(
    quantizable=ALWAYS,
    weights=True,
    bias=2,
    fuses_activation=True,
    int8_weights=Int8Weights(1, ALWAYS, ALWAYS),
)
_EXTREMUM = Builtin(quantizable=ALWAYS, same_scale=ALWAYS, scales_first=True, moves="binary", broadcasts=5)

BUILTINS: dict[str, Builtin] = {
    "ABS": Builtin(quantizable=ALWAYS),
    "ADD": _ARITHMETIC._replace(one_width="", commutative=True),
    "ADD_N": Builtin(same_scale=ALWAYS),
    "ARG_MAX": Builtin(quantizable=ALWAYS, sixteen_bits=False),
    "ARG_MIN": Builtin(quantizable=ALWAYS, sixteen_bits=False),
    "AVERAGE_POOL_2D": Builtin(
        quantizable=ALWAYS, same_scale=ALWAYS, one_width="result", fuses_activation=True
    ),
    "BATCH_MATMUL": Builtin(quantizable=ALWAYS, int8_weights=Int8Weights(1, ALWAYS), most_dimensions=5),
    "BATCH_TO_SPACE_ND": Builtin(quantizable=ALWAYS, same_scale=ALWAYS),
    "BROADCAST_TO": Builtin(quantizable=ALWAYS, same_scale=(2, 21), one_width="result"),
    "CEIL": Builtin(moves="value"),
    "CONCATENATION": Builtin(
        quantizable=ALWAYS, same_scale=ALWAYS, four_bits=(2, 21), sixteen_bits=False, one_width="result"
    ),
    "CONV_2D": _CONVOLUTION,
    "DEPTHWISE_CONV_2D": _CONVOLUTION,
    "DEPTH_TO_SPACE": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, sixteen_bits=False, moves="move"),
    "DIV": Builtin(
        quantizable=(2, 20), one_width="operands", fuses_activation=True, moves="binary", broadcasts=6
    ),
    "EMBEDDING_LOOKUP": Builtin(quantizable=ALWAYS, int8_weights=Int8Weights(1, (2, 18), (2, 18))),
    "EQUAL": Builtin(
        quantizable=ALWAYS, sixteen_bits=False, one_width="operands", broadcasts=4, commutative=True
    ),
    "EXP": Builtin(quantizable=(2, 13), one_width="result", moves="value"),
    "EXPAND_DIMS": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, moves="move"),
    "FILL": Builtin(quantizable=ALWAYS, same_scale=ALWAYS),
    "FLOOR": Builtin(moves="value"),
    "FLOOR_DIV": Builtin(moves="binary", broadcasts=4),
    "FLOOR_MOD": Builtin(moves="binary", broadcasts=4),
    "FULLY_CONNECTED": _CONVOLUTION._replace(int8_weights=Int8Weights(1, ALWAYS, (2, 17))),
    "GATHER": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, one_width="result", int8_weights=Int8Weights(0)),
    "GATHER_ND": Builtin(quantizable=ALWAYS, same_scale=ALWAYS),
    "GELU": Builtin(quantizable=ALWAYS),
    "GREATER": _COMPARISON,
    "GREATER_EQUAL": _COMPARISON,
    "HARD_SWISH": Builtin(quantizable=ALWAYS, sixteen_bits=False, one_width="result"),
    "L2_NORMALIZATION": Builtin(quantizable=ALWAYS, fixed=(1 / 128, 128)),
    "LEAKY_RELU": Builtin(quantizable=ALWAYS, one_width="result"),
    "LESS": _COMPARISON,
    "LESS_EQUAL": _COMPARISON,
    "LOG": Builtin(quantizable=(2, 15), sixteen_bits=False, one_width="result"),
    "LOGISTIC": Builtin(quantizable=ALWAYS, fixed=(1 / 256, 0), one_width="result", moves="value"),
    "LOG_SOFTMAX": Builtin(quantizable=ALWAYS, fixed=(16 / 256, 255), one_width="result"),
    "MATRIX_DIAG": Builtin(quantizable=ALWAYS),
    "MATRIX_SET_DIAG": Builtin(quantizable=ALWAYS),
    "MAXIMUM": _EXTREMUM,
    "MAX_POOL_2D": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, one_width="result", fuses_activation=True),
    "MEAN": Builtin(quantizable=ALWAYS, one_width="result"),
    "MINIMUM": _EXTREMUM,
    "MIRROR_PAD": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, scales_first=True),
    "MUL": _ARITHMETIC._replace(commutative=True),
    "NEG": Builtin(moves="value"),
    "NOT_EQUAL": Builtin(one_width="operands", broadcasts=4, commutative=True),
    "ONE_HOT": Builtin(quantizable=ALWAYS),
    "PACK": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, one_width="result"),
    "PAD": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, one_width="result", most_dimensions=5),
    "PADV2": Builtin(
        quantizable=ALWAYS, same_scale=ALWAYS, sixteen_bits=False, one_width="result", most_dimensions=5
    ),
    "POW": Builtin(broadcasts=4),
    "PRELU": Builtin(quantizable=ALWAYS, one_width="all"),
    "REDUCE_MAX": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, one_width="result"),
    "REDUCE_MIN": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, one_width="result"),
    "REDUCE_PROD": Builtin(quantizable=ALWAYS, one_width="result"),
    "RELU": Builtin(quantizable=ALWAYS, one_width="result", moves="value", activation=True),
    "RELU6": Builtin(
        quantizable=ALWAYS, sixteen_bits=False, one_width="result", moves="value", activation=True
    ),
    "RELU_0_TO_1": Builtin(quantizable=ALWAYS),
    "RELU_N1_TO_1": Builtin(
        quantizable=ALWAYS, sixteen_bits=False, one_width="result", moves="value", activation=True
    ),
    "RESHAPE": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, four_bits=ALWAYS, moves="move"),
    "RESIZE_BILINEAR": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, one_width="result"),
    "RESIZE_NEAREST_NEIGHBOR": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, one_width="result"),
    "REVERSE_SEQUENCE": Builtin(quantizable=ALWAYS),
    "REVERSE_V2": Builtin(quantizable=ALWAYS, one_width="result"),
    "ROUND": Builtin(moves="value"),
    "RSQRT": Builtin(quantizable=ALWAYS, one_width="result"),
    "SCATTER_ND": Builtin(quantizable=ALWAYS, same_scale=ALWAYS),
    "SELECT": Builtin(quantizable=ALWAYS, same_scale=ALWAYS),
    "SELECT_V2": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, broadcasts=5),
    "SHAPE": Builtin(quantizable=ALWAYS),
    "SLICE": Builtin(
        quantizable=ALWAYS, same_scale=ALWAYS, four_bits=(2, 21), one_width="result", most_dimensions=6
    ),
    "SOFTMAX": Builtin(quantizable=ALWAYS, fixed=(1 / 256, 0), one_width="result"),
    "SPACE_TO_BATCH_ND": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, one_width="result"),
    "SPACE_TO_DEPTH": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, sixteen_bits=False),
    "SPARSE_TO_DENSE": Builtin(quantizable=ALWAYS),
    "SPLIT": Builtin(quantizable=ALWAYS, same_scale=ALWAYS),
    "SPLIT_V": Builtin(quantizable=ALWAYS, same_scale=ALWAYS),
    "SQRT": Builtin(quantizable=(2, 21), one_width="result", moves="value"),
    "SQUARE": Builtin(moves="value"),
    "SQUARED_DIFFERENCE": Builtin(quantizable=ALWAYS, sixteen_bits=False, one_width="all", broadcasts=6),
    "SQUEEZE": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, moves="move"),
    "STRIDED_SLICE": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, one_width="result", most_dimensions=6),
    "SUB": _ARITHMETIC,
    "SUM": Builtin(quantizable=ALWAYS, one_width="result"),
    "TANH": Builtin(quantizable=ALWAYS, fixed=(1 / 128, 128), one_width="result", moves="value"),
    "TILE": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, sixteen_bits=False, one_width="result"),
    "TOPK_V2": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, sixteen_bits=False),
    "TRANSPOSE": Builtin(quantizable=ALWAYS, same_scale=ALWAYS, four_bits=(2, 21), moves="move"),
    "TRANSPOSE_CONV": Builtin(
        quantizable=ALWAYS,
        weights=True,
        bias=3,
        one_width="result",
        int8_weights=Int8Weights(1, (2, 17), ALWAYS),
    ),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Builtin(quantizable=ALWAYS),
    "UNIQUE": Builtin(quantizable=ALWAYS),
    "UNPACK": Builtin(quantizable=ALWAYS, same_scale=ALWAYS),
}


def _where(holds: Callable[[Builtin], object]) -> frozenset[str]:
    return frozenset(name for name, row in BUILTINS.items() if holds(row))


def _since(first: Callable[[Builtin], Since | None]) -> tuple[frozenset[str], dict[str, Bounds]]:
    """The builtins of which a fact holds in every version, and the versions of each other one."""
    known = {name: number for name, row in BUILTINS.items() if (number := first(row)) is not None}
    return _where(lambda row: first(row) == ALWAYS), {
        name: Bounds(number) for name, number in known.items() if number != ALWAYS
    }


ACTIVATIONS = _where(lambda row: row.activation)
FUSES_ACTIVATION = _where(lambda row: row.fuses_activation)
VALUE_OPS = _where(lambda row: row.moves == "value")
MOVE_OPS = _where(lambda row: row.moves == "move")
BEFORE_RESHAPE = _where(lambda row: row.moves == "binary")
MOST_DIMENSIONS = {name: row.most_dimensions for name, row in BUILTINS.items() if row.most_dimensions}
BROADCAST_RANK = {name: row.broadcasts for name, row in BUILTINS.items() if row.broadcasts}
BIAS_SLOTS = {name: row.bias for name, row in BUILTINS.items() if row.bias is not None}
FIXED = {name: row.fixed for name, row in BUILTINS.items() if row.fixed is not None}
QUANTIZABLE, QUANTIZABLE_SINCE = _since(lambda row: row.quantizable)
SAME_SCALE, SAME_SCALE_SINCE = _since(lambda row: row.same_scale)
FOUR_BITS, FOUR_BITS_SINCE = _since(lambda row: row.four_bits)
INT8_WEIGHTS = {name: row.int8_weights for name, row in BUILTINS.items() if row.int8_weights is not None}
CONVOLUTIONS = _where(lambda row: row.weights)
NO_SIXTEEN_BITS = _where(lambda row: not row.sixteen_bits)
NO_UNSIGNED_SIXTEEN_BITS = _where(lambda row: not row.unsigned_sixteen_bits)
ONE_WIDTH = _where(lambda row: row.one_width in ("result", "all"))
ONE_WIDTH_OF_OPERANDS = _where(lambda row: row.one_width in ("operands", "all"))
SCALES_FIRST = _where(lambda row: row.scales_first)
COMMUTATIVE = _where(lambda row: row.commutative)

UNSIGNED_MIXES_SCALES = frozenset({"CONCATENATION"})
"""Same-scale ops whose uint8 kernel takes operands of other scales than the result's."""

EIGHT_BIT_WEIGHTS = {
    True: frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"}),
    False: frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"}),
}
"""Whether types are signed -> the convolutions whose weights cannot have 16 bits."""
