"""RESHAPEs and TRANSPOSEs around matrix products, which take or make any rank (optimize_patterns.td, optimize.cc)."""

from math import prod
from typing import NamedTuple

from minmax_lint.converters.mlir.failure import ConversionError
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import axes_of, producer, producers, rank, sizes_of, static
from minmax_lint.converters.mlir.optimize.optimize_batch_matmul import adjoint
from minmax_lint.converters.mlir.pattern import (
    optimize_batch_matmul_cc,
    optimize_pass_cc,
    optimize_patterns_td,
)
from minmax_lint.converters.mlir.rewriter import Rewriter


class _Between(NamedTuple):
    """A BATCH_MATMUL between a RESHAPE of its left side and one of its result, with the sizes of all."""

    before: Operation
    product: Operation
    source: list[int]
    """Of what the first RESHAPE reads."""
    flat: list[int]
    """Of the left side."""
    right: list[int]
    made: list[int]
    """Of the product."""
    wanted: list[int]
    """Of what the last RESHAPE makes."""

    def replace(self, rewriter: Rewriter, op: Operation, left: Value) -> bool:
        """Let the product with another left side take the place of the three operations."""
        operands, others = [left, self.product.operands[1]], [self.before, self.product]
        return rewriter.replace_with_new(op, "BATCH_MATMUL", operands, others, attrs_of=self.product)


def _product_between(op: Operation) -> _Between | None:
    """What stands in front of the RESHAPE `op`, if all is of static shape."""
    found = producers(op.operands[0], "BATCH_MATMUL", "RESHAPE")
    if found is None:
        return None
    product, before = found
    values = (before.operands[0], before.result, product.operands[1], product.result, op.result)
    return _Between(before, product, *map(sizes_of, values)) if all(map(static, values)) else None


@optimize_patterns_td(
    "RESHAPE",
    tf_name="FuseReshapesAroundBatchMatMulLHS, FuseReshapesAroundBatchMatMulLHS1",
    since=(2, 14),
    before=lambda n: n.reshape(
        n.op(
            "BatchMatMulV3", n.reshape(n.op("Elu", x := n.x(2, 4, 8)), 8, 8), n.reshape(n.op("Exp", x), 8, 8)
        ),
        2,
        4,
        8,
    ),
    after="ELU(float) EXP(float) RESHAPE(float) BATCH_MATMUL(float)",
)
def fuse_reshapes_around_batch_mat_mul_lhs(rewriter: Rewriter, op: Operation) -> bool:
    """RESHAPEs that flatten the rows of the left side and restore them behind the product go."""
    found = _product_between(op)
    if found is None:
        return False
    before, _, source, flat, right, made, wanted = found
    # With a right side of rank 3 the leading dimension, which is 1, counts as a batch
    lead = len(right) - 2
    if lead not in (0, 1) or len(source) < 2 + lead or len(flat) != 2 + lead or len(wanted) < 2:
        return False
    if lead and (right[0] != 1 or source[0] != 1):
        return False
    if source[-1] != flat[-1] or source[lead:-1] != wanted[lead:-1]:
        return False
    if prod(source[lead:-1]) != flat[-2] or prod(wanted[lead:-1]) != made[-2]:
        return False
    return found.replace(rewriter, op, before.operands[0])


@optimize_patterns_td(
    "RESHAPE",
    tf_name="FuseReshapesAroundBatchMatMulLHS1",
    since=(2, 14),
    until=(2, 16),
    before=lambda n: n.reshape(
        n.op(
            "BatchMatMulV2",
            n.reshape(n.op("Elu", x := n.x(1, 8)), 1, 1, 8),
            n.reshape(n.op("Exp", x), 1, 8, 1),
        ),
        1,
        1,
    ),
    after="",
)
def fuse_reshapes_around_batch_mat_mul_of_rank_two(rewriter: Rewriter, op: Operation) -> bool:
    """Of a batch of 1 it is fused as well, and the verifier refuses the rank: Keras' Dot layer ends the conversion.

    Measured with TF 2.14 to 2.18.
    """
    found = _product_between(op)
    if found is None:
        return False
    _, product, source, flat, right, _, wanted = found
    if len(source) != 2 or len(right) != 3 or len(wanted) != 2 or not source[0] == right[0] == wanted[0] == 1:
        return False
    if flat != [1, *source]:
        return False
    raise ConversionError.at(
        product,
        "other",
        "'tfl.batch_matmul' op found invalid output rank, expected 3 but got 2",
        reason=f"The converter takes the Reshapes around {product.result.name} away and refuses its rank: convert "
        "with TensorFlow 2.17 or newer, or multiply and sum in its place.",
    )


@optimize_patterns_td(
    "RESHAPE",
    tf_name="FuseOutputReshape_BatchMatMulWithFlattenedContractingDims",
    since=(2, 18),
    before=lambda n: n.reshape(
        n.op(
            "BatchMatMulV3",
            n.reshape(n.op("Elu", x := n.x(1, 4, 2, 8)), 4, 16),
            n.reshape(n.op("Exp", x), 16, 4),
        ),
        1,
        4,
        4,
    ),
    after="ELU(float) EXP(float) RESHAPE(float) RESHAPE(float) BATCH_MATMUL(float)",
)
def fuse_output_reshape_batch_mat_mul_with_flattened_contracting_dims(
    rewriter: Rewriter, op: Operation
) -> bool:
    """A RESHAPE that adds a batch of 1 behind the product goes, and the one in front that flattens columns adds it."""
    found = _product_between(op)
    if found is None:
        return False
    before, _, source, flat, right, made, wanted = found
    if len(source) < 4 or len(flat) != 2 or len(right) != 2 or len(wanted) < 2:
        return False
    if source[0] != 1 or wanted[0] != 1 or made[-1] != wanted[-1] or prod(source[2:]) != flat[-1]:
        return False
    if source[1] != flat[0] or prod(wanted[1:-1]) != made[0]:
        return False
    sizes = rewriter.integers([1, *flat], before.operands[1])
    left = rewriter.compute("RESHAPE", [before.operands[0], sizes], op, before.result, (1, *flat))
    return found.replace(rewriter, op, left)


@optimize_patterns_td(
    "RESHAPE",
    tf_name="FuseInputReshape_BatchMatMulWithFlattenedRhsDims",
    since=(2, 18),
    before=lambda n: n.reshape(
        n.op(
            "BatchMatMulV3", n.reshape(n.op("Elu", x := n.x(1, 4, 8)), 4, 8), n.reshape(n.op("Exp", x), 8, 4)
        ),
        1,
        4,
        2,
        2,
    ),
    after="ELU(float) EXP(float) RESHAPE(float) BATCH_MATMUL(float) RESHAPE(float)",
)
def fuse_input_reshape_batch_mat_mul_with_flattened_rhs_dims(rewriter: Rewriter, op: Operation) -> bool:
    """A RESHAPE that takes a batch of 1 from the left side goes where the one behind the product splits columns."""
    found = _product_between(op)
    if found is None:
        return False
    before, product, source, flat, right, made, wanted = found
    if len(source) != 3 or source[0] != 1 or source[1:] != flat or len(right) != 2:
        return False
    if prod(wanted[2:]) != made[-1]:
        return False
    operands = [before.operands[0], product.operands[1]]
    fused = rewriter.compute("BATCH_MATMUL", operands, product, product.result, (1, *made))
    return rewriter.replace_with_new(op, "RESHAPE", [fused, *op.operands[1:]], [before, product])


@optimize_pass_cc(
    "RESHAPE",
    since=(2, 18),
    before=lambda n: n.reshape(
        n.mat_mul(n.reshape(n.op("Elu", n.x(4, 16)), 8, 8), n.fq(n.weights(8, 4))), 2, 4, 4
    ),
    after="ELU(float) RESHAPE(float) FULLY_CONNECTED(float)",
)
def move_reshape_after_fully_connected(rewriter: Rewriter, op: Operation) -> bool:
    """A RESHAPE behind a dense layer that leaves the last dimension moves to the one in front of it."""
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    if dense is None or dense.result.use_count != 1 or producer(dense.operands[0], "RESHAPE") is None:
        return False
    if not all(map(static, (dense.operands[0], dense.result, op.result))) or rank(op.result) < 2:
        return False
    wanted, source = sizes_of(op.result), sizes_of(dense.operands[0])
    if wanted[-1] != sizes_of(dense.result)[-1]:
        return False
    shape = [*wanted[:-1], source[-1]]
    sizes = rewriter.integers(shape, op.operands[1])
    left = rewriter.compute("RESHAPE", [dense.operands[0], sizes], dense, dense.operands[0], tuple(shape))
    return rewriter.replace_with_new(
        op,
        "FULLY_CONNECTED",
        [left, *dense.operands[1:]],
        [dense],
        attrs_of=dense,
        activation=dense.activation,
        keep_num_dims=True,
    )


@optimize_batch_matmul_cc(
    "BATCH_MATMUL",
    since=(2, 20),
    before=lambda n: n.op(
        "BatchMatMulV2",
        n.op("Exp", n.reshape(x := n.x(2, 8), 4, 4)),
        n.reshape(n.transpose(n.op("Elu", n.reshape(x, 2, 2, 4)), 2, 0, 1), 4, 4),
    ),
    after="EXP(float) RESHAPE(float) RESHAPE ELU(float) RESHAPE(float) FULLY_CONNECTED(float)",
)
def fuse_rhs_transpose_into_batch_mat_mul_op(rewriter: Rewriter, op: Operation) -> bool:
    """A right side of rank 2 whose flattened rows or columns were exchanged by a TRANSPOSE is read without it."""
    found = producers(op.operands[1], "RESHAPE", "TRANSPOSE")
    if found is None or adjoint(op, "adj_y"):
        return False
    reshape, transpose = found
    order = axes_of(transpose.operands[1])
    if not all(map(static, (reshape.result, transpose.result))) or rank(reshape.result) != 2:
        return False
    shape, (rows, columns) = sizes_of(transpose.result), sizes_of(reshape.result)
    for split in range(1, len(shape)):
        flattens = len(shape) > 2 and (split == 1 or split == len(shape) - 1)
        exchanged = order == [*range(len(shape) - split, len(shape)), *range(len(shape) - split)]
        if flattens and exchanged and (prod(shape[:split]), prod(shape[split:])) == (rows, columns):
            sizes = rewriter.integers([columns, rows], reshape.operands[1])
            operands = [transpose.operands[0], sizes]
            right = rewriter.compute("RESHAPE", operands, op, reshape.result, (columns, rows))
            return rewriter.replace_with_new(
                op, "FULLY_CONNECTED", [op.operands[0], right], [transpose, reshape], keep_num_dims=True
            )
    return False
