"""Sums, products and negations, as TensorFlow's dialect folds and canonicalizes them (tf_ops_a_m.cc, canonicalize.td).

A rule returns None where it does not apply: the next one of the op is asked, and behind the last the op is legalized.
"""

import math

from minmax_lint.converters.mlir.behaviours import DIV_WITH_CONST_DIVISOR, FOLDS_OPEN_BATCHES
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED, REMOVED
from minmax_lint.converters.mlir.matchers import all_equal, constant_tensor, is_constant, producer
from minmax_lint.converters.mlir.pattern import (
    canonicalize_td,
    operation_cpp,
    tf_arith_ops_folder_h,
    tf_ops_a_m_cc,
)
from minmax_lint.graph.dtype import DType, float32
from minmax_lint.graph.graph import reached
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import Kept


@operation_cpp(
    *("Neg", "Reciprocal"),
    tf_name="OpTrait::impl::foldInvolution()",
    before=lambda n: n.fq(n.op("Neg", n.op("Neg", n.op("Relu", n.x())))),
    after="RELU",
)
def fold_involution(importer: Importer, node: Node) -> Value | None:
    """The negation of a negation is nothing, nor is the inverse of an inverse."""
    value = importer.operand(node)
    if node.op == "Neg":
        return negated_value(value)
    inverse = producer(value, "DIV")
    if inverse is None or inverse.node is None or inverse.node.op != "Reciprocal":
        return None
    return inverse.operands[1]


def negated_value(value: Value) -> Value | None:
    """What `value` is the negation of."""
    negation = producer(value, "NEG")
    return negation.operands[0] if negation is not None else None


@canonicalize_td(
    *("Add", "AddV2"),
    tf_name="AddV2OfNegLeft, AddV2OfNegRight",
    before=lambda n: n.fq(n.op("AddV2", x := n.x(), n.op("Neg", n.fq(n.op("Relu", x))))),
    after="RELU SUB",
)
def add_v2_of_neg(importer: Importer, node: Node) -> Value | None:
    """A sum with a negation is a difference."""
    left, right = importer.ordered_inputs(node)
    if not _is_neutral(importer, node, 0.0, left, right):
        for one, other in ((right, left), (left, right)):
            inner = negated_value(other)
            if inner is not None:
                return importer.add("SUB", node, [one, inner])
    return None


@canonicalize_td(
    "Sub",
    before=lambda n: n.fq(n.op("Sub", x := n.x(), n.op("Neg", n.fq(n.op("Relu", x))))),
    after="RELU ADD",
)
def sub_of_neg(importer: Importer, node: Node) -> Value | None:
    """The difference to a negation is a sum; of two negations it is the opposite difference."""
    left, right = importer.inputs(node)[:2]
    inner, opposite = negated_value(right), negated_value(left)
    if inner is None:
        return None
    if opposite is not None:
        return importer.add("SUB", node, [inner, opposite])
    return importer.add("ADD", node, [left, inner])


@tf_arith_ops_folder_h(
    *("Add", "AddV2", "BiasAdd", "BiasAddV1", "Mul", "Sub"),
    tf_name="foldIdentityArithmetic()",
    before=lambda n: n.fq(n.op("AddV2", n.op("Relu", n.x()), n.c(0.0))),
    after="RELU",
)
def fold_identity_arithmetic(importer: Importer, node: Node) -> Value:
    """A sum with 0 and a product with 1 are nothing; a constant comes second."""
    name = LEGALIZED.get(node.op, "ADD")
    left, right = importer.inputs(node)[:2] if name == "SUB" else importer.ordered_inputs(node)
    return unless_neutral(importer, node, name, 1.0 if name == "MUL" else 0.0, left, right)


def unless_neutral(
    importer: Importer, node: Node, name: str, neutral: float, left: Value, right: Value
) -> Value:
    """An arithmetic op that goes where a constant right side changes nothing (foldIdentityArithmetic)."""
    if _is_neutral(importer, node, neutral, left, right):
        return left
    return importer.add(name, node, [left, right])


def _is_neutral(importer: Importer, node: Node, neutral: float, left: Value, right: Value) -> bool:
    """Whether the op folds to its left side; folds come before patterns, such as that of a sum with a negation."""
    shape = importer.inference.shape(node.name)
    if shape is None or left.shape != shape or left.dtype is not DType.FLOAT:
        return False
    # Where the batch is open, earlier versions only fold scalars (measured).
    folds = None not in shape or importer.version.has(FOLDS_OPEN_BATCHES) or right.shape == ()
    return folds and all_equal(right, neutral)


@canonicalize_td(
    *("RealDiv", "Div", "TruncateDiv"),
    tf_name="RealDivWithSqrtDivisor, DivWithSqrtDivisor, TruncateDivWithSqrtDivisor",
    before=lambda n: n.op("RealDiv", x := n.x(), n.op("Sqrt", n.fq(n.op("Relu", x)))),
    after="RELU RSQRT(float) MUL(float)",
)
def real_div_with_sqrt_divisor(importer: Importer, node: Node) -> Value | None:
    """Division by a root is multiplication by RSQRT."""
    left, right = importer.inputs(node)[:2]
    divisor = producer(right, "SQRT")
    if divisor is None:
        return None
    root = importer.add("RSQRT", node, divisor.operands, right.shape)
    if is_constant(left):
        left, root = root, left
    return unless_neutral(importer, node, "MUL", 1.0, left, root)


@canonicalize_td(
    *("RealDiv", "Div"),
    before=lambda n: n.fq(n.op("Log", n.op("RealDiv", n.op("Softmax", n.x()), n.c(1.0)))),
    after="LOG_SOFTMAX",
)
def real_div_with_const_divisor(importer: Importer, node: Node) -> Value | None:
    """Division by a constant is multiplication, unless an Identity hands it on, or what it is computed from."""
    left, right = importer.inputs(node)[:2]
    if not left.dtype is right.dtype is DType.FLOAT or not is_constant(right):
        return None
    if node.op == "Div" and not importer.version.has(DIV_WITH_CONST_DIVISOR):
        return unless_neutral(importer, node, "DIV", 1.0, left, right)
    if _handed_on(importer.kept, node.inputs[1].node):
        return None
    inverse = importer.constant(right.name, right.dtype, right.shape, lambda: _inverse(right))
    shape = importer.inference.shape(node.name) or (None,)
    if (None not in shape or right.shape == ()) and _is_neutral(importer, node, 1.0, left, right):
        return left
    return unless_neutral(importer, node, "MUL", 1.0, left, inverse)


@tf_ops_a_m_cc(
    *("DivNoNan", "MulNoNan"),
    before=lambda n: n.op("AddV2", e := n.op("Elu", n.x()), n.op("DivNoNan", e, n.c(0.0))),
    after="ELU(float)",
)
def div_no_nan_or_mul_no_nan_constant_y(importer: Importer, node: Node) -> Value | None:
    """By a constant without 0 it is DIV or MUL; by zeros, the result is these zeros."""
    left, right = importer.inputs(node)[:2]
    tensor = constant_tensor(right)
    if tensor is None or not tensor.known:
        return None
    if all(tensor.leading()):
        return unless_neutral(importer, node, node.op.removesuffix("NoNan").upper(), 1.0, left, right)
    return None if any(tensor.leading()) else right


def _handed_on(kept: Kept, name: str) -> bool:
    """Whether an Identity stands at or in front of a constant; division by a root is multiplication all the same."""
    starts = [name] if kept.graph.op(name) != "Sqrt" else []
    return any(kept.graph.op(one) in REMOVED for one in reached(starts, kept.sources))


_PACKET = 8
"""Floats that TensorFlow's kernels of x86 take at once."""
_NEARLY_ONE = 1 - 2**-24


def _inverse(value: Value) -> Tensor | None:
    """The inverses as TensorFlow's kernel computes them: those in a full packet are approximated.

    Of a power of two that gives slightly less than the exact inverse (Eigen's generic_reciprocal_newton_step; measured
    in the releases for x86), so a vector of eight ones or more is not one of ones any more.
    """
    tensor = constant_tensor(value)
    if tensor is None:
        return None
    packed = tensor.size - tensor.size % _PACKET
    inverses = [_reciprocal(float(number), place < packed) for place, number in enumerate(tensor.leading())]
    return Tensor.of(tensor.dtype, tensor.shape, inverses)


def _reciprocal(number: float, approximate: bool) -> float:
    if not number:
        return math.inf
    inverse = float32(1 / number)
    return inverse * _NEARLY_ONE if approximate and abs(math.frexp(number)[0]) == 0.5 else inverse
