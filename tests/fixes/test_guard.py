"""`guard`: a Minimum with a bound that no value reaches, behind the FakeQuant of an output."""

import numpy as np
import pytest

import minmax_lint
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from tests.fixes.running import both, fixed, image


def head(low: float = 0.0, high: float = 6.0, *, outputs: int = 1) -> Builder:
    """Dense layers whose FakeQuants hang behind the outputs `output`, `output_1`, ..."""
    b = Builder()
    x = b.placeholder("input", [1, 4])
    for number in range(outputs):
        name = f"output_{number}" if number else "output"
        relu = b.add("Relu", name, b.dense(f"dense{number}", x, 4, 3 + number))
        b.fake_quant(f"{name}/act_quant", relu, low, high)
    return b


@pytest.mark.parametrize(("high", "bound"), [(6.0, 1e6), (1e6, 1e7), (3e6, 1e7), (9.99e7, 1e9), (-0.0, 1e6)])
def test_the_default_bound_is_raised_above_the_range(high: float, bound: float) -> None:
    patch = fixed(head(-1.0, high), "output", strategy="guard")
    node = patch.graph["output"]
    assert node.op == "Minimum"
    assert patch.graph[node.inputs[1].node].tensor().item() == bound


@pytest.mark.parametrize("strategy", ["guard", "auto", "retarget"])
@pytest.mark.parametrize("bound", [6.0, 1.0, -3.0, 6.02])
def test_a_bound_of_the_users_that_would_clip_is_refused(strategy: str, bound: float) -> None:
    with pytest.raises(minmax_lint.UserError, match=r"would clip .*give one above 6\.0"):
        fixed(head(), "output", strategy=strategy, bound=bound)


@pytest.mark.parametrize("outputs", [["output"], ["output", "output_1"]])
def test_a_bound_that_fits_does_not_keep_from_a_better_repair(outputs: list[str]) -> None:
    patch = fixed(head(outputs=2), *outputs, bound=7.0)
    assert patch.strategy == "retarget"


def test_a_bound_is_not_held_against_an_output_that_needs_no_repair() -> None:
    b = head()
    x = b.fake_quant("logits/quant", b.dense("logits", "input", 4, 3), -6, 6)
    b.fake_quant("odds/quant", b.add("Softmax", "odds", x), 0, 100)
    assert fixed(b, "output", "odds", bound=7.0).strategy == "retarget"


def test_a_bound_of_the_users_that_fits_is_taken() -> None:
    patch = fixed(head(), "output", strategy="guard", bound=7.0)
    assert patch.graph["output/bound"].tensor().item() == 7.0


def test_a_bound_of_the_users_that_might_clip_a_range_not_known_is_refused() -> None:
    b = Builder()
    b.add("Relu", "output", b.dense("dense", b.placeholder("input", [1, 4]), 4, 3))
    range_ = [b.add("VariableV2", name, dtype=DType.FLOAT, shape=()) for name in ("low", "high")]
    b.add("FakeQuantWithMinMaxVars", "quant", "output", *range_, num_bits=8)
    with pytest.raises(minmax_lint.UserError, match=r"may clip output, whose range is not known.*checkpoint"):
        fixed(b, "output", strategy="guard", bound=7.0)
    assert fixed(b, "output", strategy="guard", bound=1e7).graph["output/bound"].tensor().item() == 1e7


def test_a_bound_that_is_no_number_is_refused() -> None:
    with pytest.raises(minmax_lint.UserError, match="no finite number"):
        fixed(head(), "output", strategy="guard", bound=float("nan"))


def test_each_guard_has_a_scalar_constant_of_its_own() -> None:
    patch = fixed(head(outputs=3), "output", "output_1", "output_2", strategy="guard")
    guards = [node for node in patch.graph if node.op == "Minimum"]
    bounds = [patch.graph[node.inputs[1].node] for node in guards]
    assert len({bound.name for bound in bounds}) == len(guards) == 3
    assert all(bound.tensor().shape == () for bound in bounds)
    assert all(len(patch.graph.uses(bound.name)) == 1 for bound in bounds)


def test_the_guard_reads_the_fake_quant_and_has_the_outputs_name() -> None:
    patch = fixed(head(), "output", strategy="guard")
    assert patch.outputs == ("output",)
    assert patch.graph["output"].inputs[0].node == "output/act_quant"
    assert patch.graph["output/act_quant"].inputs[0].node == "output/unquantized"


def test_a_new_name_leaves_the_old_output_alone() -> None:
    patch = fixed(head(), "output", strategy="guard", new_name=True)
    assert patch.outputs == ("output/guarded",)
    assert patch.graph["output"].op == "Relu"


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["guard", "retarget", "auto"])
def test_the_values_stay_up_to_the_fake_quants_rounding_and_clamping(strategy: str) -> None:
    patch = fixed(head(0.0, 1.0), "output", strategy=strategy)
    (before,), (after,) = both(patch, {"input": image(1, 4)})
    assert patch.safe
    np.testing.assert_allclose(after, np.clip(before, 0.0, 1.0), atol=0.5 / 255 + 1e-6)
