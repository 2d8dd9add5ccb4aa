"""TRANSPOSEs that go, or change places with what reads them (optimize_pass.cc, push_transpose_through_ewise.cc)."""

from math import prod

from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import (
    axes_of,
    is_constant,
    keeps_order,
    producer,
    producers,
    rank,
    same_type,
    sizes_of,
    static,
)
from minmax_lint.converters.mlir.optimize.optimize_batch_matmul import adjoint
from minmax_lint.converters.mlir.pattern import (
    optimize_pass_cc,
    optimize_patterns_td,
    push_transpose_through_ewise_cc,
)
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.inference.shape_arithmetic import elements


@optimize_patterns_td(
    "TRANSPOSE", before=lambda n: n.transpose(n.op("Elu", n.x(1, 8)), 1, 0), after="ELU(float) RESHAPE(float)"
)
def convert_trivial_transpose_op_to_reshape_op(rewriter: Rewriter, op: Operation) -> bool:
    """A TRANSPOSE that only moves dimensions of size 1 is a RESHAPE."""
    if not keeps_order(op):
        return False
    return rewriter.replace_with_new(op, "RESHAPE", op.operands)


@push_transpose_through_ewise_cc(
    "ADD",
    "DIV",
    "MAXIMUM",
    "MINIMUM",
    "MUL",
    "SUB",
    tf_name="CommuteBothInputsTransposedWithEwiseOps, CommuteTransposeWithEwiseOps",
    since=(2, 17),
    before=lambda n: n.op(
        "Mul", n.transpose(n.op("Elu", x := n.image()), 0, 3, 1, 2), n.transpose(n.op("Exp", x), 0, 3, 1, 2)
    ),
    after="ELU(float) EXP(float) MUL(float) TRANSPOSE(float)",
)
def commute_transpose_with_ewise_ops(rewriter: Rewriter, op: Operation) -> bool:
    """Elementwise operations of two equal TRANSPOSEs, or of one and a constant, come before them."""
    left, right = (producer(value, "TRANSPOSE") for value in op.operands[:2])
    if any(value.op is None for value in op.operands):
        return False
    if left is not None and right is not None:
        order = axes_of(left.operands[1])
        if order is None or order != axes_of(right.operands[1]):
            return False
        if 1 not in (left.result.use_count, right.result.use_count):
            return False
        return _swap_with_transpose(rewriter, op, left, [left.operands[0], right.operands[0]], [left, right])
    moved = left or right
    other = op.operands[1] if left is not None else op.operands[0]
    if moved is None or not is_constant(other) or moved.result.use_count != 1:
        return False
    if rank(other) not in (0, rank(moved.result)) or not same_type(moved.result, op.result):
        return False
    if elements(other.shape or ()) != 1:
        order, shape = axes_of(moved.operands[1]), other.shape
        if order is not None and shape is not None:
            shape = tuple(shape[order.index(axis)] for axis in range(len(order)))
        other = rewriter.constant(other, shape)
    return _swap_with_transpose(rewriter, op, moved, [moved.operands[0], other], [moved])


def _swap_with_transpose(
    rewriter: Rewriter, op: Operation, transpose: Operation, operands: list[Value], others: list[Operation]
) -> bool:
    first = rewriter.create(op.name, operands, op)
    first.result.shape = transpose.operands[0].shape
    return rewriter.replace_with_new(op, "TRANSPOSE", [first.result, transpose.operands[1]], others)


@optimize_patterns_td(
    "ADD",
    tf_name="ReorderNCHWTransposeAdd",
    since=(2, 16),
    until=(2, 16),
    before=lambda n: n.fq(
        n.op("AddV2", n.transpose(n.conv(n.image()), 0, 3, 1, 2), n.c(0.1, 0.2, shape=[1, 4, 1, 1]))
    ),
    after="CONV_2D TRANSPOSE",
)
def reorder_nchw_transpose_add(rewriter: Rewriter, op: Operation) -> bool:
    """A sum of a convolution brought to NCHW and a constant for each channel comes before the TRANSPOSE.

    Later versions have it too, but CommuteTransposeWithEwiseOps leaves it nothing.
    """
    transpose, added = producer(op.operands[0], "TRANSPOSE"), op.operands[1]
    if transpose is None or transpose.result.use_count != 1 or axes_of(transpose.operands[1]) != [0, 3, 1, 2]:
        return False
    shape, source = added.shape, transpose.operands[0].op
    if (
        not is_constant(added)
        or source is None
        or source.name not in ("CONV_2D", "DEPTHWISE_CONV_2D")
        or shape is None
        or len(shape) != 4
        or (shape[0], shape[2], shape[3]) != (1, 1, 1)
    ):
        return False
    last = rewriter.constant(added, (1, 1, 1, shape[1]))
    return _swap_with_transpose(rewriter, op, transpose, [transpose.operands[0], last], [transpose])


@optimize_pass_cc(
    "SQUEEZE",
    since=(2, 20),
    before=lambda n: n.op(
        "Squeeze", n.transpose(n.reshape(n.op("Elu", n.x(2, 8)), 1, 2, 8), 0, 2, 1), squeeze_dims=[0]
    ),
    after="ELU(float) TRANSPOSE(float)",
)
def push_transpose_through_squeeze(rewriter: Rewriter, op: Operation) -> bool:
    """SQUEEZE changes places with the TRANSPOSE in front of it."""
    transpose = producer(op.operands[0], "TRANSPOSE")
    order = axes_of(transpose.operands[1]) if transpose is not None else None
    middle = op.operands[0].shape
    if transpose is None or order is None or middle is None or transpose.operands[0].shape is None:
        return False
    node = op.attrs["node"]
    dims = {dim % len(middle) for dim in node.integers("squeeze_dims")}
    dims = dims or {dim for dim, size in enumerate(middle) if size == 1}
    gone = {order[dim] for dim in dims}
    left = [axis for axis in range(len(order)) if axis not in gone]
    shape = tuple(transpose.operands[0].shape[axis] for axis in left)
    squeezed = rewriter.compute("SQUEEZE", [transpose.operands[0]], op, op.result, shape)
    axes = [left.index(order[dim]) for dim in range(len(order)) if dim not in dims]
    perm = rewriter.integers(axes, transpose.operands[1])
    return rewriter.replace_with_new(op, "TRANSPOSE", [squeezed, perm], [transpose])


@optimize_patterns_td(
    "TRANSPOSE",
    since=(2, 14),
    before=lambda n: n.transpose(n.transpose(n.op("Elu", n.x(2, 3, 4)), 0, 2, 1), 1, 0, 2),
    after="ELU(float) TRANSPOSE(float)",
)
def fold_double_transpose(rewriter: Rewriter, op: Operation) -> bool:
    """A TRANSPOSE that only another reads is one with it."""
    first = producer(op.operands[0], "TRANSPOSE")
    outer = axes_of(op.operands[1])
    inner = axes_of(first.operands[1]) if first is not None else None
    if first is None or inner is None or outer is None or first.result.use_count != 1:
        return False
    order = rewriter.integers([inner[axis] for axis in outer], op.operands[1])
    return rewriter.replace_with_new(op, "TRANSPOSE", [first.operands[0], order], [first])


@optimize_pass_cc(
    "TRANSPOSE",
    since=(2, 20),
    before=lambda n: n.transpose(n.reshape(n.transpose(n.op("Elu", n.x(4, 6)), 1, 0), 2, 3, 4), 0, 2, 1),
    after="ELU(float) RESHAPE(float) TRANSPOSE(float)",
)
def reorder_transpose_reshape_transpose(rewriter: Rewriter, op: Operation) -> bool:
    """A RESHAPE between two TRANSPOSEs, the first of a matrix, comes in front of both."""
    found = producers(op.operands[0], "RESHAPE", "TRANSPOSE")
    if found is None or axes_of(found[1].operands[1]) != [1, 0]:
        return False
    reshape, first = found
    sizes = axes_of(reshape.operands[1])
    rows = first.result.shape[0] if first.result.shape else None
    ends = [] if sizes is None else [end for end in range(len(sizes)) if prod(sizes[: end + 1]) == rows]
    if sizes is None or not ends:
        return False
    split = ends[-1] + 1
    shape = [*sizes[split:], *sizes[:split]]
    behind = len(sizes) - split
    operands = [first.operands[0], rewriter.integers(shape, op.operands[1])]
    moved = rewriter.compute("RESHAPE", operands, reshape, reshape.result, tuple(shape))
    order = rewriter.integers([*range(behind, len(sizes)), *range(behind)], op.operands[1])
    return rewriter.replace_with_new(reshape, "TRANSPOSE", [moved, order], [first])


@optimize_pass_cc(
    "BATCH_MATMUL",
    since=(2, 15),
    before=lambda n: n.op(
        "BatchMatMulV3",
        n.op("Exp", x := n.x(8, 8)),
        n.reshape(n.transpose(n.op("Elu", n.reshape(x, 8, 2, 4)), 1, 2, 0), 8, 8),
    ),
    after="EXP(float) RESHAPE ELU(float) RESHAPE(float) BATCH_MATMUL(float)",
)
def fuse_transpose_reshape_into_batch_matmul(rewriter: Rewriter, op: Operation) -> bool:
    """A right side whose last two dimensions a TRANSPOSE brings to the front, where a RESHAPE joins them."""
    found = producers(op.operands[1], "RESHAPE", "TRANSPOSE")
    order = axes_of(found[1].operands[1]) if found is not None else None
    if found is None or order is None or len(order) < 3:
        return False
    reshape, transpose = found
    if not static(reshape.result) or not static(transpose.result) or not sizes_of(reshape.result):
        return False
    *rest, row, column = range(len(order))
    if sizes_of(transpose.result)[2:] != sizes_of(reshape.result)[1:] or order != [row, column, *rest]:
        return False
    shape = [*sizes_of(reshape.result)[1:], sizes_of(reshape.result)[0]]
    sizes = rewriter.integers(shape, reshape.operands[1])
    right = rewriter.compute("RESHAPE", [transpose.operands[0], sizes], op, reshape.result, tuple(shape))
    return rewriter.replace_with_new(
        op,
        "BATCH_MATMUL",
        [op.operands[0], right],
        [transpose, reshape],
        adj_x=adjoint(op, "adj_x"),
        adj_y=not adjoint(op, "adj_y"),
    )


@optimize_pass_cc(
    "TRANSPOSE",
    since=(2, 15),
    before=lambda n: n.transpose(
        n.reshape(
            n.op(
                "BatchMatMulV3",
                n.op("Exp", x := n.x(8, 8)),
                n.reshape(n.transpose(n.op("Elu", n.reshape(x, 1, 8, 8)), 2, 0, 1), 8, 8),
            ),
            8,
            1,
            8,
        ),
        1,
        2,
        0,
    ),
    after="EXP(float) RESHAPE ELU(float) BATCH_MATMUL(float)",
)
def fuse_reshape_and_transpose_around_batch_matmul(rewriter: Rewriter, op: Operation) -> bool:
    """A product whose right side and result are turned around a dimension of 1 is that of the two exchanged."""
    behind = producers(op.operands[0], "RESHAPE", "BATCH_MATMUL")
    front = producers(behind[1].operands[1], "RESHAPE", "TRANSPOSE") if behind is not None else None
    if behind is None or front is None:
        return False
    (after, product), (before, turned) = behind, front
    values = (after.result, product.result, before.result, turned.result, turned.operands[0])
    if not all(map(static, values)) or not (_has_one(product, after) and _has_one(before, turned)):
        return False
    if axes_of(op.operands[1]) != [1, 2, 0] or adjoint(product, "adj_y"):
        return False
    if rank(turned.result) < 3 or axes_of(turned.operands[1]) != [*range(2, rank(turned.result)), 0, 1]:
        return False
    first, second, *rest = sizes_of(turned.operands[0])
    shape = (first, second, prod(rest))
    sizes = rewriter.integers(shape, before.operands[1])
    left = rewriter.compute("RESHAPE", [turned.operands[0], sizes], op, turned.operands[0], shape)
    return rewriter.replace_with_new(
        op,
        "BATCH_MATMUL",
        [left, product.operands[0]],
        [turned, before, product, after],
        attrs_of=product,
        adj_x=False,
        adj_y=not adjoint(product, "adj_x"),
    )


def _has_one(matrix: Operation, other: Operation) -> bool:
    """Whether `other` is the matrix with a dimension of 1 in front of the last one."""
    flat, shape = sizes_of(matrix.result), sizes_of(other.result)
    return len(flat) == 2 and len(shape) > 1 and flat[-1] == shape[-1] and shape[-2] == 1
