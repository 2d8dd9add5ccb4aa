"""MobileNet v1 (224, width 1) as a frozen graph after tf.contrib.quantize: 4.2 million weights, 17 MB."""

import math
import random
from pathlib import Path

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.writers.graphdef import encode

INPUT = "input"
INPUT_SHAPE = (1, 224, 224, 3)
OUTPUT = "prob"

# Output channels and stride of the 13 depthwise separable blocks.
_BLOCKS = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)


def write(path: Path) -> Path:
    """Write the graph to `path` and return it."""
    path.write_bytes(graph_bytes())
    return path


def graph_bytes() -> bytes:
    """The serialized GraphDef. Every array has a range, so every converter makes an integer model."""
    net = _Net()
    array = net.layer("conv0", INPUT, (3, 3, 3, 32), stride=2)
    channels = 32
    for number, (units, stride) in enumerate(_BLOCKS, 1):
        array = net.layer(f"dw{number}", array, (3, 3, channels, 1), stride=stride, depthwise=True)
        array = net.layer(f"pw{number}", array, (1, 1, channels, units))
        channels = units
    net.head(array, channels)
    return encode(net.b.graph())


class _Net:
    def __init__(self) -> None:
        self.b = Builder()
        self.random = random.Random(1)
        self.b.placeholder(INPUT, INPUT_SHAPE)

    def layer(
        self, name: str, array: str, shape: tuple[int, ...], *, stride: int = 1, depthwise: bool = False
    ) -> str:
        """Convolution, bias, Relu6, FakeQuant."""
        b = self.b
        op = "DepthwiseConv2dNative" if depthwise else "Conv2D"
        attrs = {"strides": [1, stride, stride, 1], "dilations": [1, 1, 1, 1]}
        weights = self.weights(name, shape)
        product = b.add(op, f"{name}/{op}", array, weights, **attrs, padding=b"SAME", data_format=b"NHWC")
        channels = shape[2] if depthwise else shape[3]
        bias = b.const(f"{name}/bias", 0.1, [channels])
        summed = b.add("BiasAdd", f"{name}/BiasAdd", product, bias, data_format=b"NHWC")
        return b.fake_quant(f"{name}/act_quant", b.add("Relu6", f"{name}/Relu6", summed), 0.0, 6.0)

    def weights(self, name: str, shape: tuple[int, ...]) -> str:
        """Random weights behind their FakeQuant; the bytes are drawn so that every float is in (-1, 1)."""
        content = bytearray(self.random.randbytes(4 * math.prod(shape)))
        content[3::4] = bytes(0x3E | (byte & 0x80) for byte in content[3::4])
        tensor = Tensor(DType.FLOAT, shape, bytes(content))
        constant = self.b.add("Const", f"{name}/weights", dtype=DType.FLOAT, value=tensor)
        return self.b.fake_quant(f"{name}/weights_quant", constant, -1.0, 1.0, narrow_range=True)

    def head(self, array: str, channels: int) -> None:
        """Global pooling, 1 x 1 convolution to 1001 classes, softmax."""
        b = self.b
        pooled = b.add(
            "AvgPool",
            "pool",
            array,
            ksize=[1, 7, 7, 1],
            strides=[1, 1, 1, 1],
            padding=b"VALID",
            data_format=b"NHWC",
        )
        logits = self.layer("logits", pooled, (1, 1, channels, 1001))
        flat = b.add(
            "Reshape", "flat", logits, b.const("flat/shape", [1, 1001], dtype=DType.INT32), Tshape=DType.INT32
        )
        b.add("Softmax", OUTPUT, flat)
