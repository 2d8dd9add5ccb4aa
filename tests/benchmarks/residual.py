"""Residual blocks whose filters have a range for each channel: 100 blocks of 128 channels, 2,600 nodes, 118 MB."""

import math
import random
from pathlib import Path

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.writers.graphdef import encode

INPUT_SHAPE = (1, 14, 14, 128)
OUTPUT = "output"
_BLOCKS = 100
_CHANNELS = 128
_FILTER = (3, 3, _CHANNELS, _CHANNELS)


def write(path: Path) -> Path:
    """Write the graph to `path` and return it. Every array has a range."""
    net = _Net()
    last = net.b.fake_quant("input/quant", net.b.placeholder("input", INPUT_SHAPE), -2, 1.984375)
    for number in range(_BLOCKS):
        last = net.block(f"block{number}", last, 1 + number / _BLOCKS)
    net.b.fake_quant(OUTPUT, net.b.add("Relu", "relu", last), 0, 6)
    path.write_bytes(encode(net.b.graph()))
    return path


class _Net:
    def __init__(self) -> None:
        self.b = Builder()
        self.random = random.Random(1)

    def block(self, name: str, last: str, width: float) -> str:
        """Convolution, Relu, convolution, sum."""
        b = self.b
        inner = b.add("Relu", f"{name}/relu", self._convolution(f"{name}/first", last))
        inner = b.fake_quant(f"{name}/relu/quant", inner, 0, 6 * width)
        inner = b.fake_quant(
            f"{name}/quant", self._convolution(f"{name}/second", inner), -6 * width, 6 * width
        )
        return b.fake_quant(
            f"{name}/sum/quant", b.add("AddV2", f"{name}/sum", inner, last), -6 * width, 6 * width
        )

    def _convolution(self, name: str, last: str) -> str:
        b = self.b
        weights = b.add("Const", f"{name}/weights", dtype=DType.FLOAT, value=self._floats(_FILTER))
        ends = [
            b.const(
                f"{name}/{end}", [sign * (1 + channel / 1024) for channel in range(_CHANNELS)], [_CHANNELS]
            )
            for end, sign in (("min", -1), ("max", 1))
        ]
        ranged = b.add(
            "FakeQuantWithMinMaxVarsPerChannel",
            f"{name}/weights/quant",
            weights,
            *ends,
            num_bits=8,
            narrow_range=True,
        )
        conv = b.add(
            "Conv2D",
            f"{name}/conv",
            last,
            ranged,
            strides=[1, 1, 1, 1],
            dilations=[1, 1, 1, 1],
            padding=b"SAME",
            data_format=b"NHWC",
        )
        bias = b.add("Const", f"{name}/bias", dtype=DType.FLOAT, value=self._floats((_CHANNELS,)))
        return b.add("BiasAdd", f"{name}/biased", conv, bias, data_format=b"NHWC")

    def _floats(self, shape: tuple[int, ...]) -> Tensor:
        """Random numbers in (-1, 1)."""
        raw = bytearray(self.random.randbytes(4 * math.prod(shape)))
        raw[3::4] = bytes(0x3E | (byte & 0x80) for byte in raw[3::4])
        return Tensor(DType.FLOAT, shape, bytes(raw))
