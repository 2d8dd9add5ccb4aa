"""Batch normalizations of many channels fold as those of few, though not all channels are computed."""

import pytest

from minmax_lint.graph.build import Builder
from tests.converters.predicted import predicted_of

CHANNELS = pytest.mark.parametrize("channels", [4, 80])


def normalized(b: Builder, x: str, name: str, channels: int, scale: float, offset: float) -> str:
    """Of which all channels but the first have that scale and that offset; the first is left as it is."""
    vectors = {"scale": [1.0, scale], "offset": [0.0, offset], "mean": [0.0, 0.0], "variance": [1.0, 1.0]}
    constants = [
        b.const(f"{name}/{which}", [first] + [rest] * (channels - 1), [channels])
        for which, (first, rest) in vectors.items()
    ]
    return b.add("FusedBatchNormV3", name, x, *constants, is_training=False, epsilon=0.0)


def image(b: Builder, channels: int) -> str:
    return b.fake_quant("input/quant", b.placeholder("input", [1, 2, 2, channels]), -1, 1)


@CHANNELS
@pytest.mark.parametrize(
    ("scale", "offset", "left"),
    [(1.0, 0.0, set()), (2.0, 0.0, {"MUL"}), (0.0, 0.0, {"MUL"}), (1.0, 0.5, {"ADD"})],
)
@pytest.mark.parametrize("name", ["toco-2.15", "mlir-2.15", "mlir-2.21"])
def test_only_what_changes_no_channel_goes(
    name: str, scale: float, offset: float, left: set[str], channels: int
) -> None:
    b = Builder()
    norm = normalized(b, image(b, channels), "norm", channels, scale, offset)
    b.fake_quant("y", b.add("Relu", "relu", norm), 0, 6)
    found = predicted_of(b, ["y"], name)
    assert (found.verdict, {op.op for op in found.ops} & {"MUL", "ADD"}) == ("quantized", left)


@CHANNELS
@pytest.mark.parametrize("other", [2.0, 3.0])
@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21"])
def test_only_equal_ones_are_one(name: str, other: float, channels: int) -> None:
    b = Builder()
    x = image(b, channels)
    norms = [
        normalized(b, x, f"norm{place}", channels, scale, 0.0) for place, scale in enumerate((2.0, other))
    ]
    b.add("Sub", "y", b.add("Relu", "relu", norms[0]), b.add("Elu", "elu", norms[1]))
    ops = [op.op for op in predicted_of(b, ["y"], name).ops]
    assert ops.count("MUL") == len({2.0, other})
