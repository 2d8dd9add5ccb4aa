"""What TOCO makes of each mechanism: measured with TF 2.15.1's TOCO."""

from collections.abc import Callable

import pytest

from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.build import Builder
from tests.converters import mechanisms as m
from tests.converters.predicted import predicted_of

Mechanism = Callable[[Builder], str]

NO_KERNEL = ("abort", "unsupported-op", None)
"""TOCO has no uint8 form of ABS, EXP or SIN, and no name for what it does not import."""

EXPECTED = {
    m.trained_output: ("quantized", None, None),
    m.fake_quant_behind_output: ("abort", "minmax", "y"),
    m.range_through_reshapes: ("quantized", None, None),
    m.fixed_range: ("quantized", None, None),
    m.two_ranges_around_relu: ("quantized", None, None),
    m.weights_without_range: ("quantized", None, None),
    m.mean: ("quantized", None, None),
    m.range_not_constant: ("abort", "minmax", "y"),
    m.two_missing_in_a_row: ("abort", "minmax", "one"),
    m.no_kernel: NO_KERNEL,
    m.refused_op: NO_KERNEL,
    m.own_op: NO_KERNEL,
    m.two_fake_quants: NO_KERNEL,
    m.raw_reader: NO_KERNEL,
}
"""Mechanism -> verdict, kind and the array that TOCO's own message names."""


def predicted(mechanism: Mechanism) -> Prediction:
    """The model's answer for one mechanism."""
    b = Builder()
    output = mechanism(b)
    return predicted_of(b, output, "toco-2.15")


@pytest.mark.parametrize("mechanism", EXPECTED, ids=lambda mechanism: mechanism.__name__)
def test_a_mechanism_gives_the_measured_answer_of_toco(mechanism: Mechanism) -> None:
    prediction = predicted(mechanism)
    found = (prediction.verdict, prediction.kind, prediction.array)
    assert found == EXPECTED[mechanism], mechanism.__doc__


def test_it_stops_at_the_first_array_and_the_model_lists_them_all() -> None:
    obstacles = predicted(m.two_missing_in_a_row).obstacles
    assert {obstacle.array for obstacle in obstacles} >= {"one", "two"}


def test_the_message_is_tocos_own() -> None:
    message = predicted(m.fake_quant_behind_output).message
    assert message.startswith("Array y does not have MinMax information, and is not a constant array.")


@pytest.mark.parametrize("mechanism", EXPECTED, ids=lambda mechanism: mechanism.__name__)
def test_what_converts_has_no_obstacle(mechanism: Mechanism) -> None:
    prediction = predicted(mechanism)
    assert bool(prediction.obstacles) is (prediction.verdict != "quantized")
