"""TensorFlow ops that are lowered to several others before they are legalized (lower_tf.td, lower_tf.cc).

Read off the float models that TF 2.15 and 2.21 make of each.
"""

import math

from minmax_lint.converters.mlir.behaviours import (
    FOLDS_CONSTANT_BROADCASTS,
)
from minmax_lint.converters.mlir.failure import ConversionError, no_builtin
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.lower.steps import number
from minmax_lint.converters.mlir.matchers import producer, static
from minmax_lint.converters.mlir.pattern import (
    legalize_patterns_td,
    lower_tf_cc,
    lower_tf_td,
    prepare_tf_cc,
    tf_ops_n_z_cc,
)
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape


@lower_tf_td("IsNan", before=lambda n: n.op("IsNan", n.x()), after="NOT_EQUAL(float)")
def lower_is_nan_op(importer: Importer, node: Node) -> Value:
    """A value that is not equal to itself."""
    x = importer.operand(node)
    return importer.add("NOT_EQUAL", node, [x, x])


@lower_tf_td("IsInf", before=lambda n: n.op("IsInf", n.x()), after="ABS(float) EQUAL(float)")
def lower_is_inf_op(importer: Importer, node: Node) -> Value:
    """IsInf is the magnitude compared with infinity."""
    x = importer.operand(node)
    magnitude = importer.add("ABS", node, [x], x.shape, DType.FLOAT)
    return importer.add("EQUAL", node, [magnitude, number(importer, node, math.inf)])


@lower_tf_td("IsFinite", before=lambda n: n.op("IsFinite", n.x()), after="SUB(float) EQUAL(float)")
def lower_is_finite_op(importer: Importer, node: Node) -> Value:
    """The difference with itself is zero."""
    x = importer.operand(node)
    difference = importer.add("SUB", node, [x, x], x.shape, DType.FLOAT)
    return importer.add("EQUAL", node, [difference, number(importer, node, 0.0)])


@lower_tf_td("OnesLike", before=lambda n: n.fq(n.op("AddV2", x := n.x(), n.op("OnesLike", x))), after="ADD")
def lower_ones_like_op(importer: Importer, node: Node) -> Value:
    """A constant, where the shape is known."""
    x = importer.operand(node)
    shape, one = x.shape, importer.filled(node.name, (), 1, x.dtype)
    if shape is None or None in shape:
        sizes = importer.add("SHAPE", node, [x], None if shape is None else (len(shape),), DType.INT64)
        return importer.add("BROADCAST_TO", node, [one, sizes], shape)
    if not importer.version.has(FOLDS_CONSTANT_BROADCASTS):
        wanted = importer.constant(node.name, DType.INT32, (len(shape),))
        return importer.add("BROADCAST_TO", node, [one, wanted], shape)
    return importer.filled(node.name, shape, 1, x.dtype)


@lower_tf_cc(
    "Empty",
    before=lambda n: n.op("Maximum", n.op("Elu", n.x()), n.op("Empty", n.ints(1, 8), dtype=DType.FLOAT)),
    after="ELU(float) RELU(float)",
)
def lower_empty_op(importer: Importer, node: Node) -> Value | None:
    """Zeros: a constant, or of the shape of an array; refused where the shape is computed otherwise (measured)."""
    shape, dtype = importer.inference.shape(node.name), importer.inference.dtype(node.name)
    if shape is not None and None not in shape:
        return importer.filled(node.name, shape, 0, dtype)
    if producer(importer.inputs(node)[0], "SHAPE") is None:
        return None
    return importer.add(
        "BROADCAST_TO", node, [importer.filled(node.name, (), 0, dtype), *importer.inputs(node)]
    )


@lower_tf_td("L2Loss", before=lambda n: n.fq(n.op("L2Loss", n.x())), after="MUL(float) SUM(float) MUL(float)")
def lower_l2_loss_op(importer: Importer, node: Node) -> Value:
    """Half the sum of the squares."""
    x = importer.operand(node)
    axes = importer.integer_vector(node.name, range(len(x.shape or ())))
    total = importer.add("SUM", node, [importer.add("MUL", node, [x, x], x.shape), axes], ())
    return importer.add("DIV", node, [total, number(importer, node, 2.0)], ())


@lower_tf_td(
    "Size",
    before=lambda n: n.op(
        "Mul", x := n.fq(n.op("Relu", n.x(None, 8))), n.op("Cast", n.op("Size", x), SrcT=DType.INT32)
    ),
    after="RELU CAST(float) MUL(float)",
)
def lower_size_op(importer: Importer, node: Node) -> Value:
    """The product of the sizes; where all are known it is folded before."""
    x = importer.operand(node)
    sizes = importer.add("SHAPE", node, [x], (None if x.shape is None else len(x.shape),))
    return importer.add("REDUCE_PROD", node, [sizes, importer.integer_vector(node.name, [0])], ())


@lower_tf_cc(
    "Roll",
    before=lambda n: n.op("Roll", n.x(), n.ints(3), n.ints(1), Tshift=DType.INT32, Taxis=DType.INT32),
    after="SLICE SLICE CONCATENATION",
)
def lower_roll_op(importer: Importer, node: Node) -> Value:
    """For each axis the last part in front of the first."""
    value = importer.operand(node)
    shifts, axes = (importer.integers(edge.array) for edge in node.inputs[1:3])
    if shifts is None or axes is None:
        raise no_builtin(node, reason="Roll is converted where its shifts and axes are constant.")
    if value.shape is None or None in value.shape:
        raise no_builtin(
            node, reason=f"Roll is converted where every size is known; fix the shape of {node.name}."
        )
    for shift, axis in zip(shifts, axes, strict=True):
        size = value.shape[axis]
        if not size or shift % size == 0:
            continue
        parts = [_part(importer, node, value, axis, count) for count in (shift % size, size - shift % size)]
        value = importer.add("CONCATENATION", node, parts, value.shape)
    return value


def _part(importer: Importer, node: Node, value: Value, axis: int, count: int) -> Value:
    shape = value.shape or ()
    place = axis % len(shape)
    sizes = tuple(count if index == place else size for index, size in enumerate(shape))
    bounds = [importer.constant(node.name, DType.INT32, (len(shape),)) for _ in range(2)]
    return importer.add("SLICE", node, [value, *bounds], sizes)


@lower_tf_td(
    "MatrixBandPart",
    before=lambda n: n.op("MatrixBandPart", n.x(4, 4), n.i(1), n.i(1), Tindex=DType.INT32),
    after="ZEROS_LIKE(float) SELECT(float)",
)
def lower_matrix_band_part_op(importer: Importer, node: Node) -> Value:
    """A choice between the matrix and zeros, by comparisons of indices."""
    x = importer.operand(node)
    square = (x.shape or ())[-2:]
    offsets, lower, upper = (importer.constant(node.name, DType.INT32, square) for _ in range(3))
    opposite = importer.add("NEG", node, [offsets], square, DType.INT32)
    opposite.name = f"{node.name}2"
    below = importer.add("GREATER_EQUAL", node, [opposite, lower], square, DType.BOOL)
    above = importer.add("LESS_EQUAL", node, [offsets, upper], square, DType.BOOL)
    inside = importer.add("LOGICAL_AND", node, [above, below], square, DType.BOOL)
    return importer.select(node, [inside, x, importer.add("ZEROS_LIKE", node, [x], x.shape)], x.shape)


@prepare_tf_cc(
    "RFFT",
    before=lambda n: n.op("RFFT", n.x(), n.ints(8), Tcomplex=DType.COMPLEX64),
    after="RESHAPE RFFT2D(float)",
)
def convert_rfft_to_rfft2d(importer: Importer, node: Node) -> Value:
    """RFFT2D of one row, between ExpandDims and Squeeze: two RESHAPEs where the shape is known."""
    x = importer.operand(node)
    sizes = importer.constant(node.name, DType.INT32, (2,))
    result = importer.inference.shape(node.name)
    row = None if x.shape is None else (*x.shape[:-1], 1, x.shape[-1])
    first, last = ("RESHAPE", "RESHAPE") if static(x) else ("EXPAND_DIMS", "SQUEEZE")
    flat = importer.add(first, node, [x, sizes], row, DType.FLOAT)
    made = None if result is None else (*result[:-1], 1, result[-1])
    complex_row = importer.add("RFFT2D", node, [flat, sizes], made)
    return importer.add(last, node, [complex_row, sizes][: 2 if last == "RESHAPE" else 1], result)


@tf_ops_n_z_cc(
    "NonMaxSuppressionV3",
    tf_name="NMSV3ToNMSV4Op",
    before=lambda n: n.op(
        "NonMaxSuppressionV3", n.x(8, 4), n.c(*[0.5] * 8), n.i(3), n.c(0.5), n.c(0.5), T_threshold=DType.FLOAT
    ),
    after="NON_MAX_SUPPRESSION_V4(float)",
)
def nms_v3_to_nms_v4_op(importer: Importer, node: Node) -> Value:
    """NonMaxSuppressionV3 is the fourth version without padding; its second result goes."""
    return importer.add("NON_MAX_SUPPRESSION_V4", node, importer.inputs(node))


@lower_tf_td(
    "SquaredDifference",
    before=lambda n: n.fq(n.op("SquaredDifference", x := n.x(2, 1, 1, 1, 8), n.fq(n.sum(x)))),
    after="SUM SUB(float) SQUARE(float)",
)
def lower_squared_difference_op_on_real_tensors(importer: Importer, node: Node) -> Value | None:
    """SQUARED_DIFFERENCE broadcasts four dimensions at most; of more it is the square of a difference."""
    left, right = importer.inputs(node)[:2]
    shape = importer.inference.shape(node.name)
    if shape is None or len(shape) <= _MOST_BROADCAST_DIMENSIONS or left.shape == right.shape:
        return None
    return importer.add("SQUARE", node, [importer.add("SUB", node, [left, right])])


_MOST_BROADCAST_DIMENSIONS = 4


@legalize_patterns_td("Atan2", before=lambda n: n.op("Atan2", x := n.x(1, 8), n.sum(x)), after="")
def legalize_atan2(importer: Importer, node: Node) -> Value | None:
    """Operands of one shape, as far as it is known; of others it fails in the verifier."""
    left, right = (value.shape for value in importer.inputs(node)[:2])
    if left is not None and right is not None and _differ(left, right):
        message = "'tfl.atan2' op requires the same type for all operands and results"
        reason = f"ATAN2 does not broadcast: the operands of {node.name} must have one shape."
        raise ConversionError(
            "other", message, "no-kernel", node=node.name, op="ATAN2", array=node.name, reason=reason
        )
    return None


def _differ(left: Shape, right: Shape) -> bool:
    """Whether two arrays cannot have one shape; an open size can be any."""
    return len(left) != len(right) or any(
        one != other for one, other in zip(left, right, strict=True) if None not in (one, other)
    )
