"""Ops that Keras models bring along: what real conversions of SavedModels by TF 2.15 and 2.21 made of them."""

from __future__ import annotations

import collections

import pytest

from minmax_lint.converters.predict import predict
from minmax_lint.converters.profile import profile
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference


def outcome(builder, output, name, inputs=("x",)):
    kept = trace(builder.graph(), inputs, [output])
    return predict(kept, Inference(kept, {}), profile(name))


def float_ops(*arguments):
    return collections.Counter(op for op, _ in outcome(*arguments).float_ops)


def product(*, bias=False, ranged=True):
    """A matrix product of three dimensions with weights behind a FakeQuant, as a Dense layer of Keras 3 has it."""
    b = Builder()
    x = b.fake_quant("xq", b.placeholder("x", [None, 3, 4]), -1, 1)
    w = b.fake_quant("wq", b.const("w", [0.5, -0.5, 0.25], [4, 5]), -1, 1)
    y = b.add("BatchMatMulV2", "product", x, w)
    if bias:
        y = b.add("Relu", "act", b.add("AddV2", "sum", y, b.const("b", [1.0], [5])))
    return b, b.fake_quant("y", y, 0, 4) if ranged else y


@pytest.mark.parametrize(
    ("options", "name", "verdict", "floats"),
    [
        ({}, "mlir-2.15-v2", "quantized", {}),
        ({}, "mlir-2.21-v2", "quantized", {}),
        ({"ranged": False}, "mlir-2.15-v2", "float", {"FULLY_CONNECTED": 1}),
        ({"ranged": False}, "mlir-2.21-v2", "float", {"FULLY_CONNECTED": 1}),
        ({"bias": True}, "mlir-2.15-v2", "float", {"FULLY_CONNECTED": 1}),
        ({"bias": True}, "mlir-2.21-v2", "quantized", {}),
    ],
)
def test_a_product_with_weights_is_dense_in_2_21_at_once_and_in_2_15_at_the_end(
    options, name, verdict, floats
):
    built = product(**options)
    assert outcome(*built, name).verdict == verdict
    assert float_ops(*built, name) == floats


@pytest.mark.parametrize(
    ("equation", "shapes", "ops"),
    [
        ("abc,cd->abd", ([2, 3, 4], [4, 5]), {"BATCH_MATMUL": 1}),
        (
            "aecd,abcd->acbe",
            ([None, 6, 2, 4], [None, 6, 2, 4]),
            {"TRANSPOSE": 3, "BATCH_MATMUL": 1, "RESHAPE": 1},
        ),
    ],
)
def test_an_einsum_is_a_product_between_moves(equation, shapes, ops):
    b = Builder()
    names = [b.placeholder(name, shape) for name, shape in zip("xz", shapes, strict=True)]
    y = b.add("Einsum", "y", *names, equation=equation.encode())
    found = float_ops(b, y, "mlir-2.21-v2", ("x", "z"))
    assert found["BATCH_MATMUL"] == ops["BATCH_MATMUL"]
    assert found["TRANSPOSE"] == ops.get("TRANSPOSE", 0)


def test_an_einsum_with_weights_is_dense():
    b = Builder()
    y = b.add(
        "Einsum", "y", b.placeholder("x", [2, 3, 4]), b.const("w", [0.5], [4, 5]), equation=b"abc,cd->abd"
    )
    assert float_ops(b, y, "mlir-2.21-v2") == {"FULLY_CONNECTED": 1}


def test_mixed_precision_is_refused_where_it_computes():
    b = Builder()
    x = b.add("Cast", "half", b.placeholder("x", [1, 4]), SrcT=DType.FLOAT, DstT=DType.HALF)
    y = b.add("Cast", "y", b.add("Relu", "act", x, T=DType.HALF), SrcT=DType.HALF, DstT=DType.FLOAT)
    found = outcome(b, y, "mlir-2.21-v2")
    assert (found.verdict, found.message) == ("abort", "'tf.Relu' op is neither a custom op nor a flex op")


def test_what_only_carries_a_gradient_is_passed_over():
    b = Builder()
    x = b.fake_quant("xq", b.placeholder("x", [1, 4]), -1, 1)
    both = b.add("IdentityN", "both", x, x, T=[DType.FLOAT, DType.FLOAT])
    y = b.fake_quant("y", b.add("Mul", "product", both, f"{both}:1"), -1, 1)
    assert outcome(b, y, "mlir-2.21-v2").verdict == "quantized"


def test_a_print_that_nobody_reads_is_refused():
    b = Builder()
    x = b.fake_quant("xq", b.placeholder("x", [1, 4]), -1, 1)
    b.add("PrintV2", "print", b.const("text", b"hi", dtype=DType.STRING))
    y = b.fake_quant("y", b.add("Relu6", "act", x, after=["print"]), 0, 6)
    assert outcome(b, y, "mlir-2.21-v2").message == "'tf.PrintV2' op is neither a custom op nor a flex op"


def test_integer_products_of_keras_are_refused():
    b = Builder()
    x = b.add("Cast", "x8", b.placeholder("x", [None, 8]), SrcT=DType.FLOAT, DstT=DType.INT8)
    w = b.const("w", [1, 2], [8, 16], dtype=DType.INT8)
    y = b.add("BatchMatMulV3", "y", x, w, Ta=DType.INT8, Tb=DType.INT8, Tout=DType.INT32)
    assert "got 'tensor<?x8xi8>'" in outcome(b, y, "mlir-2.21-v2").message
