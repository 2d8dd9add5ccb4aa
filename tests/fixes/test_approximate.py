"""`approximate`: functions without quantized form become piecewise linear, by no more than the repair says."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import minmax_lint
from minmax_lint.backends.conversion import Engine
from minmax_lint.fixes.bounds.elementwise import BINARY, UNARY, ElementFunction
from minmax_lint.fixes.edit.fake_quant import with_zero
from minmax_lint.fixes.repairs.pieces import LAST, TARGET, UNITS, Grid, pieces_of
from minmax_lint.graph.build import Builder
from minmax_lint.graph.fakequant import Range
from minmax_lint.writers.graphdef import encode
from tests.fixes.running import MLIR, TOCO, fixed, run, verdicts
from tests.interpreters import tf215, tf221

pytestmark = pytest.mark.usefixtures("warm_tensorflow")

SMOOTH = sorted(
    UNARY.keys() - {"Atanh", "Ceil", "Floor", "Inv", "Reciprocal", "Rint", "Round", "Sign", "Tan"}
)
OF_POSITIVE = ("Log", "Rsqrt", "Sqrt", "Inv")
CONSTANTS = {"Div": (1.5, None), "FloorDiv": (None, 0.7), "FloorMod": (None, 1.5), "Pow": (None, 1.5)}
CONSTANTS["RealDiv"] = CONSTANTS["Div"]
quickly = settings(max_examples=60, derandomize=True)
bounds = st.floats(0.0625, 12, width=32)


def net(*ops: str, low: float = -6.0, high: float = 6.0, shape: tuple[int, ...] = (1, 16, 16, 1)) -> Builder:
    """One input with a FakeQuant, and functions of it."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", shape), low, high)
    for op in ops:
        b.add(op, op.lower(), x)
    return b


def grid(low: float, high: float, shape: tuple[int, ...] = (1, 16, 16, 1)) -> np.ndarray:
    """All 256 values of the range, as an input."""
    return Grid.of(Range(low, high)).values().astype("float32").reshape(shape)


def stated(patch: minmax_lint.Patch) -> list[float]:
    """The errors that the patch announces, in output steps."""
    return [float(text) for text in re.findall(r"at most (\S+) output steps", patch.reason)]


@pytest.mark.parametrize("op", SMOOTH)
def test_the_values_are_within_one_step_of_the_function(op: str) -> None:
    low = 0.0 if op in OF_POSITIVE else -2.0
    b = net(op, low=low, high=2.5)
    patch = fixed(b, op.lower(), unsafe=True, converters=[TOCO])
    assert patch.strategy == "approximate"
    assert verdicts(patch) == {TOCO: ("abort", "quantized")}
    (error,) = stated(patch)
    assert error <= TARGET
    x = grid(low, 2.5)
    (found,) = run(encode(patch.graph), [op.lower()], {"input": x})
    expected = ElementFunction(op)(x.astype("float64"))
    finite = np.isfinite(expected)
    step = (max(found.max(), 0) - min(found.min(), 0)) / LAST
    assert np.abs(found - expected)[finite].max() / step <= error + 0.02


@quickly
@given(st.sampled_from([*UNARY, *BINARY]), bounds, bounds, st.booleans())
def test_over_any_range_the_error_is_what_is_stated(op: str, below: float, above: float, both: bool) -> None:
    function = ElementFunction(op, *CONSTANTS.get(op, ()))
    source = Grid.of(Range(-below if both else 0.0, above))
    values = function(source.values())
    values = values[np.isfinite(values)]
    assume(values.size and np.abs(values).max() < 1e30)
    pieces = pieces_of(function, source, with_zero(Range(float(values.min()), float(values.max()))))
    assert all(UNITS % ramp.width == 0 and ramp.start + ramp.width <= LAST for ramp in pieces.ramps)
    assert all(a.start + a.width <= b.start for a, b in zip(pieces.ramps, pieces.ramps[1:], strict=False))
    assert all(abs(ramp.rise / pieces.unit) <= 127.5 for ramp in pieces.ramps)
    x = np.arange(LAST + 1)
    heights = [np.clip((x - ramp.start) / ramp.width, 0, 1) * ramp.rise for ramp in pieces.ramps]
    result = Grid.of(pieces.target)
    total = np.clip(np.sum(heights, axis=0) + pieces.first, *result.range)
    wanted = np.clip(function(source.values()), *result.range)
    around = [function(source.values() + side * 1e-3 * source.step) for side in (-1, 1)]
    jumps = np.abs(np.subtract(*(np.clip(values, *result.range) for values in around))) > result.step / 4
    off = np.abs(total - wanted)[~np.isnan(wanted) & ~jumps & ~np.isnan(around).any(axis=0)]
    assert off.max(initial=0.0) / result.step <= pieces.error + 0.5


@pytest.mark.parametrize("shape", [(4,), (2, 3), (None, 5), (1, 2, 3), (None, 4, 4, 2), (1, 2, 3, 2, 2)])
def test_arrays_keep_their_shape(shape: tuple[int | None, ...]) -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", shape), -1, 1)
    b.add("Elu", "elu", x)
    patch = fixed(b, "elu", unsafe=True)
    assert verdicts(patch) == {TOCO: ("abort", "quantized"), MLIR: ("float", "quantized")}
    value = np.linspace(-1, 1, num=np.prod([size or 2 for size in shape]), dtype="float32")
    value = value.reshape([size or 2 for size in shape])
    (found,) = run(encode(patch.graph), ["elu"], {"input": value})
    assert found.shape == value.shape
    np.testing.assert_allclose(found, np.where(value < 0, np.expm1(value), value), atol=0.02)


def test_two_shapes_not_known_are_refused_with_the_reason() -> None:
    patch = fixed(net("Elu", shape=(None, None, 4)), "elu", unsafe=True)  # type: ignore[arg-type]
    assert "approximate" not in patch.strategy
    assert re.search("The shape of input/quant, which Elu .* reads, is not known", patch.reason)


def test_without_a_range_of_the_input_nothing_is_approximated() -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    b.fake_quant("output", b.add("Elu", "elu", b.add("Cumsum", "sum", x, b.const("axis", 1))), -1, 1)
    patch = fixed(b, "output", unsafe=True, converters=["mlir"])
    assert "approximate" not in patch.strategy
    assert "No range is known for sum, which Elu 'elu' reads" in patch.reason


def test_a_function_too_uneven_is_refused_with_the_reason() -> None:
    patch = fixed(net("Sin", low=-60.0, high=60.0), "sin", unsafe=True)
    assert patch.empty
    assert re.search(r"Sin 'sin' over \[-60.*\] is too uneven: \d+ linear pieces", patch.reason)


def test_a_safe_fix_approximates_nothing() -> None:
    assert fixed(net("Elu"), "elu").empty


def test_the_order_of_outputs_does_not_matter_and_a_second_fix_changes_nothing() -> None:
    b = net("Elu", "Exp")
    first, second = fixed(b, "elu", "exp", unsafe=True), fixed(b, "exp", "elu", unsafe=True)
    assert encode(first.graph) == encode(second.graph)
    assert minmax_lint.fix(encode(first.graph), outputs=list(first.outputs), unsafe=True).empty


@pytest.mark.parametrize("both", [True, False])
def test_two_results_that_are_added_stay_where_they_are_for_mlir(both: bool) -> None:
    """MLIR would add in front of the reshapes, and then find two ranges."""
    b = net("Elu", shape=(1, 4, 4, 3))
    other = b.add("Softplus", "softplus", "input/quant") if both else "elu"
    b.fake_quant("output", b.add("AddV2", "sum", "elu", other), -1, 12)
    patch = fixed(b, "output", unsafe=True, converters=[TOCO, "mlir-2.15", MLIR])
    assert {after for _, after in verdicts(patch).values()} == {"quantized"}


@pytest.mark.parametrize(("engine", "python"), [("toco", tf215), ("mlir", tf215), ("mlir", tf221)])
def test_the_real_converters_make_integer_models_as_near_as_stated(
    engine: Engine, python: type[Path]
) -> None:
    ops = ["Elu", "Sin", "Softplus"]
    ops += (
        ["Exp", "Sqrt"] if engine == "toco" else []
    )  # MLIR has 8-bit forms of them, and no interpreter runs those
    b = net(*ops, low=0.0, high=6.0)
    outputs = list(map(str.lower, ops))
    found = minmax_lint.convert(
        encode(b.graph()), {"input": [1, 16, 16, 1]}, outputs, engine=engine, fix=True, unsafe=True,
        stats={"input": (0, 255 / 6)}, verify=True, python=python(),
    )  # fmt: skip
    assert found.verdict == "quantized"
    assert found.surprise is None
    assert found.verification is not None
    assert found.patch is not None
    errors = [one.max_error for one in found.verification.of("original", "model")]
    assert max(errors) <= max(stated(found.patch)) + 0.02 <= TARGET + 0.02
