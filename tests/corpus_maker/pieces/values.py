"""Pieces that compute value by value: activations, arithmetic, and the patterns converters recognise."""

from collections.abc import Sequence

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from tests.corpus_maker.pieces.piece import Array, Maker, Piece

_UNARY = (
    "Relu", "Relu6", "Elu", "Selu", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Softplus", "Abs", "Neg",
    "Square", "Sqrt", "Rsqrt", "Exp", "Log", "Floor", "Ceil", "Round", "Sin", "Cos", "ZerosLike",
    "Identity", "StopGradient",
)  # fmt: skip
_BINARY = (
    "Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Maximum", "Minimum", "SquaredDifference", "FloorDiv",
)  # fmt: skip


def elementwise(op: str, reads: int = 1, **attrs: Attr) -> Piece:
    """Arrays of one shape to one of the same shape."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        return Array(b.add(op, name, *(a.name for a in arrays), **attrs), arrays[0].shape)

    return Piece(make, reads)


def with_constant(op: str, value: float, *, vector: bool = False, first: bool = False) -> Piece:
    """A binary op whose other operand is a constant: a scalar, or one value per channel."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        shape = array.shape[-1:] if vector else []
        constant = b.const(f"{name}/constant", [value, value / 2] if vector else value, shape)
        return _binary(b, op, name, array, constant, first)

    return Piece(make)


def with_shared_constant(op: str, value: float) -> Piece:
    """A binary op whose other operand is a scalar that all such pieces of the graph share."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        return _binary(b, op, name, arrays[0], b.shared(f"shared/{value:g}", value), False)

    return Piece(make)


def _binary(b: Maker, op: str, name: str, array: Array, constant: str, first: bool) -> Array:
    operands = (constant, array.name) if first else (array.name, constant)
    return Array(b.add(op, name, *operands), array.shape)


def add_n(count: int) -> Piece:
    """The sum of `count` arrays."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        return Array(b.add("AddN", name, *(a.name for a in arrays), N=count), arrays[0].shape)

    return Piece(make, count)


def twice(op: str) -> Piece:
    """A binary op that reads one array with both operands."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        return Array(b.add(op, name, array.name, array.name), array.shape)

    return Piece(make)


def clip(low: float, high: float) -> Piece:
    """clip_by_value: Minimum, then Maximum."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        capped = b.add("Minimum", f"{name}/Minimum", array.name, b.const(f"{name}/high", high))
        return Array(b.add("Maximum", name, capped, b.const(f"{name}/low", low)), array.shape)

    return Piece(make)


def relu1(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """Maximum with -1, then Minimum with 1."""
    (array,) = arrays
    raised = b.add("Maximum", f"{name}/Maximum", array.name, b.const(f"{name}/low", -1.0))
    return Array(b.add("Minimum", name, raised, b.const(f"{name}/high", 1.0)), array.shape)


def hard_swish(divided_inside: bool) -> Piece:
    """x * relu6(x + 3) / 6."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        shifted = b.add("AddV2", f"{name}/add", array.name, b.const(f"{name}/three", 3.0))
        gate = b.add("Relu6", f"{name}/Relu6", shifted)
        sixth = b.const(f"{name}/sixth", 1 / 6)
        if divided_inside:
            gate = b.add("Mul", f"{name}/scaled", gate, sixth)
            return Array(b.add("Mul", name, array.name, gate), array.shape)
        product = b.add("Mul", f"{name}/product", array.name, gate)
        return Array(b.add("Mul", name, product, sixth), array.shape)

    return Piece(make)


def hard_sigmoid(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """relu6(x + 3) / 6."""
    (array,) = arrays
    shifted = b.add("AddV2", f"{name}/add", array.name, b.const(f"{name}/three", 3.0))
    gate = b.add("Relu6", f"{name}/Relu6", shifted)
    return Array(b.add("Mul", name, gate, b.const(f"{name}/sixth", 1 / 6)), array.shape)


def swish(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """x * sigmoid(x)."""
    (array,) = arrays
    gate = b.add("Sigmoid", f"{name}/Sigmoid", array.name)
    return Array(b.add("Mul", name, array.name, gate), array.shape)


def prelu(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """Relu(x) + alpha * -Relu(-x), as tf.keras.layers.PReLU writes it."""
    (array,) = arrays
    positive = b.add("Relu", f"{name}/Relu", array.name)
    negated = b.add("Relu", f"{name}/Relu_1", b.add("Neg", f"{name}/Neg", array.name))
    alpha = b.const(f"{name}/alpha", [-0.25], array.shape[1:])
    return Array(
        b.add("Add", name, positive, b.add("Mul", f"{name}/mul", alpha, negated)),
        array.shape,
    )


def l2_normalize(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """tf.nn.l2_normalize over the last dimension."""
    (array,) = arrays
    square = b.add("Square", f"{name}/Square", array.name)
    axis = b.ints(f"{name}/axis", [len(array.shape) - 1])
    total = b.add("Sum", f"{name}/Sum", square, axis, Tidx=DType.INT32, keep_dims=True)
    floor = b.add("Maximum", f"{name}/Maximum", total, b.const(f"{name}/epsilon", 1e-12))
    return Array(b.add("Mul", name, array.name, b.add("Rsqrt", f"{name}/Rsqrt", floor)), array.shape)


def scale_and_shift(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """A batch normalization written as a Mul and an Add with vectors."""
    (array,) = arrays
    channels = array.shape[-1:]
    scaled = b.add("Mul", f"{name}/mul", array.name, b.const(f"{name}/scale", [1.5, 0.5], channels))
    return Array(b.add("Add", name, scaled, b.const(f"{name}/shift", [0.25], channels)), array.shape)


def identity_chain(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """Three Identity in a row."""
    (array,) = arrays
    first = b.add("Identity", f"{name}/first", array.name)
    return Array(b.add("Identity", name, b.add("Identity", f"{name}/second", first)), array.shape)


def fake_quant_args(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """A FakeQuant whose range stands in attributes."""
    (array,) = arrays
    attrs = {"min": -2.0, "max": 2.0, "num_bits": 8, "narrow_range": False}
    return Array(b.add("FakeQuantWithMinMaxArgs", name, array.name, **attrs), array.shape)


def quantize_and_dequantize(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """The other op that fakes quantization."""
    (array,) = arrays
    bounds = (b.const(f"{name}/low", -2.0), b.const(f"{name}/high", 2.0))
    attrs = {"signed_input": True, "num_bits": 8, "range_given": True, "round_mode": b"HALF_TO_EVEN"}
    return Array(
        b.add("QuantizeAndDequantizeV2", name, array.name, *bounds, **attrs),
        array.shape,
    )


VALUES: dict[str, Piece] = {
    **{op: elementwise(op) for op in _UNARY},
    **{op: elementwise(op, 2) for op in _BINARY},
    "CheckNumerics": elementwise("CheckNumerics", message=b"not finite"),
    "LeakyRelu": elementwise("LeakyRelu", alpha=0.25),
    "AddN": add_n(3),
    "AddNTwo": add_n(2),
    "AddTwice": twice("Add"),
    "MulTwice": twice("Mul"),
    "AddConstant": with_constant("Add", 0.5),
    "AddVector": with_constant("AddV2", 0.5, vector=True),
    "AddZero": with_constant("Add", 0.0),
    "SubConstant": with_constant("Sub", 0.5),
    "ConstantSub": with_constant("Sub", 1.0, first=True),
    "MulConstant": with_constant("Mul", 0.5),
    "ConstantMul": with_constant("Mul", 0.5, first=True),
    "MulVector": with_constant("Mul", 0.5, vector=True),
    "MulOne": with_constant("Mul", 1.0),
    "DivConstant": with_constant("RealDiv", 2.0),
    "PowConstant": with_constant("Pow", 2.0),
    "MaximumZero": with_constant("Maximum", 0.0),
    "MaximumConstant": with_constant("Maximum", -0.5),
    "MinimumGuard": with_constant("Minimum", 1e6),
    "GuardMinimum": with_constant("Minimum", 1e6, first=True),
    "MinimumClip": with_constant("Minimum", 0.75),
    "AddShared": with_shared_constant("Add", 0.5),
    "MulShared": with_shared_constant("Mul", 0.5),
    "MaximumShared": with_shared_constant("Maximum", 0.5),
    "ClipSix": clip(0.0, 6.0),
    "ClipOne": clip(-1.0, 1.0),
    "Relu1": Piece(relu1),
    "HardSwish": hard_swish(False),
    "HardSwishInside": hard_swish(True),
    "HardSigmoid": Piece(hard_sigmoid),
    "Swish": Piece(swish),
    "PRelu": Piece(prelu),
    "L2Normalize": Piece(l2_normalize),
    "ScaleAndShift": Piece(scale_and_shift),
    "IdentityChain": Piece(identity_chain),
    "FakeQuantArgs": Piece(fake_quant_args),
    "QuantizeAndDequantize": Piece(quantize_and_dequantize),
}
