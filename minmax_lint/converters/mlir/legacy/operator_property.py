"""What the legacy quantizer knows of each operator (operator_property.cc), as data.

Measured with TF 2.12 to 2.22.
"""

from typing import NamedTuple

from minmax_lint.converters.mlir.tables import ALWAYS, Since


class OperatorProperty(NamedTuple):
    """How one operator is quantized."""

    inputs: tuple[int, ...] = (0,)
    """The operands that are quantized; a float operand that is not among them stays float."""
    outputs: tuple[int, ...] = (0,)
    arbitrary_inputs: bool = False
    """All operands are quantized, however many there are."""
    arbitrary_outputs: bool = False
    weights: int | None = None
    """The operand that becomes int8."""
    bias: int | None = None
    """The operand that becomes a bias of 64 bits, of 32 in int8."""
    sixteen_bits: bool = True
    """Whether it takes activations of 16 bits."""
    constants_as_activations: bool = False
    """Whether a constant operand takes the width of activations: same-scale operators and a few others."""
    since: Since = ALWAYS
    """The first version that knows the operator."""


_ONE = OperatorProperty(constants_as_activations=True)
_FREE = OperatorProperty()
_TWO = OperatorProperty(inputs=(0, 1), constants_as_activations=True)
_JOINS = OperatorProperty(inputs=(), arbitrary_inputs=True, constants_as_activations=True)
_PARTS = OperatorProperty(outputs=(), arbitrary_outputs=True, constants_as_activations=True)
_COMPARISON = OperatorProperty(inputs=(0, 1), outputs=(), sixteen_bits=False)
_NARROW = OperatorProperty(sixteen_bits=False)
_LINEAR = OperatorProperty(inputs=(0, 1), weights=1, bias=2)

PROPERTIES: dict[str, OperatorProperty] = {
    **dict.fromkeys(
        "ABS GELU LEAKY_RELU LOGISTIC MEAN REDUCE_PROD RELU RELU6 RSQRT SOFTMAX SUM TANH WHERE".split(),
        _FREE,
    ),
    **dict.fromkeys(
        """
        AVERAGE_POOL_2D BROADCAST_TO EXPAND_DIMS GATHER GATHER_ND MAX_POOL_2D PAD PADV2 REDUCE_MAX
        REDUCE_MIN RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 SLICE SQUEEZE STRIDED_SLICE TILE
        TRANSPOSE
        """.split(),
        _ONE,
    ),
    **dict.fromkeys("ADD BATCH_MATMUL MUL SQUARED_DIFFERENCE SUB".split(), _TWO),
    **dict.fromkeys("CONCATENATION MAXIMUM MINIMUM PACK".split(), _JOINS),
    **dict.fromkeys("EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL NOT_EQUAL".split(), _COMPARISON),
    **dict.fromkeys(
        """
        DEPTH_TO_SPACE HARD_SWISH L2_NORMALIZATION LOG_SOFTMAX RELU_N1_TO_1 SPACE_TO_DEPTH
        """.split(),
        _NARROW,
    ),
    **dict.fromkeys("CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED".split(), _LINEAR),
    "ARG_MAX": OperatorProperty(outputs=(), sixteen_bits=False),
    "ASSIGN_VARIABLE": OperatorProperty(inputs=(1,), outputs=()),
    "BATCH_TO_SPACE_ND": _ONE,
    "EXP": _FREE._replace(since=(2, 13)),
    "FILL": OperatorProperty(inputs=(1,), constants_as_activations=True),
    "LOG": _FREE._replace(since=(2, 15)),
    "MIRROR_PAD": _ONE._replace(since=(2, 13)),
    "PRELU": OperatorProperty(inputs=(0, 1), sixteen_bits=False),
    "READ_VARIABLE": OperatorProperty(inputs=()),
    "SCATTER_ND": OperatorProperty(inputs=(1,), constants_as_activations=True),
    "SELECT": OperatorProperty(inputs=(1, 2), constants_as_activations=True),
    "SHAPE": OperatorProperty(outputs=()),
    "SPACE_TO_BATCH_ND": _ONE._replace(since=(2, 13)),
    "SPLIT": OperatorProperty((1,), (), arbitrary_outputs=True, constants_as_activations=True),
    "SPLIT_V": _PARTS,
    "SQRT": _FREE._replace(since=(2, 22)),
    "TRANSPOSE_CONV": OperatorProperty(inputs=(2, 1), weights=1, bias=3),
    "UNPACK": _PARTS,
    "VAR_HANDLE": OperatorProperty(inputs=(), outputs=()),
}
"""TFLite operator -> its property; what is not here is never quantized."""
