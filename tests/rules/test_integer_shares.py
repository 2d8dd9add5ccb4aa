"""The shares of a model that stay integer: of ops, and of multiply-accumulates."""

import pytest

from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.build import Builder
from minmax_lint.report.words import verdict_detail
from minmax_lint.rules.framework.rule import rule
from tests.rules.linted import lint


def two_layers(*, first: bool, second: bool) -> Prediction:
    """MLIR on a layer of 4 x 8 and one of 8 x 2; each has a FakeQuant or has none."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    y = b.dense("first", x, 4, 8)
    y = b.fake_quant("first/quant", y, -4, 4) if first else y
    z = b.dense("second", y, 8, 2)
    z = b.fake_quant("second/quant", z, -4, 4) if second else z
    return lint(b, {"input": (1, 4)}, (z,), ["mlir-2.21"]).predictions["mlir-2.21"]


def test_every_multiply_accumulate_of_a_quantized_model_is_integer() -> None:
    found = two_layers(first=True, second=True)
    assert (found.integer_share, found.integer_mac_share, found.worst_float_op) == (1, 1, None)


def test_a_float_layer_weighs_what_it_computes() -> None:
    found = two_layers(first=True, second=False)
    assert found.integer_share == pytest.approx(1 / 2)
    assert found.integer_mac_share == pytest.approx(32 / 48)
    assert found.worst_float_op is not None
    assert found.worst_float_op.output == "second"
    assert verdict_detail(found) == (
        "1 of 2 ops integer (67% of multiply-accumulates); float: FULLY_CONNECTED"
    )


def test_of_several_float_ops_the_costliest_is_named() -> None:
    found = two_layers(first=False, second=True)
    assert found.integer_mac_share == 0
    assert verdict_detail(found).endswith("float: FULLY_CONNECTED x2; costliest: first (67%)")


def test_a_node_that_became_several_ops_weighs_where_it_multiplies() -> None:
    # MLIR writes a MatMul with weights that have a FakeQuant, but no range behind it, as TRANSPOSE (integer) and
    # FULLY_CONNECTED (float).
    example = rule("MM114").examples().failing
    found = lint(example.graph, example.inputs, example.outputs, ["mlir-2.21"]).predictions["mlir-2.21"]
    weights = {op.op: op.macs for op in found.ops if op.macs}
    assert set(weights) == {"FULLY_CONNECTED"}
    assert found.integer_mac_share == 0
