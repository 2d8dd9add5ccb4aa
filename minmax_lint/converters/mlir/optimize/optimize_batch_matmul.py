"""Transpositions that BATCH_MATMUL takes in; FULLY_CONNECTED in its place where its right side is a constant matrix.

Sources: optimize_batch_matmul.cc, optimize_patterns.td.
"""

from minmax_lint.converters.mlir.failure import ConversionError
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.legalize.lower.einsum import has_weights
from minmax_lint.converters.mlir.matchers import (
    all_equal,
    axes_of,
    constant_behind,
    is_constant,
    producer,
    producers,
    rank,
)
from minmax_lint.converters.mlir.pattern import (
    optimize_batch_matmul_cc,
    optimize_batch_matmul_td,
    optimize_patterns_td,
)
from minmax_lint.converters.mlir.rewriter import Rewriter


@optimize_batch_matmul_cc(
    "BATCH_MATMUL",
    tf_name="ConvertBatchMatMulOp2FullyConnectedOp",
    since=(2, 15),
    until=(2, 16),
    before=lambda n: n.fq(n.op("BatchMatMulV2", n.x(1, 2, 8), n.weights(8, 4))),
    after="FULLY_CONNECTED",
)
def convert_batch_mat_mul_op_to_fully_connected_op(rewriter: Rewriter, op: Operation) -> bool:
    """The product with a plain constant matrix is FULLY_CONNECTED."""
    return is_constant(op.operands[1]) and convert_batch_mat_mul_op_to_fully_connected_op_rank2_constant_rhs(
        rewriter, op
    )


@optimize_batch_matmul_cc(
    "BATCH_MATMUL",
    tf_name="ConvertBatchMatMulOp2FullyConnectedOp, ConvertBatchMatMulOp2FullyConnectedOp_Rank2ConstantRhs",
    since=(2, 17),
    before=lambda n: n.fq(n.op("BatchMatMulV2", n.x(1, 8, 2), n.fq(n.weights(4, 8)), adj_x=True, adj_y=True)),
    after="TRANSPOSE FULLY_CONNECTED",
)
def convert_batch_mat_mul_op_to_fully_connected_op_rank2_constant_rhs(
    rewriter: Rewriter, op: Operation
) -> bool:
    """The same where the matrix comes through a FakeQuant."""
    left, right = op.operands[:2]
    if not has_weights(right):
        return False
    if adjoint(op, "adj_x"):
        left = _transpose(rewriter, op, left)
    if not adjoint(op, "adj_y"):
        right = _transpose(rewriter, op, right)
    return rewriter.replace_with_new(op, "FULLY_CONNECTED", [left, right], keep_num_dims=True)


@optimize_batch_matmul_td(
    "BATCH_MATMUL",
    tf_name="FuseTransposeIntoBatchMatMulLHS",
    since=(2, 14),
    before=lambda n: n.op("BatchMatMulV2", n.transpose(n.op("Exp", x := n.x(1, 8, 8)), 0, 2, 1), x),
    after="EXP(float) BATCH_MATMUL(float)",
)
def fuse_transpose_into_batch_mat_mul_lhs(rewriter: Rewriter, op: Operation) -> bool:
    """A TRANSPOSE of the last two dimensions of the left side goes into the product."""
    return _take_transpose_in(rewriter, op, 0, "adj_x")


@optimize_batch_matmul_td(
    "BATCH_MATMUL",
    tf_name="FuseTransposeIntoBatchMatMulRHS, FuseTransposeIntoBatchMatMulRHSAdjY",
    since=(2, 14),
    lacking=((2, 16), (2, 17), (2, 18)),
    before=lambda n: n.op("BatchMatMulV2", x := n.x(1, 8, 8), n.transpose(n.op("Exp", x), 0, 2, 1)),
    after="EXP(float) BATCH_MATMUL(float)",
)
def fuse_transpose_into_batch_mat_mul_rhs(rewriter: Rewriter, op: Operation) -> bool:
    """The same of the right side, if it alone reads the TRANSPOSE; 2.16 to 2.18 leave it alone (measured)."""
    return op.operands[1].use_count == 1 and _take_transpose_in(rewriter, op, 1, "adj_y")


@optimize_batch_matmul_td(
    "FULLY_CONNECTED",
    tf_name="FuseTransposeFCRhsToBatchMatmul",
    since=(2, 14),
    before=lambda n: n.mat_mul(n.op("Elu", x := n.x(8, 8)), n.op("Exp", x)),
    after="ELU(float) EXP(float) BATCH_MATMUL(float)",
)
def fuse_transpose_fc_rhs_to_batch_matmul(rewriter: Rewriter, op: Operation) -> bool:
    """FULLY_CONNECTED with a TRANSPOSE of an activation for weights is BATCH_MATMUL of what was transposed.

    An activation that is fused already gets lost (2.21 measured). RESHAPEs of a vector to a row and back are gone by
    then, and BATCH_MATMUL takes no vector (2.18 and 2.21 measured).
    """
    left, right = op.operands[0], producer(op.operands[1], "TRANSPOSE")
    if right is None or len(op.operands) > 2 or not _flips(right):
        return False
    if constant_behind(right.operands[0]) is not None or rank(op.result) != rank(left):
        return False
    if rank(left) == 1:
        raise ConversionError.at(
            op,
            "other",
            "'tfl.batch_matmul' op failed to verify that operand 0 is 2-D",
            reason=f"The converter takes the Reshapes around {op.result.name} away and refuses to multiply a vector "
            "by a matrix: leave the product a row, or give the matrix transposed.",
        )
    return rewriter.replace_with_new(
        op, "BATCH_MATMUL", [left, right.operands[0]], [right], adj_x=False, adj_y=False
    )


@optimize_patterns_td(
    "TRANSPOSE",
    since=(2, 15),
    before=lambda n: n.transpose(
        n.op("BatchMatMulV2", n.op("Elu", x := n.x(2, 4, 8)), n.op("Exp", x), adj_y=True), 0, 2, 1
    ),
    after="ELU(float) EXP(float) BATCH_MATMUL(float)",
)
def fuse_transpose_after_batch_matmul(rewriter: Rewriter, op: Operation) -> bool:
    """A TRANSPOSE of the last two dimensions of x * y^T is y * x^T."""
    product = producer(op.operands[0], "BATCH_MATMUL")
    if product is None or not _flips(op) or adjoint(product, "adj_x") or not adjoint(product, "adj_y"):
        return False
    return rewriter.replace_with_new(
        op, "BATCH_MATMUL", product.operands[::-1], [product], adj_x=False, adj_y=True
    )


@optimize_batch_matmul_cc(
    "BATCH_MATMUL",
    since=(2, 17),
    before=lambda n: n.op("BatchMatMulV2", n.c(1.0, shape=[1, 1, 8]), n.op("Elu", n.x(1, 8, 4))),
    after="ELU(float) SUM(float)",
)
def convert_batch_mat_mul_op_to_reduce_sum(rewriter: Rewriter, op: Operation) -> bool:
    """The product of a row of ones and a matrix is the SUM of its columns."""
    ones, matrix = op.operands[:2]
    if not all_equal(ones, 1.0) or not ones.shape or matrix.shape is None:
        return False
    flipped = adjoint(op, "adj_x")
    if ones.shape[-1 if flipped else -2] != 1:
        return False
    axis = rewriter.integers([len(matrix.shape) - (1 if flipped else 2)], matrix)
    return rewriter.replace_with_new(op, "SUM", [matrix, axis], keep_dims=True)


@optimize_batch_matmul_td(
    "BATCH_MATMUL",
    tf_name="FuseTransposeFCLhsToBatchMatmul",
    since=(2, 15),
    before=lambda n: n.op(
        "BatchMatMulV3",
        n.mat_mul(n.op("Elu", x := n.x(8, 8)), n.op("Exp", x), a=True, b=True),
        n.op("Cos", x),
        adj_x=True,
    ),
    after="COS(float) ELU(float) EXP(float) BATCH_MATMUL(float) BATCH_MATMUL(float)",
)
def fuse_transpose_fc_lhs_to_batch_matmul(rewriter: Rewriter, op: Operation) -> bool:
    """The transposed dense layer of a TRANSPOSE is the product of the two exchanged."""
    found = producers(op.operands[0], "FULLY_CONNECTED", "TRANSPOSE")
    if found is None or not adjoint(op, "adj_x"):
        return False
    dense, turned = found
    if len(dense.operands) > 2 or not _flips(turned):
        return False
    shape = dense.result.shape or ()
    flipped = (*shape[:-2], *shape[:-3:-1])
    operands = [dense.operands[1], turned.operands[0]]
    inner = rewriter.compute("BATCH_MATMUL", operands, op, dense.result, flipped)
    if inner.op is not None:
        inner.op.attrs = {**op.attrs, "adj_x": False, "adj_y": False}
    return rewriter.replace_with_new(
        op, "BATCH_MATMUL", [inner, op.operands[1]], [dense, turned], adj_x=False, adj_y=adjoint(op, "adj_y")
    )


def _take_transpose_in(rewriter: Rewriter, op: Operation, slot: int, name: str) -> bool:
    transpose = producer(op.operands[slot], "TRANSPOSE")
    if transpose is None or adjoint(op, name) or not _flips(transpose):
        return False
    op.attrs = {**op.attrs, name: True}
    return rewriter.take_in(op, slot, transpose)


def adjoint(op: Operation, name: str) -> bool:
    """Whether an operand is read transposed: `adj_x` or `adj_y`."""
    return bool(op.attrs.get(name, op.attrs["node"].flag(name)))


def _flips(transpose: Operation) -> bool:
    order = axes_of(transpose.operands[1])
    if order is None or len(order) < 2:
        return False
    *others, last = range(len(order))
    return order == [*others[:-1], last, others[-1]]


def _transpose(rewriter: Rewriter, op: Operation, value: Value) -> Value:
    """`value` with its last two dimensions exchanged."""
    shape = value.shape
    flipped = None if shape is None else (*shape[:-2], shape[-1], shape[-2])
    if is_constant(value):
        return rewriter.constant(value, flipped)
    axes = list(range(rank(value)))
    axes[-2:] = reversed(axes[-2:])
    return rewriter.compute("TRANSPOSE", [value, rewriter.integers(axes, value)], op, value, flipped)
