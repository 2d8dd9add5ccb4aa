"""What is remembered of the values of arrays, batch by batch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minmax_lint.backends.calibration.observe import RESERVOIR, Extremes, Percentiles

FLOATS = st.floats(-1e6, 1e6, width=32)
BATCHES = st.lists(st.tuples(FLOATS, FLOATS).map(sorted), min_size=1, max_size=20)


@given(BATCHES)
def test_minmax_is_the_hull_of_all_batches(batches: list[list[float]]) -> None:
    observer = Extremes(1, None)
    for low, high in batches:
        observer.add([(low, high)])
    assert observer.ranges() == [(min(low for low, _ in batches), max(high for _, high in batches))]


@given(BATCHES)
def test_a_moving_average_lies_among_what_it_averages(batches: list[list[float]]) -> None:
    observer = Extremes(1, 0.99)
    for low, high in batches:
        observer.add([(low, high)])
    ((low, high),) = observer.ranges()
    assert low >= min(one for one, _ in batches) - 1e-3
    assert high <= max(one for _, one in batches) + 1e-3


def test_a_moving_average_has_no_bias_towards_its_start() -> None:
    observer = Extremes(1, 0.99)
    for _ in range(5):
        observer.add([(-2.0, 6.0)])
    assert observer.ranges() == [(pytest.approx(-2), pytest.approx(6))]


def test_a_percentile_leaves_outliers_out_at_both_ends() -> None:
    observer = Percentiles(1, 99.0)
    observer.add([np.concatenate([np.linspace(-1, 1, 10_000), [1e6, -1e6]]).astype(np.float32)])
    ((low, high),) = observer.ranges()
    assert low == pytest.approx(-0.98, abs=0.01)
    assert high == pytest.approx(0.98, abs=0.01)


@settings(max_examples=20)
@given(st.lists(st.integers(1, RESERVOIR), min_size=2, max_size=5))
def test_a_sample_of_many_values_is_as_large_as_it_may_be_and_keeps_their_range(sizes: list[int]) -> None:
    observer = Percentiles(1, 99.9)
    for size in sizes:
        observer.add([np.linspace(0, 1, size, dtype=np.float32)])
    assert len(observer._kept[0]) == min(sum(sizes), RESERVOIR)
    ((low, high),) = observer.ranges()
    assert 0 <= low < high <= 1 or sum(sizes) < 10


def test_later_batches_count_as_much_as_early_ones() -> None:
    observer = Percentiles(1, 100.0)
    for value in range(4):
        observer.add([np.full(RESERVOIR, value, np.float32)])
    shares = np.bincount(observer._kept[0].astype(int), minlength=4) / RESERVOIR
    assert shares == pytest.approx([0.25] * 4, abs=0.02)


def test_an_array_without_values_has_no_finite_range() -> None:
    observer = Percentiles(1, 99.0)
    observer.add([np.empty([0, 4], np.float32)])
    assert not np.isfinite(observer.ranges()[0]).any()
