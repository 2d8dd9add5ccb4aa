"""What MLIR does with mechanisms that the corpus brought up: measured with TF 2.15.1 and 2.21, both flows."""

import math
from collections.abc import Callable

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from tests.converters.mechanisms import flat, start
from tests.converters.mlir.test_mechanisms import PROFILES, Mechanism, answer, predicted


def _concatenated(b: Builder, *arrays: str) -> str:
    axis = b.const("axis", 1, dtype=DType.INT32)
    return b.add("ConcatV2", "joined", *arrays, axis, N=len(arrays), Tidx=DType.INT32)


def _mean(b: Builder, array: str) -> str:
    return b.add("Mean", "y", array, b.const("axes", [1, 2], dtype=DType.INT32), keep_dims=False)


def _split(b: Builder, array: str) -> str:
    return b.add("Split", "parts", b.const("split_axis", 1, dtype=DType.INT32), array, num_split=2)


def parametric_relu(b: Builder) -> str:
    """RELU(x) + alpha * RELU(-x) is PRELU, which has an integer form."""
    x = start(b)
    below = b.add("Relu", "below", b.add("Neg", "negative", x))
    product = b.add("Mul", "product", b.const("alpha", -0.25, [4, 4, 4]), below)
    return b.fake_quant("out", b.add("AddV2", "y", b.add("Relu", "above", x), product), -1, 1)


def parametric_relu_of_a_number(b: Builder) -> str:
    """Alpha must have one dimension less than x."""
    x = start(b)
    below = b.add("Relu", "below", b.add("Neg", "negative", x))
    product = b.add("Mul", "product", b.const("alpha", -0.25), below)
    return b.fake_quant("out", b.add("AddV2", "y", b.add("Relu", "above", x), product), -1, 1)


def difference_of_negations(b: Builder) -> str:
    """Where -x - -y is y - x, no NEG is left."""
    x, y = start(b), b.fake_quant("sigmoid_fq", b.add("Sigmoid", "sigmoid", "input_fq"), 0, 1)
    return b.add("Sub", "y", b.add("Neg", "first", x), b.add("Neg", "second", y))


def negation_and_zero(b: Builder) -> str:
    """The sum with zero folds before the sum with a negation would become SUB."""
    negative = b.add("Neg", "negative", start(b))
    return b.add("AddV2", "y", negative, b.const("zeros", 0.0, [4]))


def reshape_of_computed_shape(b: Builder) -> str:
    """The reader SHAPE of a static array folds away: RESHAPE moves in front of the FakeQuant it alone reads."""
    x = b.fake_quant("first_fq", b.add("Sigmoid", "sigmoid", start(b)), 0, 1)
    ends = [b.const(name, [value], dtype=DType.INT32) for name, value in (("a", 0), ("b", 1), ("c", 1))]
    shape = b.add("Shape", "shape", x, out_type=DType.INT32)
    batch = b.add("StridedSlice", "batch", shape, *ends, shrink_axis_mask=1, T=DType.INT32, Index=DType.INT32)
    sizes = b.add("Pack", "sizes", batch, b.const("rest", 64, dtype=DType.INT32), N=2, T=DType.INT32)
    return b.add("Sin", "y", b.add("Reshape", "flat", x, sizes, Tshape=DType.INT32))


def reversed_range_in_attributes(b: Builder) -> str:
    """FakeQuantWithMinMaxArgs verifies its range."""
    return b.add("FakeQuantWithMinMaxArgs", "y", start(b), min=2.0, max=-2.0, num_bits=8, narrow_range=False)


def range_that_is_no_number(b: Builder) -> str:
    """NaN ends 2.15's process; 2.21 takes it for a scale."""
    x = b.fake_quant("relu_fq", b.add("Relu", "relu", start(b)), math.nan, math.nan)
    return b.fake_quant("out", b.add("Sigmoid", "y", x), 0, 1)


def mean_of_concatenation(b: Builder) -> str:
    """2.21 hands FakeQuants on over CONCATENATION and MEAN, even different ones."""
    x = start(b)
    return _mean(b, _concatenated(b, x, b.fake_quant("relu_fq", b.add("Relu", "relu", x), 0, 6)))


def mean_of_half_trained_concatenation(b: Builder) -> str:
    """But only where every operand has one."""
    x = start(b)
    return _mean(b, _concatenated(b, x, b.add("Sigmoid", "sigmoid", x)))


def product_of_shared_layer(b: Builder) -> str:
    """A factor goes into the weights of a layer that others read too in 2.15: two layers, one FakeQuant each."""
    weights = b.const("weights", 0.5, [8, 4])
    layer = b.add("MatMul", "fc", flat(b), weights, transpose_a=False, transpose_b=False)
    scaled = b.fake_quant("scaled_fq", b.add("Mul", "scaled", layer, b.const("factor", 0.5)), -4, 4)
    return b.fake_quant("out", b.add("AddV2", "y", b.fake_quant("fc_fq", layer, -4, 4), scaled), -4, 4)


def sum_behind_quantized_bias(b: Builder) -> str:
    """A second constant is added to a bias that has a FakeQuant in 2.21 only."""
    weights = b.fake_quant("weights_fq", b.const("weights", 0.5, [8, 4]), -1, 1, narrow_range=True)
    layer = b.add("MatMul", "fc", flat(b), weights, transpose_a=False, transpose_b=False)
    bias = b.fake_quant("bias_fq", b.const("bias", 0.1, [4]), -1, 1)
    total = b.add("AddV2", "y", b.add("BiasAdd", "biased", layer, bias), b.const("more", 0.5))
    return b.fake_quant("out", total, -4, 4)


def unread_result(b: Builder) -> str:
    """Chance decides whether an op with an unread result gets integer."""
    return b.fake_quant("out", b.add("Relu6", "y", _split(b, start(b))), 0, 6)


def unread_result_before_conflict(b: Builder) -> str:
    """Chance does not matter where the conversion fails either way."""
    part = b.fake_quant("part_fq", _split(b, start(b)), -2, 2)
    clipped = b.fake_quant("clipped_fq", b.add("Maximum", "clipped", part, part), -8, 8)
    return b.fake_quant("out", b.add("Relu6", "y", clipped), 0, 6)


def refused_op_behind_conflict(b: Builder) -> str:
    """Ops without a builtin are found last, when the model is written."""
    unread_result_before_conflict(b)
    return b.add("Erf", "erf", "out")


def zeros_of_zeros(b: Builder) -> str:
    """ZerosLike twice is once."""
    return b.add("ZerosLike", "y", b.add("ZerosLike", "first", start(b)))


def zero_of_another_range(b: Builder) -> str:
    """The sum x + (y - y) is only x where x has its scale too."""
    x = start(b)
    zero = b.fake_quant("zero_fq", b.add("Sub", "zero", x, x), 0, 6)
    return b.fake_quant("out", b.add("AddV2", "y", zero, zero), -1, 3)


EXPECTED: dict[Callable[[Builder], str], tuple[str, ...]] = {
    parametric_relu: ("quantized",) * 4,
    parametric_relu_of_a_number: ("ADD MUL NEG RELU RELU",) * 4,
    difference_of_negations: ("SUB",) * 4,
    negation_and_zero: ("NEG",) * 4,
    reshape_of_computed_shape: ("SIN",) * 4,
    reversed_range_in_attributes: ("abort: other",) * 4,
    range_that_is_no_number: ("abort: other", "quantized", "abort: other", "quantized"),
    mean_of_concatenation: ("MEAN", "quantized", "MEAN", "quantized"),
    mean_of_half_trained_concatenation: ("MEAN",) * 4,
    product_of_shared_layer: ("quantized", "FULLY_CONNECTED MUL", "quantized", "FULLY_CONNECTED MUL"),
    sum_behind_quantized_bias: ("FULLY_CONNECTED", "quantized", "FULLY_CONNECTED", "quantized"),
    unread_result: ("undetermined",) * 4,
    unread_result_before_conflict: ("abort: scale-conflict",) * 4,
    refused_op_behind_conflict: ("abort: scale-conflict",) * 4,
    zeros_of_zeros: ("ZEROS_LIKE",) * 4,
    zero_of_another_range: ("quantized",) * 4,
}
"""Mechanism -> verdict, or the ops that stay float, for each of PROFILES."""


@pytest.mark.parametrize("mechanism", EXPECTED, ids=lambda mechanism: mechanism.__name__)
def test_a_mechanism_gives_the_measured_answer_of_each_profile(mechanism: Mechanism) -> None:
    answers = tuple(answer(predicted(mechanism, name)) for name in PROFILES)
    assert answers == EXPECTED[mechanism], mechanism.__doc__
