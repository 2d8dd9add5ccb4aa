"""Arithmetic that goes into the dense layer in front of it or behind it (optimize.cc)."""

from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import (
    constant_behind,
    is_constant,
    padding_of,
    producer,
    quantize_of,
    rank,
    same_dimensions,
)
from minmax_lint.converters.mlir.pattern import optimize_cc, optimize_pass_cc
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.graph.dtype import DType
from minmax_lint.inference.shape_arithmetic import elements


@optimize_cc(
    "ADD",
    since=(2, 16),
    before=lambda n: n.fq(
        n.op("AddV2", n.mat_mul(n.x(), n.fq(n.weights(8, 4))), n.fq(n.c(0.5, 0.25, 0.5, 0.25)))
    ),
    after="FULLY_CONNECTED",
)
def fuse_fully_connected_and_add(rewriter: Rewriter, op: Operation) -> bool:
    """ADD of a constant vector or scalar (or its FakeQuant) becomes the bias of the layer it alone reads."""
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    return dense is not None and dense.result.use_count == 1 and _add(rewriter, op, dense)


@optimize_cc(
    "ADD",
    tf_name="FuseFullyConnectedAndAdd",
    until=(2, 19),
    before=lambda n: n.op(
        "AddV2",
        n.op("AddV2", d := n.mat_mul(n.x(), n.fq(n.weights(8, 4))), n.c(0.5, 0.25, 0.5, 0.25)),
        n.op("Elu", d),
    ),
    after="FULLY_CONNECTED(float) FULLY_CONNECTED(float) ELU(float) ADD(float)",
)
def fuse_shared_fully_connected_and_add(rewriter: Rewriter, op: Operation) -> bool:
    """The same whatever else reads the layer, of which there are two then; without FakeQuants."""
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    if dense is None or not is_constant(op.operands[1]) or not all(map(is_constant, dense.operands[2:])):
        return False
    if rank(op.operands[1]) == 0 and len(dense.operands) == 2 and _rank_is_lost(dense.operands[1]):
        return False
    return _add(rewriter, op, dense)


def _add(rewriter: Rewriter, op: Operation, dense: Operation) -> bool:
    added, biases = op.operands[1], dense.operands[2:]
    if dense.activation or rank(added) > 1 or any(constant_behind(v) is None for v in (added, *biases)):
        return False
    if rank(added) == 0 and not biases and rank(dense.operands[1]) != 2:
        return False
    bias = added if not biases and rank(added) == 1 else rewriter.constant(biases[0] if biases else added)
    return rewriter.replace_with_new(
        op, "FULLY_CONNECTED", [*dense.operands[:2], bias], [dense], attrs_of=dense, activation=op.activation
    )


def _rank_is_lost(weights: Value) -> bool:
    """Whether a TRANSPOSE was moved in front of the FakeQuant of these weights: its type has no shape then."""
    quantize = quantize_of(weights)
    return quantize is not None and bool(quantize.attrs.get("moved"))


@optimize_cc(
    "MUL",
    since=(2, 16),
    before=lambda n: n.op("Mul", n.mat_mul(n.x(), n.weights(8, 4)), n.c(0.5)),
    after="FULLY_CONNECTED(float)",
)
def fuse_fully_connected_and_mul(rewriter: Rewriter, op: Operation) -> bool:
    """MUL by a constant goes into constant weights that have no FakeQuant where it alone reads the layer."""
    return _fuse_fully_connected_and_mul(rewriter, op)


def _fuse_fully_connected_and_mul(rewriter: Rewriter, op: Operation, *, single: bool = True) -> bool:
    """MUL by a constant goes into plain constant weights, if `single` only where it alone reads the layer."""
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    factor = op.operands[1]
    if dense is None or dense.activation or not is_constant(factor):
        return False
    if single and dense.result.use_count != 1:
        return False
    if not same_dimensions(op.operands[0], op.result) or not is_constant(dense.operands[1]):
        return False
    if len(dense.operands) > 2 and not is_constant(dense.operands[2]):
        return False
    if any(size != 1 for size in (factor.shape or ())[:-1]):
        return False
    operands = [dense.operands[0], *(rewriter.constant(value) for value in dense.operands[1:])]
    return rewriter.replace_with_new(
        op, "FULLY_CONNECTED", operands, [dense], attrs_of=dense, activation=op.activation
    )


@optimize_cc(
    "MUL",
    tf_name="FuseFullyConnectedAndMul",
    until=(2, 15),
    before=lambda n: n.op(
        "AddV2", n.op("Mul", d := n.mat_mul(n.x(), n.weights(8, 4)), n.c(0.5)), n.op("Elu", d)
    ),
    after="FULLY_CONNECTED(float) ELU(float) FULLY_CONNECTED(float) ADD(float)",
)
def fuse_shared_fully_connected_and_mul(rewriter: Rewriter, op: Operation) -> bool:
    """The same whatever else reads the layer, of which there are two then."""
    return _fuse_fully_connected_and_mul(rewriter, op, single=False)


@optimize_cc(
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    before=lambda n: n.mat_mul(n.op("Mul", n.x(), n.c(0.5)), n.weights(8, 4)),
    after="FULLY_CONNECTED(float)",
)
def fuse_binary_op_to_following_affine_op(rewriter: Rewriter, op: Operation) -> bool:
    """ADD, SUB, MUL or DIV by a scalar in front of a layer of constant weights goes into these."""
    binary = op.operands[0].op
    if binary is None or binary.name not in ("ADD", "SUB", "MUL", "DIV") or binary.activation:
        return False
    if not is_constant(binary.operands[1]) or elements(binary.operands[1].shape or ()) != 1:
        return False
    if binary.operands[1].dtype is not DType.FLOAT or constant_behind(op.operands[1]) is None:
        return False
    if len(op.operands) > 2 and not is_constant(op.operands[2]):
        return False
    if binary.name in ("ADD", "SUB"):
        if op.name != "FULLY_CONNECTED" and padding_of(op) != "VALID":
            return False
        bias = rewriter.constant(binary.operands[1])
        if len(op.operands) > 2:
            rewriter.set_operand(op, 2, bias)
        else:
            op.add_operand(bias)
    elif is_constant(op.operands[1]):
        rewriter.set_operand(op, 1, rewriter.constant(op.operands[1]))
    return rewriter.take_in(op, 0, binary)


@optimize_cc(
    "FULLY_CONNECTED",
    tf_name="FuseAddAndFullyConnected, FuseMulAndFullyConnected",
    since=(2, 21),
    before=lambda n: n.mat_mul(n.op("Mul", n.x(), n.c(0.5, 0.25, shape=[8])), n.weights(8, 4)),
    after="FULLY_CONNECTED(float)",
)
def fuse_binary_and_fully_connected_of_constants(rewriter: Rewriter, op: Operation) -> bool:
    """MUL or ADD of a constant vector in front of a dense layer of plain constant weights.

    A vector behind a FakeQuant is no constant until the quantization folds the FakeQuant away (measured).
    """
    binary = op.operands[0].op
    constants = (
        is_constant(op.operands[1]) and binary is not None and all(map(is_constant, binary.operands[1:]))
    )
    return constants and fuse_binary_and_fully_connected(rewriter, op)


@optimize_cc(
    "FULLY_CONNECTED",
    tf_name="FuseAddAndFullyConnected, FuseMulAndFullyConnected",
    until=(2, 20),
    before=lambda n: n.fq(
        n.op(
            "BiasAdd",
            n.mat_mul(n.op("AddV2", n.x(), n.c(0.5, 0.25, shape=[8])), n.fq(n.weights(8, 4))),
            n.c(0.5, 0.25, shape=[4]),
        )
    ),
    after="",
)
def fuse_binary_and_fully_connected(rewriter: Rewriter, op: Operation) -> bool:
    """The same with weights of any kind: what is not constant is computed by one operation more."""
    binary = op.operands[0].op
    if binary is None or binary.name not in ("ADD", "MUL") or binary.activation:
        return False
    vector = binary.operands[1]
    if vector.shape is None or len(vector.shape) != 1 or None in vector.shape:
        return False
    slot = 2 if binary.name == "ADD" else 1
    if slot >= len(op.operands):
        return False
    parts = [vector, *op.operands[1:]] if binary.name == "ADD" else [op.operands[1], vector]
    if not all(part.real for part in parts):
        return False
    if all(map(is_constant, parts)):
        value = rewriter.constant(op.operands[slot])
    else:
        name = "FULLY_CONNECTED" if binary.name == "ADD" else "MUL"
        value = rewriter.compute(name, parts, op, op.operands[slot])
    rewriter.set_operand(op, slot, value)
    return rewriter.take_in(op, 0, binary)


@optimize_pass_cc(
    "FULLY_CONNECTED",
    tf_name="FullyConnectedSwapOperandsWhenLHSIsConst",
    since=(2, 20),
    before=lambda n: n.fq(n.mat_mul(n.weights(4, 8), n.op("Elu", n.x(8, 8)), b=True)),
    after="ELU(float) FULLY_CONNECTED(float) TRANSPOSE",
)
def fully_connected_swap_operands_when_lhs_is_const(rewriter: Rewriter, op: Operation) -> bool:
    """The product of a constant matrix and an activation is that of the two exchanged, transposed."""
    left, right = op.operands[:2]
    if len(op.operands) > 2 or not is_constant(left) or is_constant(right) or op.result.shape is None:
        return False
    if rank(left) != 2 or rank(right) != 2:
        return False
    product = rewriter.compute("FULLY_CONNECTED", [right, left], op, op.result, op.result.shape[::-1])
    if product.op is not None:
        product.op.activation = op.activation
    order = rewriter.integers([1, 0], right)
    return rewriter.replace_with_new(op, "TRANSPOSE", [product, order])
