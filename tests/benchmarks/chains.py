"""Graphs of any size: a chain of quantized conv blocks, as TensorFlow 1 exports them, 16 nodes each.

A block reads a constant filter through Identity and FakeQuant, convolves, normalizes, clips at 6 and ends in
the FakeQuant of its activation; one Identity beside it is dead. Nodes carry what TensorFlow writes: `T`,
`dtype`, `_output_shapes`, `_class`. About 230 bytes a node, plus the weights.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.schema.attributes import encode_node
from minmax_lint.schema.messages import message_class
from minmax_lint.writers.graphdef import record

BLOCK = 16
_HERE, _BEFORE = "MobilenetV1/MobilenetV1/block_@@@@@@@", "MobilenetV1/MobilenetV1/block_#######"
_FILTER = struct.pack("<8f", 0.5, -0.5, 0.25, -0.25, 0.75, -0.125, 0.375, -0.75)
_HIGH = struct.pack("<f", 6.0)
_SIZE = 14


class Chain(NamedTuple):
    """A written graph and its endpoints."""

    path: Path
    input: str
    output: str


def write_chain(path: Path, nodes: int, weight_bytes: int = 0, *, distinct: bool = False) -> Chain:
    """Write a chain of about `nodes` nodes whose filters take about `weight_bytes` bytes in all.

    `distinct`: every block has weights and ranges of its own.
    """
    blocks = max(1, nodes // BLOCK)
    kernel, channels = (3, round((weight_bytes / blocks / 36) ** 0.5)) if weight_bytes else (1, 4)
    with path.open("wb") as file:
        for piece in _pieces(blocks, kernel, channels, distinct):
            file.write(piece)
    return Chain(path, "input", f"{block_name(blocks)}/act_quant/FakeQuantWithMinMaxVars")


def _pieces(blocks: int, kernel: int, channels: int, distinct: bool) -> Iterator[bytes]:
    shape = (1, _SIZE, _SIZE, channels)
    head = [
        Node("input", "Placeholder", attrs={"dtype": DType.FLOAT, "shape": shape}),
        *_quantized(f"{block_name(0)}/act_quant", "input", -1.0, 1.0),
    ]
    yield b"".join(record(encode_node(node)) for node in head)
    template = b"".join(record(encode_node(node)) for node in _block(kernel, channels, shape))
    for number in range(1, blocks + 1):
        block = template.replace(_HERE.encode(), block_name(number).encode()).replace(
            _BEFORE.encode(), block_name(number - 1).encode()
        )
        yield _varied(block, number / blocks) if distinct else block
    yield message_class("GraphDef")(versions={"producer": 27}).SerializeToString()


def _varied(block: bytes, share: float) -> bytes:
    """A block with other weights and ranges: `share`, from 0 to 1, is what they differ by."""
    weights = struct.pack("<8f", *(value * (1 - share / 4) for value in struct.unpack("<8f", _FILTER)))
    return block.replace(_FILTER, weights).replace(_HIGH, struct.pack("<f", 6 - share))


def block_name(number: int) -> str:
    """What the names of a block's nodes begin with."""
    return f"MobilenetV1/MobilenetV1/block_{number:07d}"


def _block(kernel: int, channels: int, shape: tuple[int, ...]) -> list[Node]:
    here, t = _HERE, {"T": DType.FLOAT, "_output_shapes": [shape]}
    count = kernel * kernel * channels * channels
    weights = Tensor(
        DType.FLOAT, (kernel, kernel, channels, channels), (_FILTER * (count // 8 + 1))[: 4 * count]
    )
    spread = [("gamma", 1.0), ("beta", 0.0), ("mean", 0.0), ("variance", 1.0)]
    return [
        _constant(f"{here}/weights", weights),
        _node(
            "Identity",
            f"{here}/weights/read",
            f"{here}/weights",
            **t,
            _class=[f"loc:@{here}/weights".encode()],
        ),
        *_quantized(f"{here}/weights_quant", f"{here}/weights/read", -1.0, 1.0, narrow=True),
        _node(
            "Conv2D",
            f"{here}/Conv2D",
            f"{_BEFORE}/act_quant/FakeQuantWithMinMaxVars",
            f"{here}/weights_quant/FakeQuantWithMinMaxVars",
            **t,
            strides=[1, 1, 1, 1],
            padding=b"SAME",
            data_format=b"NHWC",
        ),
        *(
            _constant(f"{here}/BatchNorm/{name}", Tensor.of(DType.FLOAT, [channels], [value]))
            for name, value in spread
        ),
        _node(
            "FusedBatchNorm",
            f"{here}/BatchNorm/FusedBatchNorm",
            f"{here}/Conv2D",
            *(f"{here}/BatchNorm/{name}" for name, _ in spread),
            **t,
            is_training=False,
            epsilon=1e-3,
            data_format=b"NHWC",
        ),
        _node("Relu6", f"{here}/Relu6", f"{here}/BatchNorm/FusedBatchNorm", **t),
        *_quantized(f"{here}/act_quant", f"{here}/Relu6", 0.0, 6.0),
        _node("Identity", f"{here}/summary", f"{here}/Relu6", **t),
    ]


def _quantized(name: str, array: str, low: float, high: float, *, narrow: bool = False) -> list[Node]:
    return [
        _constant(f"{name}/min", Tensor.of(DType.FLOAT, [], [low])),
        _constant(f"{name}/max", Tensor.of(DType.FLOAT, [], [high])),
        _node(
            "FakeQuantWithMinMaxVars",
            f"{name}/FakeQuantWithMinMaxVars",
            array,
            f"{name}/min",
            f"{name}/max",
            num_bits=8,
            narrow_range=narrow,
            _output_shapes=[()],
        ),
    ]


def _constant(name: str, value: Tensor) -> Node:
    return Node(name, "Const", attrs={"dtype": value.dtype, "value": value, "_output_shapes": [value.shape]})


def _node(op: str, name: str, *inputs: str, **attrs: Attr) -> Node:
    return Node(name, op, tuple(parse_edge(text) for text in inputs), attrs=attrs)
