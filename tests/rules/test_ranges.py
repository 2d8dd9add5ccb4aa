"""Ranges that are there, and wrong."""

import math

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.freeze import freeze_graph
from minmax_lint.report.report import Report
from tests.rules.linted import found, lint


def with_range(low: float, high: float, op: str = "LeakyRelu", *, bits: int = 8) -> Report:
    """A layer whose result, behind `op`, has this range."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), 0, 1)
    y = b.fake_quant("dense/quant", b.dense("dense", x, 4, 4), -3.3, 4.1)
    b.fake_quant("output", b.add(op, "op", y), low, high, num_bits=bits)
    return lint(b, {"input": (1, 4)}, ("output",))


@pytest.mark.parametrize(
    ("low", "high", "reason"),
    [
        (math.nan, math.nan, "is not a number"),
        (0.0, math.nan, "is not a number"),
        (-math.inf, math.inf, "is infinite"),
        (0.0, 0.0, "is empty"),
        (3.0, -3.0, "is turned round"),
    ],
)
def test_the_message_names_what_is_degenerate(low: float, high: float, reason: str) -> None:
    (finding,) = found(with_range(low, high), "MM205")
    assert reason in finding.message
    assert finding.node == "output"


def test_a_range_that_crashes_a_converter_is_an_error_for_it_and_cannot_be_widened() -> None:
    (finding,) = found(with_range(math.nan, math.nan), "MM205")
    assert finding.severity == "error"
    assert "toco-2.15" in finding.profiles
    assert finding.fix is None


def test_a_range_that_nobody_has_told_us_is_not_blamed() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), 0, 1)
    y = b.dense("dense", x, 4, 4)
    low, high = (b.add("VariableV2", name, dtype=DType.FLOAT, shape=()) for name in ("low", "high"))
    b.add("FakeQuantWithMinMaxVars", "output", y, low, high, num_bits=8)
    report = lint(freeze_graph(b.graph(), None), {"input": (1, 4)}, ("output",))
    assert [finding for finding in report.findings if finding.code.startswith("MM20")] == []


def test_a_range_without_zero_tells_the_one_it_is_widened_to() -> None:
    (finding,) = found(with_range(2, 6), "MM201")
    assert finding.severity == "warning"
    assert finding.fix is not None
    assert "[0, 6]" in finding.fix.description


@pytest.mark.parametrize(
    ("op", "low", "high", "share"),
    [
        ("Relu6", -6, 6, "50%"),
        ("Sigmoid", 0, 4, "75%"),
        ("Sigmoid", 0, 1.08, "7%"),
        ("Tanh", -2, 2, "50%"),
        ("Softmax", 0, 10, "90%"),
    ],
)
def test_a_range_beyond_what_its_op_gives_tells_how_much_is_lost(
    op: str, low: float, high: float, share: str
) -> None:
    (finding,) = found(with_range(low, high, op), "MM203")
    assert finding.message.startswith(share)


@pytest.mark.parametrize(
    ("op", "low", "high"),
    [("Relu6", 0, 6), ("Relu6", -0.02, 5.7), ("Sigmoid", 0, 1.04), ("LeakyRelu", -6, 3)],
)
def test_a_range_within_what_its_op_gives_is_fine(op: str, low: float, high: float) -> None:
    assert not found(with_range(low, high, op), "MM203")


def test_the_start_value_of_the_rewriters_is_told_once_by_the_rule_that_knows_most() -> None:
    assert found(with_range(-6, 6), "MM204")
    assert not found(with_range(-6, 6, "Relu6"), "MM204")


def test_weights_with_the_start_value_look_untrained() -> None:
    b = Builder()
    x = b.fake_quant("xq", b.placeholder("input", [1, 4]), -1, 1)
    w = b.fake_quant("wq", b.const("w", [0.25, -0.5], [4, 2]), -6, 6)
    y = b.fake_quant("output", b.add("MatMul", "product", x, w), -3.5, 4)
    (finding,) = found(lint(b, {"input": (1, 4)}, (y,)), "MM204")
    assert "'wq' has the range [-6, 6], with which rewriters start" in finding.message


def layers_of_one_range(count: int) -> Report:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), 0, 1)
    for i in range(count):
        x = b.fake_quant(f"q{i}", b.dense(f"d{i}", x, 4, 4), -2.5, 3.5)
    return lint(b, {"input": (1, 4)}, (x,))


def test_four_layers_with_one_odd_range_look_untrained_and_three_do_not() -> None:
    (finding,) = found(layers_of_one_range(4), "MM204")
    assert "'q0' and 3 more FakeQuants have the range [-2.5, 3.5]" in finding.message
    assert not found(layers_of_one_range(3), "MM204")


@pytest.mark.parametrize(("bits", "severity"), [(4, "error"), (6, "warning"), (16, "error")])
def test_the_width_that_a_converter_refuses_is_an_error(bits: int, severity: str) -> None:
    (finding,) = found(with_range(-3.1, 4.2, bits=bits), "MM206")
    assert finding.severity == severity


def test_a_branch_that_a_shared_scale_clips_is_named_with_both_ranges() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    small = b.fake_quant("small", b.dense("one", x, 4, 4), -2, 3)
    large = b.fake_quant("large", b.dense("two", x, 4, 3), -5, 7)
    both = b.add(
        "ConcatV2", "both", small, large, b.const("axis", 1, dtype=DType.INT32), N=2, Tidx=DType.INT32
    )
    b.fake_quant("output", b.dense("last", both, 7, 2), -4.2, 4.3)
    (finding,) = found(lint(b, {"input": (1, 4)}, ("output",)), "MM210")
    assert (finding.severity, finding.node) == ("warning", "large")
    assert "[-5, 7]" in finding.message
    assert all(name.startswith("mlir") for name in finding.profiles)
