"""`widen`: ranges without zero, or that hold no grid of values."""

import math

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import read_fake_quant
from tests.fixes.running import MLIR, TOCO, fixed, verdicts


def net(low: float, high: float, *, attrs: bool = False) -> Builder:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    y = b.add("Relu", "relu", b.dense("dense", x, 4, 3))
    if attrs:
        b.add("FakeQuantWithMinMaxArgs", "output", y, min=low, max=high, num_bits=8, narrow_range=False)
    else:
        b.fake_quant("output", y, low, high)
    return b


GIVEN = {"ranges": {"relu": (0.0, 5.0)}}


@pytest.mark.parametrize("attrs", [False, True])
@pytest.mark.parametrize(
    ("now", "options", "then"),
    [
        ((2.0, 6.0), {}, (0.0, 6.0)),
        ((-6.0, -2.0), {}, (-6.0, 0.0)),
        ((2.0, 6.0), GIVEN, (0.0, 5.0)),
        ((math.nan, math.nan), GIVEN, (0.0, 5.0)),
        ((6.0, 0.0), GIVEN, (0.0, 5.0)),
        ((0.0, math.inf), {"calibrated": {"relu": (0.5, 3.0)}}, (0.0, 3.0)),
        ((0.0, 0.0), {"default_range": (-6.0, 6.0)}, (-6.0, 6.0)),
    ],
)
def test_an_unsound_range_becomes_a_sound_one(
    now: tuple[float, float], options: dict[str, object], then: tuple[float, float], attrs: bool
) -> None:
    patch = fixed(net(*now, attrs=attrs), "output", unsafe=True, **options)
    assert patch.strategy == "widen"
    assert not patch.safe
    assert read_fake_quant(patch.graph, patch.graph["output"]).range == then


@pytest.mark.parametrize("now", [(math.nan, math.nan), (6.0, 0.0)])
def test_no_range_is_invented_for_one_that_says_nothing(now: tuple[float, float]) -> None:
    assert "widen" not in fixed(net(*now), "output", unsafe=True).strategy


def test_bounds_that_others_share_stay_for_them() -> None:
    b = Builder()
    low, high = b.const("low", 1.0), b.const("high", 3.0)
    x = b.placeholder("input", [1, 4])
    first = b.add("FakeQuantWithMinMaxVars", "first", x, low, high, num_bits=8, narrow_range=False)
    b.add("FakeQuantWithMinMaxVars", "output", b.dense("dense", first, 4, 3), low, high, num_bits=8)
    patch = fixed(b, "output", unsafe=True)
    assert patch.graph["low"].tensor().item() == 1.0
    assert {change.node for change in patch.changes if change.kind == "rewired"} == {"first", "output"}


@pytest.mark.parametrize("now", [(0.0, 6.0), (-1.0, 1.0)])
def test_a_sound_range_is_left_alone(now: tuple[float, float]) -> None:
    assert fixed(net(*now), "output", unsafe=True, **GIVEN).empty


def computed() -> Builder:
    """The largest value of the batch is the end of the range."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    y = b.add("Relu", "relu", b.dense("dense", x, 4, 3))
    most = b.add("Max", "most", y, b.const("axes", [0, 1], dtype=DType.INT32), keep_dims=False)
    b.add("FakeQuantWithMinMaxVars", "output", y, b.const("least", 0.0), most, num_bits=8, narrow_range=False)
    return b


def test_a_computed_range_becomes_the_given_one() -> None:
    patch = fixed(computed(), "output", unsafe=True, **GIVEN)
    assert patch.strategy == "widen"
    assert verdicts(patch) == {TOCO: ("abort", "quantized"), MLIR: ("abort", "quantized")}
    assert read_fake_quant(patch.graph, patch.graph["output"]).range == (0.0, 5.0)


def test_a_computed_range_stays_where_nobody_gives_one() -> None:
    assert fixed(computed(), "output", unsafe=True).empty
