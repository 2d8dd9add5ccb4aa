"""Ranges that ops fix or hand on: the FakeQuant that a fix puts behind them never contradicts them."""

import pytest

import minmax_lint
from minmax_lint.fixes.bounds.fixed_by_ops import FIXED_BY_OPS
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.writers.graphdef import encode
from tests.fixes.running import fixed
from tests.fixes.test_insert import ranges_of
from tests.interpreters import tf215

pytestmark = pytest.mark.usefixtures("warm_tensorflow")

HEADS = ("Sigmoid", "Softmax", "Tanh")
CALIBRATED = {f"top_{head}": (0.0, 0.3) for head in HEADS} | {"top_logits": (0.5, 1.5), "logits": (-3.0, 2.5)}
"""What calibration sees behind top_k: a part of the range in front."""


def top_k(b: Builder, array: str) -> str:
    return b.add("TopKV2", f"top_{array}", array, b.const(f"k_{array}", 3, dtype=DType.INT32), sorted=True)


def heads() -> Builder:
    """Logits without a range, and the largest three of them and of three functions of them."""
    b = Builder()
    x = b.fake_quant("x/quant", b.placeholder("x", [1, 4]), -2, 1.984375)
    b.add(
        "BiasAdd", "logits", b.dense("dense", x, 4, 6), b.const("bias", [0.1] * 6, [6]), data_format=b"NHWC"
    )
    for head in HEADS:
        top_k(b, b.add(head, head, "logits"))
    top_k(b, "logits")
    return b


OUTPUTS = [f"top_{name}" for name in (*HEADS, "logits")]


def test_a_copy_gets_the_range_of_what_it_copies() -> None:
    patch = fixed(heads(), *OUTPUTS, unsafe=True, calibrated=CALIBRATED, converters=["toco"])
    found = {name.removesuffix("/unquantized"): value for name, value in ranges_of(patch).items()}
    assert found["top_logits"] == found["logits"] == (-3.0, 2.5)
    for head in HEADS:
        assert found[f"top_{head}"] == pytest.approx(tuple(FIXED_BY_OPS[head]))
        assert found.get(head) in (None, found[f"top_{head}"])


@pytest.mark.parametrize(
    "given", [{}, {"ranges": {"top_Softmax": (0.0, 0.25)}}], ids=["calibrated", "by-user"]
)
def test_not_even_a_given_range_contradicts_what_an_op_fixes(given: dict[str, object]) -> None:
    patch = fixed(heads(), "top_Softmax", unsafe=True, calibrated=CALIBRATED, converters=["toco"], **given)
    assert ranges_of(patch)["top_Softmax/unquantized"] == pytest.approx((0.0, 255 / 256))


def test_toco_makes_the_same_values_of_the_fixed_heads() -> None:
    found = minmax_lint.convert(
        encode(heads().graph()), {"x": [1, 4]}, OUTPUTS,
        engine="toco", fix=True, unsafe=True, calibrated=CALIBRATED, verify=True, python=tf215(),
    )  # fmt: skip
    assert found.verdict == "quantized"
    assert found.verification is not None
    assert found.verification.worst <= 3
