"""`unroll`: products of many matrices, one by one."""

import numpy as np
import pytest

import minmax_lint
from minmax_lint.graph.build import Builder
from minmax_lint.writers.graphdef import encode
from tests.fixes.running import MLIR, TOCO, both, fixed, image, verdicts
from tests.interpreters import tf215

pytestmark = pytest.mark.usefixtures("warm_tensorflow")

BOTH = [TOCO, MLIR]


def net(*batch: int, constant: bool = True, quantized: bool = True, flip: bool = False) -> Builder:
    """The product of two branches, or of one and weights, with a FakeQuant behind it."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [*batch, 3, 3]), -2, 2)
    other = b.fake_quant("relu/quant", b.add("Relu", "relu", x), 0, 2)
    if constant:
        other = b.const("weights", [0.5, -0.25, 0.75], [*batch, 3, 3])
        other = b.fake_quant("weights/quant", other, -1, 1, narrow_range=True) if quantized else other
    b.fake_quant("output", b.add("BatchMatMulV2", "product", x, other, adj_x=flip, adj_y=flip), -12, 12)
    return b


@pytest.mark.slow
@pytest.mark.parametrize("batch", [(2,), (2, 3), (1, 4)])
@pytest.mark.parametrize("options", [{}, {"flip": True}, {"quantized": False}])
def test_each_matrix_gets_its_product_and_the_values_stay(
    batch: tuple[int, ...], options: dict[str, bool]
) -> None:
    patch = fixed(net(*batch, **options), "output", converters=[TOCO], unsafe=True)
    assert patch.strategy.split("+")[0] == "unroll"
    assert verdicts(patch) == {TOCO: ("abort", "quantized")}
    (before,), (after,) = both(patch, {"input": image(*batch, 3, 3)})
    np.testing.assert_allclose(after, before, atol=24 / 255 * 1.01)


def test_it_is_offered_and_makes_no_other_converter_worse() -> None:
    report = minmax_lint.lint(encode(net(2).graph()), outputs=["output"], converters=BOTH)
    (finding,) = (found for found in report.findings if found.severity == "error")
    assert (finding.code, finding.node, finding.fix and finding.fix.strategy) == (
        "MM110",
        "product",
        "unroll",
    )
    patch = fixed(net(2), "output", converters=BOTH, unsafe=True)
    assert verdicts(patch) == {TOCO: ("abort", "quantized"), MLIR: ("quantized", "quantized")}
    assert not patch.safe
    assert minmax_lint.fix(encode(patch.graph), outputs=["output"], converters=BOTH, unsafe=True).empty


def test_one_matrix_needs_nothing() -> None:
    assert fixed(net(1), "output", converters=[TOCO], unsafe=True).empty


def test_a_computed_right_operand_stays_and_nothing_is_offered() -> None:
    """TOCO would convert it, to a model of other values."""
    b = net(2, constant=False)
    patch = fixed(b, "output", converters=[TOCO], unsafe=True)
    assert "unroll" not in patch.strategy
    assert "A FakeQuant does not help product: the range is missed inside the op." in patch.reason
    report = minmax_lint.lint(encode(b.graph()), outputs=["output"], converters=[TOCO])
    assert all(found.fix is None for found in report.findings if found.severity == "error")


@pytest.mark.slow
def test_the_real_toco_makes_an_integer_model_of_the_same_values() -> None:
    found = minmax_lint.convert(
        encode(net(2, 3).graph()), {"input": [2, 3, 3, 3]}, ["output"],
        engine="toco", fix=True, unsafe=True, verify=True, python=tf215(),
    )  # fmt: skip
    assert found.verdict == "quantized"
    assert found.verification is not None
    assert found.verification.worst <= 1.51
