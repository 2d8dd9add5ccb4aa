"""`strip`: what is there for training or checking only goes; the values at inference stay."""

import numpy as np
import pytest

import minmax_lint
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.writers.graphdef import encode
from tests.cli.founding import FOUNDING
from tests.fixes.running import fixed, image, run


def plain(middle: str | None = None) -> Builder:
    """A quantized net; `middle` builds what stands in the middle of it."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    y = b.fake_quant("hidden/quant", b.add("Relu", "hidden", b.dense("first", x, 4, 4)), 0, 6)
    if middle:
        y = _MIDDLES[middle](b, y)
    b.fake_quant("output", b.dense("second", y, 4, 3), -6, 6)
    return b


def _random(b: Builder, x: str) -> str:
    shape = b.add("Shape", "dropout/Shape", x, out_type=DType.INT32)
    return b.add("RandomUniform", "dropout/random", shape, T=DType.INT32, dtype=DType.FLOAT)


def _floor_form(b: Builder, x: str) -> str:
    keep = b.const("dropout/keep", 0.8)
    mask = b.add("Floor", "dropout/Floor", b.add("Add", "dropout/add", keep, _random(b, x)))
    return b.add("Mul", "dropout/mul", b.add("RealDiv", "dropout/div", x, keep), mask)


def _cast_form(b: Builder, x: str) -> str:
    above = b.add("GreaterEqual", "dropout/above", _random(b, x), b.const("dropout/rate", 0.2))
    mask = b.add("Cast", "dropout/Cast", above, SrcT=DType.BOOL, DstT=DType.FLOAT)
    return b.add("Mul", "dropout/Mul_1", b.add("Mul", "dropout/Mul", x, b.const("scale", 1.25)), mask)


def _select_form(b: Builder, x: str) -> str:
    above = b.add("GreaterEqual", "dropout/above", _random(b, x), b.const("dropout/rate", 0.2))
    scaled = b.add("Mul", "dropout/Mul", x, b.const("scale", 1.25))
    return b.add("SelectV2", "dropout/SelectV2", above, scaled, b.const("zero", 0.0))


def _check_numerics(b: Builder, x: str) -> str:
    return b.add("CheckNumerics", "check", x, message=b"bad")


_MIDDLES = {
    "floor": _floor_form,
    "cast": _cast_form,
    "select": _select_form,
    "check": _check_numerics,
}


@pytest.mark.slow
@pytest.mark.parametrize("form", ["floor", "cast", "select"])
def test_dropout_in_every_form_gives_way_to_its_input(form: str) -> None:
    patch = fixed(plain(form), "output")
    assert patch.strategy == "strip"
    assert patch.safe
    assert patch.graph["second/MatMul"].inputs[0].node == "hidden/quant"
    feeds = {"input": image(1, 4)}
    (expected,) = run(encode(plain().graph()), ["output"], feeds)
    np.testing.assert_array_equal(run(encode(patch.graph), ["output"], feeds)[0], expected)


def test_a_product_with_no_random_mask_is_no_dropout() -> None:
    from minmax_lint.fixes.edit.repair import CannotRepair
    from minmax_lint.fixes.repairs.strip import strip
    from minmax_lint.graph.trace import trace

    b = Builder()
    x = b.placeholder("input", [1, 4])
    b.add("Mul", "output", b.add("Mul", "scaled", x, b.const("scale", 1.25)), b.const("mask", 1.0))
    graph = b.graph()
    with pytest.raises(CannotRepair):
        strip(graph, trace(graph, ["input"], ["output"]))


def test_kept_nodes_stop_waiting_for_assertions_and_assignments() -> None:
    from minmax_lint.fixes.repairs.strip import strip
    from minmax_lint.graph.edit import edit_graph
    from minmax_lint.graph.trace import trace

    b = Builder()
    x = b.placeholder("input", [1, 4])
    b.add("Assert", "assert", b.const("fine", True, dtype=DType.BOOL), x, T=[DType.FLOAT])
    b.add("NoOp", "harmless")
    b.add("Relu", "output", x, after=["assert", "harmless"])
    graph = b.graph()
    after = edit_graph(graph, strip(graph, trace(graph, ["input"], ["output"])).edit)
    assert after["output"].control_inputs == ("harmless",)


def test_an_output_that_is_a_check_becomes_an_identity_of_the_same_name() -> None:
    from minmax_lint.fixes.repairs.strip import strip
    from minmax_lint.graph.edit import edit_graph
    from minmax_lint.graph.trace import trace

    b = Builder()
    x = b.placeholder("input", [1, 4])
    b.add("CheckNumerics", "output", b.add("Relu", "relu", x), message=b"bad")
    graph = b.graph()
    after = edit_graph(graph, strip(graph, trace(graph, ["input"], ["output"])).edit)
    assert after["output"].op == "Identity"


@pytest.mark.slow
def test_the_training_graph_of_the_founding_case_becomes_an_eval_graph() -> None:
    checkpoint = FOUNDING / "train-checkpoint-tf1.15.5"
    patch = minmax_lint.fix(checkpoint, inputs=["input"], outputs=["output"], freeze=True)
    assert patch.strategy.split("+")[0] == "strip"
    assert patch.after.count("error") == 0
    assert {found.verdict for found in patch.after.predictions.values()} == {"quantized"}
    (value,) = run(encode(patch.graph), ["output"], {"input": np.ones((1, 2), "float32")})
    assert value.shape == (1, 1)
