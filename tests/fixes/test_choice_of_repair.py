"""Which repair is chosen: what converts everywhere with the least left behind, and never what makes worse."""

import itertools

import pytest

import minmax_lint
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.writers.graphdef import encode
from tests.fixes.running import MLIR, TOCO, fixed, verdicts
from tests.fixes.test_guard import head


def test_retarget_is_chosen_where_both_would_do_for_it_leaves_no_op_behind() -> None:
    patch = fixed(head(), "output")
    assert patch.strategy == "retarget"
    assert "TOCO (TF 2.15) goes from abort to quantized" in patch.reason
    assert verdicts(patch) == {TOCO: ("abort", "quantized"), MLIR: ("float", "quantized")}


def reshaped() -> Builder:
    """An output behind a Reshape: TOCO moves a guard's Minimum in front of it, and aborts."""
    b = Builder()
    relu = b.add("Relu", "relu", b.dense("dense", b.placeholder("input", [1, 4]), 4, 4))
    shape = b.const("shape", [2, 2], dtype=DType.INT32)
    b.fake_quant("output/act_quant", b.add("Reshape", "output", relu, shape), 0, 6)
    return b


def test_a_guard_that_would_break_the_conversion_is_not_chosen() -> None:
    patch = fixed(reshaped(), "output")
    assert patch.strategy == "retarget"
    assert verdicts(patch)[TOCO] == ("abort", "quantized")


def clean() -> Builder:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    b.fake_quant("output", b.add("Relu", "relu", b.dense("dense", x, 4, 3)), 0, 6)
    return b


@pytest.mark.parametrize(
    "options", [{}, {"unsafe": True, "default_range": (-6.0, 6.0)}, {"strategy": "guard"}]
)
def test_a_clean_graph_is_never_touched(options: dict[str, object]) -> None:
    patch = fixed(clean(), "output", **options)
    assert patch.empty
    assert patch.reason.startswith("Nothing is changed: every selected converter")


def softmax() -> Builder:
    b = Builder()
    x = b.fake_quant("logits/quant", b.dense("dense", b.placeholder("input", [1, 4]), 4, 3), -6, 6)
    b.fake_quant("output/act_quant", b.add("Softmax", "output", x), 0, 1)
    return b


def test_an_output_that_has_a_range_without_its_fake_quant_is_left_alone() -> None:
    assert fixed(softmax(), "output").empty


@pytest.mark.parametrize("strategy", ["auto", "guard", "retarget"])
def test_the_order_of_the_outputs_does_not_matter(strategy: str) -> None:
    names = ["output", "output_1", "output_2"]
    graphs = {
        encode(fixed(head(outputs=3), *order, strategy=strategy).graph)
        for order in itertools.permutations(names)
    }
    assert len(graphs) == 1


@pytest.mark.parametrize("strategy", ["auto", "guard", "retarget"])
@pytest.mark.parametrize("new_name", [False, True])
def test_fixing_twice_changes_nothing(strategy: str, new_name: bool) -> None:
    once = fixed(head(outputs=2), "output", "output_1", strategy=strategy, new_name=new_name)
    twice = minmax_lint.fix(encode(once.graph), outputs=once.outputs, strategy=strategy, new_name=new_name)
    assert twice.empty
    assert encode(twice.graph) == encode(once.graph)


def test_a_fix_that_would_not_keep_its_word_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from minmax_lint.fixes.edit.repair import Claim
    from minmax_lint.workflows import fix as fixing

    broken = minmax_lint.fix(encode(two_gaps().graph()), outputs=["output"], **SOME_RANGE)
    claims = (*broken.repair.claims, Claim("insert", "second"))
    real = fixing.plan_repairs

    def boasting(*arguments: object) -> object:
        from dataclasses import replace

        trial, refused = real(*arguments)
        return replace(trial, repair=replace(trial.repair, claims=claims)), refused

    monkeypatch.setattr(fixing, "plan_repairs", boasting)
    patch = minmax_lint.fix(encode(two_gaps().graph()), outputs=["output"], **SOME_RANGE)
    assert patch.empty
    assert patch.after is patch.before
    assert "A fix would not heal MM110: " in patch.reason


SOME_RANGE: dict[str, object] = {"unsafe": True, "ranges": {"first": (-3.0, 3.0)}}


def two_gaps() -> Builder:
    """Two layers in a row without ranges."""
    b = Builder()
    x = b.placeholder("input", [1, 4])
    b.dense("second", b.dense("first", x, 4, 4), 4, 4)
    b.fake_quant("output", b.dense("third", "second", 4, 3), -6, 6)
    return b


def test_a_part_of_the_gaps_is_filled_and_the_rest_named() -> None:
    patch = minmax_lint.fix(encode(two_gaps().graph()), outputs=["output"], **SOME_RANGE)
    assert [finding.array for finding in patch.after.findings if finding.code == "MM110"] == ["second"]
    assert "No range is known for second" in patch.reason
