"""Sums, products and matrix products that a simpler operation replaces (optimize.cc, optimize_patterns.td)."""

from math import prod

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.ir import Operation
from minmax_lint.converters.mlir.matchers import (
    all_equal,
    axes_of,
    is_constant,
    is_number,
    number,
    producer,
    rank,
    same_dimensions,
    same_type,
    static,
)
from minmax_lint.converters.mlir.optimize.logical import CONDITION_FOLDS
from minmax_lint.converters.mlir.pattern import operation_cpp, optimize_patterns_td, tfl_ops_cc
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.graph.dtype import DType, float32
from minmax_lint.graph.tensor import Tensor
from minmax_lint.inference.shape_arithmetic import broadcast


def _two_dense_layers(n: Net) -> str:
    first = n.op("BiasAdd", n.mat_mul(n.op("Elu", n.x()), n.fq(n.weights(8, 4))), n.c(0.5, 0.25, shape=[4]))
    return n.op("BiasAdd", n.mat_mul(first, n.fq(n.weights(4, 4))), n.c(0.5, 0.25, shape=[4]))


@tfl_ops_cc(
    "FULLY_CONNECTED",
    tf_name="FullyConnectedOp::fold",
    until=(2, 20),
    before=_two_dense_layers,
    after="ELU(float) FULLY_CONNECTED(float) FULLY_CONNECTED(float)",
)
def fold_fully_connected_of_a_vector(rewriter: Rewriter, op: Operation) -> bool:
    """A product of a constant vector is one, such as the bias that moves into the next dense layer."""
    return rank(op.operands[0]) == 1 and rewriter.fold_constants(op)


@tfl_ops_cc(
    "FULLY_CONNECTED",
    tf_name="FullyConnectedOp::fold",
    since=(2, 21),
    before=lambda n: n.op(
        "AddV2", n.op("Exp", n.x(2, 4)), n.mat_mul(n.fq(n.weights(2, 8)), n.fq(n.weights(8, 4)))
    ),
    after="EXP(float) ADD(float)",
)
def fold_fully_connected(rewriter: Rewriter, op: Operation) -> bool:
    """A product of constant matrices is one as well."""
    return rewriter.fold_constants(op)


@tfl_ops_cc(
    *("ADD", "DIV", "MUL", "SUB"),
    tf_name="AddOp::fold, DivOp::fold, MulOp::fold, SubOp::fold",
    before=lambda n: n.op(
        "AddV2", n.op("Exp", n.x()), n.op("Mul", n.fq(n.c(0.5, 0.25, shape=[8])), n.fq(n.c(0.75, shape=[8])))
    ),
    after="EXP(float) ADD(float)",
)
def fold_arithmetic(rewriter: Rewriter, op: Operation) -> bool:
    """What is computed from constants is one: FakeQuants of constants that only float operations read leave these."""
    return rewriter.fold_constants(op)


@tfl_ops_cc(
    *("ABS", "COS", "LOG", "NEG", "RSQRT", "SIN", "SQRT", "SQUARE"),
    tf_name="AbsOp::fold, CosOp::fold, LogOp::fold, NegOp::fold, RsqrtOp::fold, SinOp::fold, SqrtOp::fold, "
    "SquareOp::fold",
    before=lambda n: n.op("AddV2", n.op("Exp", n.x()), n.op("Log", n.fq(n.c(0.5, 0.25, shape=[8])))),
    after="EXP(float) ADD(float)",
)
def fold_function(rewriter: Rewriter, op: Operation) -> bool:
    """So is a function of floats, but not of integers (2.15, 2.18 and 2.21 measured)."""
    return op.operands[0].dtype is DType.FLOAT and rewriter.fold_constants(op)


@tfl_ops_cc(
    "SUM",
    tf_name="SumOp::fold",
    since=(2, 19),
    before=lambda n: n.op("AddV2", n.op("Exp", n.x()), n.sum(n.fq(n.c(0.5, 0.25, shape=[8])))),
    after="EXP(float) ADD(float)",
)
def fold_sum(rewriter: Rewriter, op: Operation) -> bool:
    """A sum of constants is one."""
    return rewriter.fold_constants(op)


@tfl_ops_cc(
    *("EXP", "FLOOR", "MAXIMUM", "MINIMUM", "POW", "RELU", "REVERSE_V2"),
    tf_name="ExpOp::fold, FloorOp::fold, MaximumOp::fold, MinimumOp::fold, PowOp::fold, ReluOp::fold, "
    "ReverseV2Op::fold",
    since=(2, 18),
    before=lambda n: n.op("AddV2", n.op("Exp", n.x()), n.op("Exp", n.fq(n.c(0.5, 0.25, shape=[8])))),
    after="EXP(float) ADD(float)",
)
def fold_exp_and_extrema(rewriter: Rewriter, op: Operation) -> bool:
    """These fold later (2.15, 2.18 and 2.21 measured)."""
    return rewriter.fold_constants(op)


@tfl_ops_cc(
    "CEIL",
    tf_name="CeilOp::fold",
    since=(2, 21),
    before=lambda n: n.op("AddV2", n.op("Exp", n.x()), n.op("Ceil", n.fq(n.c(0.5, 0.25, shape=[8])))),
    after="EXP(float) ADD(float)",
)
def fold_ceil(rewriter: Rewriter, op: Operation) -> bool:
    """CEIL folds last (2.20 and 2.21 measured)."""
    return rewriter.fold_constants(op)


@tfl_ops_cc(
    *("ADD", "MUL", "SUB"),
    tf_name="AddOp::fold, MulOp::fold, SubOp::fold",
    since=(2, 18),
    before=lambda n: n.op(
        "AddV2",
        n.op("Sub", n.op("Abs", x := n.x()), n.fq(n.c(0.0))),
        n.op("Mul", n.op("Elu", x), n.c(0.0, shape=[1, 8])),
    ),
    after="ABS(float)",
)
def fold_zeros(rewriter: Rewriter, op: Operation) -> bool:
    """What is multiplied by zeros of its own type is zeros; what zeros are added to, or taken from, stays."""
    if op.activation:
        return False
    left, right = op.operands
    for value, other in ((left, right), (right, left)):
        if not is_constant(value) or (op.name == "SUB" and value is left) or not all_equal(value, 0.0):
            continue
        if op.name == "MUL" and same_type(value, op.result):
            return rewriter.replace(op, value)
        if op.name != "MUL" and same_dimensions(other, op.result) and other.scale == op.result.scale:
            return rewriter.replace(op, other)
    return False


@operation_cpp(
    *("ADD", "MUL"),
    tf_name="OpTrait::impl::foldCommutative()",
    before=lambda n: n.op("AddV2", n.fq(n.weights(4)), n.mat_mul(n.x(), n.weights())),
    after="FULLY_CONNECTED(float)",
)
def fold_commutative_operands(rewriter: Rewriter, op: Operation) -> bool:
    """A constant operand of a commutative operation comes second."""
    left, right = op.operands
    if not is_constant(left) or is_constant(right):
        return False
    for slot, value in enumerate((right, left)):
        rewriter.set_operand(op, slot, value)
    return True


FOLDS = (
    fold_fully_connected_of_a_vector,
    fold_fully_connected,
    fold_arithmetic,
    fold_function,
    fold_exp_and_extrema,
    *CONDITION_FOLDS,
    fold_ceil,
    fold_sum,
    fold_zeros,
)
"""What every pass folds; it matters from QuantizePass on, which makes constants of quantized ones."""


@optimize_patterns_td(
    "ADD",
    tf_name="ReorderAddToAllowConstFold_ActFunc",
    before=lambda n: n.op("AddV2", n.op("AddV2", n.x(), n.c(0.5)), n.c(0.25)),
    after="ADD(float)",
)
def reorder_add_to_allow_const_fold(rewriter: Rewriter, op: Operation) -> bool:
    """The sum x + a + b is x + (a + b)."""
    first = producer(op.operands[0], "ADD")
    if first is None or first.activation or first.result.use_count != 1:
        return False
    if not is_constant(first.operands[1]) or not is_constant(op.operands[1]):
        return False
    try:
        shape = broadcast(first.operands[1].shape, op.operands[1].shape)
    except ValueError:  # TensorFlow imports no such graph
        return False
    total = rewriter.constant(op.operands[1])
    total.shape = shape
    return rewriter.replace_with_new(op, "ADD", [first.operands[0], total], [first], activation=op.activation)


@optimize_patterns_td(
    "ADD",
    tf_name="AddComputedZeroLHS, AddComputedZeroRHS",
    since=(2, 20),
    before=lambda n: n.op(
        "Abs",
        n.op("AddV2", n.op("AddV2", zero := n.op("Sub", y := n.op("Elu", x := n.x()), y), x), zero),
    ),
    after="ABS(float)",
)
def add_computed_zero(rewriter: Rewriter, op: Operation) -> bool:
    """The sums (y - y) + x and x + (y - y) are x."""
    for zero, other in (op.operands, reversed(op.operands)):
        difference = producer(zero, "SUB")
        if difference is None or op.activation or difference.activation:
            continue
        if difference.operands[0] is difference.operands[1] and same_type(other, op.result):
            return rewriter.replace(op, other)
    return False


@optimize_patterns_td(
    "DIV", since=(2, 19), before=lambda n: n.op("L2Loss", n.x()), after="MUL(float) SUM(float) MUL(float)"
)
def real_div_with_f32_const_divisor(rewriter: Rewriter, op: Operation) -> bool:
    """What is divided by a constant is multiplied by its inverse."""
    left, right = op.operands
    if right.dtype is not DType.FLOAT or not is_constant(right):
        return False
    divisor, sizes = number(right), [1] * len(right.shape or ())
    known = Tensor.of(DType.FLOAT, sizes, [float32(1 / divisor)]) if divisor else None
    inverse = rewriter.constant(right, load=lambda: known)
    return rewriter.replace_with_new(op, "MUL", [left, inverse], activation=op.activation)


@optimize_patterns_td(
    "MUL",
    before=lambda n: n.fq(
        n.op("Mul", n.op("AddV2", n.conv(n.image(), n.fq(n.weights(3, 3, 4, 4))), n.c(0.5)), n.c(1.0))
    ),
    after="CONV_2D",
)
def optimize_mul1_to_identity(rewriter: Rewriter, op: Operation) -> bool:
    """What is multiplied by 1 stays."""
    if op.activation or not same_dimensions(op.operands[0], op.result) or not all_equal(op.operands[1], 1.0):
        return False
    return rewriter.replace(op, op.operands[0])


@optimize_patterns_td(
    "ZEROS_LIKE",
    tf_name="EliminateAddZerosLikeLHS, EliminateAddZerosLikeRHS, EliminateSubZerosLikeRHS, ConvertSubZerosLikeToNeg",
    since=(2, 22),
    before=lambda n: n.op(
        "Sub", n.op("ZerosLike", x := n.x()), n.op("AddV2", n.op("Elu", x), n.op("ZerosLike", x))
    ),
    after="ELU(float) NEG(float)",
)
def eliminate_zeros_like(rewriter: Rewriter, op: Operation) -> bool:
    """It goes from a sum or a difference of the other operand's type, whose activation is lost (measured)."""
    for reader in op.result.users:
        if reader.name not in ("ADD", "SUB"):
            continue
        left, right = reader.operands[:2]
        other = left if right is op.result else right
        if not same_dimensions(other, reader.result):
            continue
        if reader.name == "SUB" and other is right:
            return rewriter.replace_with_new(reader, "NEG", [other])
        return rewriter.replace(reader, other)
    return False


@optimize_patterns_td(
    "SUM",
    tf_name="FuseSumMulLhsIntoMean, FuseSumMulRhsIntoMean, FuseTflSumMulLhsIntoMean, FuseTflSumMulRhsIntoMean",
    since=(2, 22),
    before=lambda n: n.op("Mul", n.sum(n.op("Elu", n.x())), n.c(0.125)),
    after="ELU(float) MEAN(float)",
)
def fuse_sum_mul_into_mean(rewriter: Rewriter, op: Operation) -> bool:
    """A SUM times the inverse of the number of its terms is MEAN."""
    product, axes, shape = op.result.only_user, axes_of(op.operands[1]), op.operands[0].shape or ()
    if product is None or product.name != "MUL" or product.activation or not static(op.operands[0]):
        return False
    if axes is None or any(not -len(shape) <= axis < len(shape) for axis in axes):
        return False
    count = prod(shape[axis] or 0 for axis in axes)
    if not count or not is_number(product.operands[1], 1 / count):
        return False
    if not same_dimensions(op.result, product.result):
        return False
    return rewriter.replace_with_new(product, "MEAN", op.operands, [op], attrs_of=op)
