"""`merge`: arrays with a range for each channel, where a converter knows one range only."""

from collections.abc import Callable

import numpy as np
import pytest

import minmax_lint
from minmax_lint.graph.build import Builder
from minmax_lint.writers.graphdef import encode
from tests.fixes.running import MLIR, TOCO, both, fixed, image, verdicts
from tests.interpreters import tf215

pytestmark = pytest.mark.usefixtures("warm_tensorflow")


def by_channel(b: Builder, array: str, *highs: float) -> str:
    """A FakeQuant with a symmetric range for each of two channels."""
    bounds = b.const("low", [-high for high in highs], [2]), b.const("high", list(highs), [2])
    op, attrs = "FakeQuantWithMinMaxVarsPerChannel", {"num_bits": 8, "narrow_range": True}
    return b.add(op, "weights/quant", array, *bounds, **attrs)


def net(*highs: float) -> Builder:
    """A convolution whose weights have a symmetric range for each channel."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4, 4, 2]), -2, 2)
    weights = b.const("weights", [-1.0, 0.25, 0.5, 2.0], [1, 1, 2, len(highs)])
    weights = by_channel(b, weights, *highs)
    y = b.add("Conv2D", "conv", x, weights, strides=[1, 1, 1, 1], padding=b"SAME", data_format=b"NHWC")
    b.fake_quant("output", y, -6, 6)
    return b


def test_the_channels_get_the_union_of_their_ranges() -> None:
    patch = fixed(net(1.0, 2.0), "output", unsafe=True)
    assert patch.strategy == "merge"
    assert not patch.safe
    merged = patch.graph["weights/quant"]
    assert (merged.op, merged.real("min", 0), merged.real("max", 0)) == ("FakeQuantWithMinMaxArgs", -2.0, 2.0)
    assert merged.flag("narrow_range")
    assert verdicts(patch) == {TOCO: ("abort", "quantized"), MLIR: ("quantized", "quantized")}


def test_the_fake_quant_alone_is_blamed_and_the_finding_offers_it() -> None:
    errors = [found for found in _findings() if found.severity == "error"]
    assert [(found.code, found.node, found.fix and found.fix.strategy) for found in errors] == [
        ("MM401", "weights/quant", "merge")
    ]


def _findings() -> tuple[minmax_lint.Finding, ...]:
    return minmax_lint.lint(encode(net(1.0, 2.0).graph()), outputs=["output"], converters=[TOCO]).findings


@pytest.mark.parametrize("options", [{"unsafe": True, "converters": [MLIR]}, {}], ids=["mlir", "safe"])
def test_nothing_is_merged_for_mlir_or_without_leave(options: dict[str, object]) -> None:
    assert fixed(net(1.0, 2.0), "output", **options).empty


def test_ranges_of_channels_that_nobody_knows_are_not_merged() -> None:
    assert "merge" not in fixed(net(1.0, float("nan")), "output", unsafe=True).strategy


def activation(*highs: float) -> Builder:
    """An activation with a range for each channel."""
    b = Builder()
    x = b.placeholder("input", [1, 4, 4, 2])
    b.fake_quant("output", b.add("Relu6", "relu6", by_channel(b, x, *highs)), 0, 6)
    return b


def product(*highs: float) -> Builder:
    """A product whose weights have a range for each column: MLIR transposes them."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -2, 2)
    weights = by_channel(b, b.const("weights", [-1.0, 0.25, 0.5, 2.0, 0.0, 1.0, -0.5, 0.75], [4, 2]), *highs)
    b.fake_quant("output", b.add("MatMul", "product", x, weights), -6, 6)
    return b


@pytest.mark.parametrize("build", [activation, product])
@pytest.mark.parametrize("profile", ["mlir-2.15", "mlir-2.21", "mlir-2.15-v2", "mlir-2.21-v2"])
def test_mlir_gets_one_range_where_it_has_no_form_for_channels(
    build: Callable[..., Builder], profile: str
) -> None:
    """The real converters of 2.15 and 2.21 end at both nets as they are, and make integer models of the fixed ones."""
    b = build(1.0, 2.0)
    (error,) = (
        found
        for found in minmax_lint.lint(encode(b.graph()), outputs=["output"], converters=[profile]).findings
        if found.severity == "error"
    )
    assert error.fix is not None
    assert error.fix.strategy == "merge"
    patch = fixed(b, "output", converters=[profile], unsafe=True)
    assert (patch.strategy, patch.safe) == ("merge", False)
    assert verdicts(patch) == {profile: ("abort", "quantized")}
    assert fixed(b, "output", converters=[profile]).empty


@pytest.mark.slow
def test_values_change_by_the_coarser_rounding_only() -> None:
    patch = fixed(net(1.0, 2.0), "output", unsafe=True)
    (before,), (after,) = both(patch, {"input": image(1, 4, 4, 2)})
    np.testing.assert_allclose(after, before, atol=12 / 255 + 4 * 2 / 127)


@pytest.mark.slow
def test_toco_makes_an_integer_model_of_it() -> None:
    python = tf215()
    broken = encode(net(1.0, 2.0).graph())
    done = minmax_lint.convert(
        broken, outputs=["output"], engine="toco", fix=True, unsafe=True, python=python
    )
    assert done.patch is not None
    assert done.patch.strategy == "merge"
    assert (done.verdict, done.surprise) == ("quantized", None)
