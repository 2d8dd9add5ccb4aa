"""Outputs without range: the message, and which repair is offered."""

from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.rules.framework.finding import Finding
from tests.rules.linted import found, lint

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
INPUT = {"input": (1, 4)}


def head(op: str = "Relu6") -> Builder:
    """A dense layer and `output`, an op of one input behind it."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    y = b.dense("dense", x, 4, 4)
    b.add(op, "output", b.fake_quant("dense/quant", y, -3, 3) if op == "Softmax" else y)
    return b


def only(b: Builder, code: str, outputs: tuple[str, ...] = ("output",)) -> Finding:
    (finding,) = found(lint(b, INPUT, outputs), code)
    return finding


def test_the_fake_quant_may_hang_behind_ops_that_change_no_value() -> None:
    b = head()
    b.fake_quant("quant", b.add("Reshape", "flat", "output", b.const("shape", [4], dtype=DType.INT32)), 0, 6)
    finding = only(b, "MM101")
    assert finding.severity == "error"
    assert [(step.node, step.role) for step in finding.path] == [
        ("dense", "kept"),
        ("output", "output"),
        ("flat", "outside"),
        ("quant", "outside"),
    ]
    assert finding.fix is not None
    assert (finding.fix.strategy, finding.fix.applicability) == ("retarget", "safe")


def test_an_output_whose_op_folds_away_is_one_finding_for_all_converters() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    zeros = b.const("zeros", 0.0, [4])
    b.add("BiasAdd", "output", b.dense("dense", x, 4, 4), zeros, data_format=b"NHWC")
    b.fake_quant("quant", "output", 0, 6)
    report = lint(b, INPUT, ("output",))
    assert [(f.code, f.array) for f in report.findings if f.severity == "error"] == [("MM101", "output")]


def test_an_output_that_has_its_range_from_elsewhere_is_only_an_info() -> None:
    b = head("Softmax")
    b.fake_quant("quant", "output", 0, 1)
    finding = only(b, "MM101")
    assert (finding.severity, finding.profiles, finding.fix) == ("info", (), None)


def test_fake_quants_that_disagree_are_not_chosen_from() -> None:
    b = head()
    b.fake_quant("one", "output", 0, 6)
    b.fake_quant("two", "output", 0, 3)
    finding = only(b, "MM101")
    assert finding.fix is None
    assert "disagree" in finding.advice


def test_a_range_that_is_computed_is_not_used() -> None:
    b = head()
    high = b.add("Max", "high", "output", b.const("axes", [0, 1], dtype=DType.INT32))
    b.add("FakeQuantWithMinMaxVars", "quant", "output", b.const("low", 0.0), high, num_bits=8)
    finding = only(b, "MM101")
    assert finding.fix is None
    assert "eval graph" in finding.advice


def test_each_output_is_told_by_itself() -> None:
    b = head()
    b.fake_quant("quant", "output", 0, 6)
    x = b.add("Tanh", "second", b.dense("other", "input/quant", 4, 3))
    b.fake_quant("second/quant", x, -1, 1)
    report = lint(b, INPUT, ("output", "second"))
    assert [finding.array for finding in found(report, "MM101")] == ["output", "second"]
    assert [finding.array for finding in found(report, "MM110")] == ["other"]


def test_a_pruned_graph_is_sent_one_step_back() -> None:
    report = minmax_lint.lint(FOUNDING / "eval-frozen-pruned.pb", outputs=["output"])
    (finding,) = report.findings
    assert finding.code == "MM102"
    assert "one step back" in finding.advice.lower()
    assert "minmax_lint.guard" in finding.advice


def test_a_graph_with_other_parts_is_not_called_pruned() -> None:
    b = head()
    b.add("Identity", "summary", "output")
    finding = only(b, "MM102")
    assert "step back" not in finding.advice
    assert "minmax_lint.guard" in finding.advice


def test_a_guard_that_the_converter_removes_is_no_output_without_range() -> None:
    b = head("Softmax")
    b.add("Minimum", "guard", "output", b.const("bound", 1e6))
    b.dense("other", "dense/quant", 4, 3)
    report = lint(b, INPUT, ("guard", "other"), ["toco-2.15"])
    assert [finding.array for finding in found(report, "MM102")] == ["other"]


def test_a_guard_on_an_array_without_range_is_a_consequence() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    b.add("Minimum", "guard", b.add("LeakyRelu", "leaky", x), b.const("bound", 1e6))
    report = lint(b, INPUT, ("guard",))
    (finding,) = [finding for finding in report.findings if finding.severity == "error"]
    assert (finding.code, finding.array) == ("MM110", "leaky")
    assert set(finding.consequences) == {"leaky", "guard"}


@pytest.mark.parametrize("checkpoint", ["train-checkpoint-tf1.13.1", "train-checkpoint-tf1.15.5"])
def test_the_training_graph_shows_the_defect_of_its_eval_graph(checkpoint: str) -> None:
    report = minmax_lint.lint(FOUNDING / checkpoint, outputs=["output"])
    assert {finding.code for finding in report.findings if finding.severity == "error"} >= {"MM101", "MM130"}


def test_a_constant_output_is_called_one() -> None:
    b = head()
    b.fake_quant("quant", "output", 0, 6)
    b.const("table", 0.5, [4])
    assert "constant" in only(b, "MM102", ("quant", "table")).message


def test_an_unknown_output_does_not_hide_the_others() -> None:
    b = head()
    b.fake_quant("quant", "output", 0, 6)
    report = lint(b, INPUT, ("outptu", "output"))
    assert {finding.code for finding in report.findings if finding.severity == "error"} == {"MM101", "MM901"}
    assert "did you mean output?" in found(report, "MM901")[0].message


@pytest.mark.parametrize("form", ["Args", "Vars"])
def test_the_gradient_of_a_fake_quant_belongs_to_training_and_gives_no_range(form: str) -> None:
    b = head()
    bounds = [b.const("low", 0.0), b.const("high", 6.0)] if form == "Vars" else []
    b.add(f"FakeQuantWithMinMax{form}Gradient", "gradient", "output", "output", *bounds, num_bits=8)
    assert only(b, "MM102").array == "output"
    training = only(b, "MM130", ("gradient",))
    assert (training.node, training.fix) == ("gradient", None)
