"""Sums of products over several axes (Einsum, BatchMatMul), as MLIR writes them out.

Source: tensorflow/compiler/mlir/tensorflow/transforms/einsum.cc; measured with TF 2.15 and 2.21.
"""

import math
from collections.abc import Iterable

from minmax_lint.converters.mlir.behaviours import CONVERT_BATCH_MATMUL_EARLY, UNROLL_BATCH_MATMUL
from minmax_lint.converters.mlir.failure import ConversionError, Unmodeled, no_builtin, spell_tensor
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.lower.unroll_batch_matmul import unroll_batch_matmul
from minmax_lint.converters.mlir.legalize.prepare_tf import fully_connected
from minmax_lint.converters.mlir.legalize.reorder_fake_quant import (
    move_before_fake_quants,
    reshape,
    transpose_matrix,
)
from minmax_lint.converters.mlir.matchers import constant_behind, is_constant, rank, static
from minmax_lint.converters.mlir.pattern import canonicalize_td, einsum_cc, optimize_batch_matmul_cc
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape
from minmax_lint.inference.einsum_equation import axes_of, sizes_of
from minmax_lint.inference.shape_arithmetic import Size


@einsum_cc(
    "Einsum",
    tf_name="ConvertTFEinsumOp",
    before=lambda n: n.fq(
        n.op("Einsum", n.x(1, 4, 8), n.fq(n.weights(8, 2, 2)), N=2, equation=b"abc,cde->abde")
    ),
    after="FULLY_CONNECTED RESHAPE",
)
def transform_einsum(importer: Importer, node: Node) -> Value:
    """Of two arrays a matrix product, with the moves that bring their axes into its order."""
    operands = importer.inputs(node)
    shapes = [value.shape for value in operands if value.shape is not None]
    axes = axes_of(node.text("equation"), shapes) if len(shapes) == len(operands) else None
    if axes is None or len(operands) > 2:
        raise Unmodeled(f"the shapes of the operands of {node.name} are not known", node.name)
    labels, result = axes
    sizes = sizes_of(labels, shapes)
    if not result or any(len(set(one)) < len(one) or not one for one in labels):
        raise no_builtin(
            node, reason="An Einsum over a diagonal, of a scalar or to a scalar has no form in TFLite."
        )
    if len(labels) == 1:
        return _of_one(importer, node, labels[0], result, sizes)
    left, right = labels
    batch = [one for one in left if one in right and one in result]
    summed = [one for one in left if one in right and one not in result]
    rows = [one for one in left if one not in right]
    columns = [one for one in right if one not in left]
    if {*rows, *columns, *batch} != set(result):
        raise no_builtin(
            node, reason="An Einsum that sums over an axis of one operand alone has no form in TFLite."
        )
    second = _laid_out(importer, node, operands[1], right, sizes, (batch, summed, columns))
    order = [*batch, *rows, *columns]
    if rows and not batch:
        # Of a matrix: the axes of the other operand stay as they are, but for the last.
        first = _laid_out(importer, node, operands[0], left, sizes, (rows[:-1], rows[-1:], summed))
        shape = (*(sizes[one] for one in rows), _size(sizes, columns))
        as_wanted = len(columns) == 1
    else:
        first = _laid_out(importer, node, operands[0], left, sizes, (batch, rows, summed))
        shape = (*(sizes[one] for one in batch), _size(sizes, rows), _size(sizes, columns))
        as_wanted = len(rows) == len(columns) == 1
    _verify(node, first, second, shape)
    matrices = not batch and rank(first) == rank(second) == 2
    product = _product(importer, node, first, second, shape, matrices=matrices)
    wanted = tuple(sizes[one] for one in order)
    if _one_open(wanted):
        if not as_wanted or None in shape:
            product = reshape(importer, node, product, wanted)
    elif not as_wanted:
        computed = _sizes_of(importer, node, operands, [*batch, *rows], columns)
        product = move_before_fake_quants(importer, node, "RESHAPE", product, wanted, computed)
    return _transpose(importer, node, product, "".join(order), result, sizes)


def _verify(node: Node, first: Value, second: Value, shape: Shape) -> None:
    """The check of tf.BatchMatMulV2, which two axes fail that are to be one and are not made one (`_laid_out`)."""
    for name, value, axis in (("row", first, -2), ("col", second, -1)):
        expected, found = (value.shape or shape)[axis], shape[axis]
        if expected is not None and found is not None and expected != found:
            raise ConversionError.at(
                node,
                "other",
                f"'tf.BatchMatMulV2' op found invalid output dimension on {name}, expected {expected} but got {found}",
                "no-kernel",
                reason=f"The converter makes a wrong matrix product of {node.name}: multiply and sum in its place.",
            )


def _product(
    importer: Importer, node: Node, first: Value, second: Value, shape: Shape, *, matrices: bool
) -> Value:
    """FULLY_CONNECTED where TFLite has it for the operands, BATCH_MATMUL of others."""
    product = _dense(importer, node, first, second, shape)
    if product is not None:
        return product
    if not matrices:
        return importer.add("BATCH_MATMUL", node, [first, second], shape)
    # A MatMul; it comes too late for its TRANSPOSE to move in front of a FakeQuant.
    if is_constant(second):
        turned = transpose_matrix(importer, node, second)
    else:
        flip = importer.integer_vector(node.name, [1, 0])
        turned = importer.add("TRANSPOSE", node, [second, flip], (second.shape or ())[::-1])
    return importer.add("FULLY_CONNECTED", node, [first, turned], shape)


@canonicalize_td(
    *("BatchMatMul", "BatchMatMulV2"),
    tf_name="BatchMatMulToV2, BatchMatMulV2ToMatMul",
    before=lambda n: n.fq(n.op("BatchMatMulV2", x := n.x(None, 8), n.fq(n.op("Elu", x)), adj_y=True)),
    after="ELU(float) FULLY_CONNECTED",
)
def batch_mat_mul_v2_to_mat_mul(importer: Importer, node: Node) -> Value | None:
    """A product of two matrices is a MatMul."""
    left, right = importer.inputs(node)[:2]
    if left.dtype is not DType.FLOAT or rank(left) != 2 or rank(right) != 2:
        return None
    return fully_connected(importer, node, left, right, adj_x=node.flag("adj_x"), adj_y=node.flag("adj_y"))


@optimize_batch_matmul_cc(
    *("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"),
    tf_name="ConvertBatchMatMulOp2FullyConnectedOp_Rank2ConstantRhs",
    before=CONVERT_BATCH_MATMUL_EARLY.before,
    after="FULLY_CONNECTED",
    since=CONVERT_BATCH_MATMUL_EARLY.since,
)
def convert_batch_mat_mul_to_fully_connected(importer: Importer, node: Node) -> Value | None:
    """With constant weights of rank 2, BATCH_MATMUL is FULLY_CONNECTED.

    Integers, as Keras 3's `quantize("int8")` multiplies them, end the conversion.
    """
    left, right = importer.inputs(node)[:2]
    if left.dtype is DType.INT8:
        raise ConversionError.at(
            node,
            "other",
            "'tfl.fully_connected' op operand #0 must be tensor of 32-bit float or QI8 type or QUI8 type or QI16 type "
            f"or QUI16 type values, but got '{spell_tensor(left.shape, 'i8')}'",
            "no-kernel",
            reason=f"{node.name} multiplies integers without a scale.",
        )
    if importer.version.has(UNROLL_BATCH_MATMUL):
        flags = {name: node.flag(name) for name in ("adj_x", "adj_y")}
        unrolled = unroll_batch_matmul(importer, node, left, right, **flags)
        if unrolled is not None:
            return unrolled
    if node.flag("adj_x"):
        return None
    shape = importer.inference.shape(node.name)
    return _dense(importer, node, left, right, shape, turned=node.flag("adj_y"))


def _of_one(importer: Importer, node: Node, label: str, result: str, sizes: dict[str, Size]) -> Value:
    """Of one array a sum over the axes that are missing in the result, and a TRANSPOSE."""
    value = importer.inputs(node)[0]
    kept = "".join(axis for axis in label if axis in result)
    if kept != label:
        axes = importer.integer_vector(node.name, [label.index(axis) for axis in label if axis not in result])
        value = importer.add("SUM", node, [value, axes], tuple(sizes[axis] for axis in kept))
    return _transpose(importer, node, value, kept, result, sizes)


def _dense(
    importer: Importer, node: Node, left: Value, right: Value, shape: Shape | None, *, turned: bool = False
) -> Value | None:
    if not has_weights(right) or not importer.version.has(CONVERT_BATCH_MATMUL_EARLY):
        return None
    weights = right if turned else transpose_matrix(importer, node, right)
    return importer.add("FULLY_CONNECTED", node, [left, weights], shape)


def has_weights(value: Value) -> bool:
    """Whether `value` is a constant matrix, perhaps behind a FakeQuant."""
    return value.shape is not None and len(value.shape) == 2 and constant_behind(value) is not None


def _laid_out(
    importer: Importer,
    node: Node,
    value: Value,
    label: str,
    sizes: dict[str, Size],
    groups: tuple[list[str], list[str], list[str]],
) -> Value:
    """The operand with its axes in the order of the groups, of which the last two are one axis each.

    Where they have two axes together, the operand keeps them, even if both are of one group.
    """
    batch, one, two = groups
    value = _transpose(importer, node, value, label, "".join([*batch, *one, *two]), sizes)
    if len(one) + len(two) == 2:
        return value
    shape = (*(sizes[axis] for axis in batch), _size(sizes, one), _size(sizes, two))
    if _one_open(shape):
        return reshape(importer, node, value, shape)
    if not one or not two:
        raise no_builtin(
            node, reason=f"Several sizes of {node.name} are open: fix them, or multiply and sum."
        )
    return move_before_fake_quants(
        importer, node, "RESHAPE", value, shape, _products_of_sizes(importer, node, value, len(shape))
    )


def _one_open(shape: Shape) -> bool:
    """Whether a constant can say the shape (VerifyShapeOfReshapeOp)."""
    return shape.count(None) < 2


def _products_of_sizes(importer: Importer, node: Node, value: Value, rank: int) -> Value:
    """The shape of an operand with its axes joined, computed as it runs (createReshapeOpForDynamic)."""
    sizes = _shape_of(importer, node, value)
    groups, count = (importer.constant(node.name, DType.INT32, shape) for shape in (sizes.shape, ()))
    return importer.add("UNSORTED_SEGMENT_PROD", node, [sizes, groups, count], (rank,), DType.INT32)


def _sizes_of(
    importer: Importer, node: Node, operands: list[Value], left: list[str], right: list[str]
) -> Value:
    """The sizes of axes of both operands, computed as it runs (createOutputReshapeOpForDynamic)."""
    gathered = []
    for value, axes in zip(operands, (left, right), strict=True):
        places = importer.constant(node.name, DType.INT32, (len(axes),))
        if static(value) or not axes:
            gathered.append(places)
            continue
        sizes = _shape_of(importer, node, value)
        gathered.append(importer.add("GATHER", node, [sizes, places], (len(axes),), DType.INT32))
    return importer.add("CONCATENATION", node, gathered, (len(left) + len(right),), DType.INT32)


def _shape_of(importer: Importer, node: Node, value: Value) -> Value:
    return importer.add("SHAPE", node, [value], (len(value.shape or ()),), DType.INT32)


def _size(sizes: dict[str, Size], axes: Iterable[str]) -> Size:
    known = [sizes[axis] for axis in axes]
    return None if None in known else math.prod(size for size in known if size is not None)


def _transpose(
    importer: Importer, node: Node, value: Value, label: str, wanted: str, sizes: dict[str, Size]
) -> Value:
    if label == wanted:
        return value
    order = importer.integer_vector(node.name, [label.index(one) for one in wanted])
    return move_before_fake_quants(
        importer, node, "TRANSPOSE", value, tuple(sizes[one] for one in wanted), order
    )
