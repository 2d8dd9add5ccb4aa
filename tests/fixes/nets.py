"""Quantized nets with gaps, of any size: what repairs are counted and timed on."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.rules.framework import model_subject

SHAPE = [1, 8, 8, 4]
_KERNEL = [0.5, -0.5, 0.25, -0.25] * 4
_NORM = {"gamma": 1.0, "beta": 0.25, "mean": 0.125, "variance": 1.0}


def _conv(b: Builder, name: str, array: str, *, per_channel: bool = False) -> str:
    weights = b.const(f"{name}/weights", _KERNEL, [1, 1, 4, 4])
    if per_channel:
        bounds = [b.const(f"{name}/{end}", [value] * 4, [4]) for end, value in (("min", -0.5), ("max", 0.5))]
        op, attrs = "FakeQuantWithMinMaxVarsPerChannel", {"num_bits": 8, "narrow_range": True}
        weights = b.add(op, f"{name}/weights/quant", weights, *bounds, **attrs)
    else:
        weights = b.fake_quant(f"{name}/weights/quant", weights, -0.5, 0.5, narrow_range=True)
    conv = b.add(
        "Conv2D", f"{name}/conv", array, weights, strides=[1, 1, 1, 1], padding=b"SAME", data_format=b"NHWC"
    )
    return b.add(
        "BiasAdd", f"{name}/biased", conv, b.const(f"{name}/bias", [0.1] * 4, [4]), data_format=b"NHWC"
    )


def plain(blocks: int) -> Builder:
    """Convolutions with Relu6, 14 nodes each; every third lacks its range, and the last FakeQuant stands outside."""
    b = Builder()
    array = b.fake_quant("input/quant", b.placeholder("input", SHAPE), -2, 1.984375)
    for block in range(blocks):
        name = f"block{block}"
        array = b.add("Relu6", f"{name}/relu", _conv(b, name, array))
        if block % 3:
            array = b.fake_quant(f"{name}/quant", array, 0, 6)
    output = b.add("Relu6", "output", _conv(b, "last", array))
    b.fake_quant("output/quant", output, 0, 6)
    return b


def residual(blocks: int) -> Builder:
    """Residual blocks with a range for each channel of the weights; every second sum lacks its range."""
    b = Builder()
    array = b.fake_quant("input/quant", b.placeholder("input", SHAPE), -2, 1.984375)
    for block in range(blocks):
        name = f"block{block}"
        inner = b.add("Relu6", f"{name}/relu", _conv(b, f"{name}/first", array, per_channel=True))
        inner = b.fake_quant(f"{name}/relu/quant", inner, 0, 6)
        inner = b.fake_quant(f"{name}/quant", _conv(b, f"{name}/second", inner, per_channel=True), -6, 6)
        array = b.add("AddV2", f"{name}/sum", inner, array)
        if block % 2:
            array = b.fake_quant(f"{name}/sum/quant", array, -6, 6)
    b.fake_quant("output", b.add("Relu6", "relu", array), 0, 6)
    return b


def unquantized(blocks: int) -> Builder:
    """Convolutions with batch norm and without any range; bytes 0 of all weights lie close together."""
    b = Builder()
    array = b.placeholder("input", SHAPE)
    for block in range(blocks):
        name = f"block{block}"
        weights = b.const(f"{name}/weights", [value * (1 + block / 512) for value in _KERNEL], [1, 1, 4, 4])
        array = b.add(
            "Conv2D",
            f"{name}/conv",
            array,
            weights,
            strides=[1, 1, 1, 1],
            padding=b"SAME",
            data_format=b"NHWC",
        )
        array = b.add(
            "FusedBatchNormV3",
            f"{name}/norm",
            array,
            *(b.const(f"{name}/{part}", [value] * 4, [4]) for part, value in _NORM.items()),
            U=DType.FLOAT,
            epsilon=0.001,
            is_training=False,
            data_format=b"NHWC",
        )
        array = b.add("Relu6", f"{name}/relu", array)
    b.add("Identity", "output", array)
    return b


NETS: dict[str, tuple[Callable[[int], Builder], int]] = {
    "plain": (plain, 75),
    "residual": (residual, 40),
    "unquantized": (unquantized, 105),
}
"""Name -> builder, and the blocks of a net of some 840 nodes."""


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Profile -> the predictions that are made inside."""
    found: Counter[str] = Counter()
    predict = model_subject.predict

    def counting(kept, inference, profile):
        found[profile.name] += 1
        return predict(kept, inference, profile)

    model_subject.predict = counting
    try:
        yield found
    finally:
        model_subject.predict = predict
