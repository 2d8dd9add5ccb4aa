"""Random graphs that repeat themselves: blocks of conv nets, sound and unsound ones, strung together."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph, graph_of
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.graphdef_index import index_nodes
from minmax_lint.schema.attributes import encode_node
from minmax_lint.writers.graphdef import record

CHANNELS = 2
SHAPE = [1, 4, 4, CHANNELS]
_CONV = {"strides": [1, 1, 1, 1], "padding": b"SAME", "data_format": b"NHWC"}
_POOL = {"ksize": [1, 3, 3, 1], "strides": [1, 1, 1, 1], "padding": b"SAME", "data_format": b"NHWC"}

Layer = Callable[[Builder, str, str, random.Random], str]


def random_chain(
    seed: int, blocks: int = 36, vary: str = "", *, from_bytes: bool = True
) -> tuple[Graph, tuple[str, ...]]:
    """A graph of `blocks` blocks as it is read from a file, and its outputs; its input is `input`.

    `vary`: which constants differ from block to block: `weights`, `ranges` or both. Where it is not `from_bytes`,
    its nodes have to be decoded to be compared.
    """
    choice = random.Random(seed)
    kinds = [_template(choice) for _ in range(choice.randint(1, 3))]
    order = [choice.choice(kinds) for _ in range(choice.randint(1, 3))] if choice.random() < 0.9 else []
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", SHAPE), -1, 1)
    if choice.random() < 0.2:
        x = b.add("Relu", "start", x)
    residual = choice.random() < 0.3
    before = x
    for number in range(blocks):
        template = order[number % len(order)] if order else choice.choice(kinds)
        here = template(b, f"net/block_{number}", x)
        if residual and number % 2:
            total = b.add("AddV2", f"net/block_{number}/sum", here, before)
            here = b.fake_quant(f"net/block_{number}/sum/quant", total, -6, 6)
            before = here
        x = here
    end = choice.random()
    if end < 0.3:
        x = b.add("Relu6", "end", x)
    elif end < 0.6:
        x = b.fake_quant("end/quant", b.add("Relu6", "end", x), 0, 6)
    if choice.random() < 0.3:
        _beside(b)
    graph = _varied(b.graph(), vary, choice)
    return as_read(graph) if from_bytes else graph, (x,)


def _varied(graph: Graph, vary: str, choice: random.Random) -> Graph:
    """The graph with other numbers in most of its constants, and odd ones in few."""
    odd, same = choice.choice([0.0, 0.0, 0.01]), choice.choice([0.0, 0.0, 0.01])
    nodes = []
    for node in graph:
        value = node.tensor()
        if value is not None and value.dtype is DType.FLOAT and choice.random() >= same:
            numbers = list(value.reals())
            if "weights" in vary and value.size > 1:
                numbers = [choice.uniform(-1, 1) for _ in numbers]
            if "ranges" in vary and value.size == 1:
                numbers = [choice.uniform(0.5, 1.5) * numbers[0]]
            if vary and choice.random() < odd:
                numbers = [choice.choice([0.0, math.nan, math.inf, -3.0, 1.0])] * value.size
            node = node._replace(attrs={**node.attrs, "value": Tensor.of(DType.FLOAT, value.shape, numbers)})
        nodes.append(node)
    return graph_of(nodes)


def _beside(b: Builder) -> None:
    """What no converter keeps: an op that waits for every node, and one that sums up what summaries read."""
    graph = b.graph()
    b.add("NoOp", "group_deps", after=graph.names)
    summaries = [name for name in graph.names if name.endswith("/summary")]
    if summaries:
        b.add("AddN", "summaries", *summaries, N=len(summaries))


def _template(choice: random.Random) -> Callable[[Builder, str, str], str]:
    layers = [choice.choice(_LAYERS) for _ in range(choice.randint(1, 3))]
    seed, low, high = choice.random(), choice.choice([0.0, -6.0, -6.0]), choice.choice([6.0, 6.0, 3.0])
    closed, dead = choice.random() < 0.95, choice.random() < 0.3

    def made(b: Builder, scope: str, x: str) -> str:
        own = random.Random(seed)
        for number, layer in enumerate(layers):
            x = layer(b, f"{scope}/{number}", x, own)
        if dead:
            b.add("Identity", f"{scope}/summary", x)
        return b.fake_quant(f"{scope}/quant", x, low, high) if closed else x

    return made


def _conv(b: Builder, scope: str, x: str, choice: random.Random) -> str:
    weights = b.const(f"{scope}/weights", [0.5, -0.5, 0.25, -0.125], [1, 1, CHANNELS, CHANNELS])
    if choice.random() < 0.85:
        weights = b.fake_quant(f"{scope}/weights/quant", weights, -1, 1, narrow_range=choice.random() < 0.7)
    x = b.add("Conv2D", f"{scope}/conv", x, weights, **_CONV)
    kind = choice.random()
    if kind < 0.6:
        x = b.add("BiasAdd", f"{scope}/bias", x, b.const(f"{scope}/b", [0.1, 0.2]), data_format=b"NHWC")
    elif kind < 0.8:
        vectors = [b.const(f"{scope}/norm/{name}", 0.5, [CHANNELS]) for name in "sovm"]
        x = b.add(
            "FusedBatchNorm",
            f"{scope}/norm",
            x,
            *vectors,
            epsilon=0.001,
            is_training=False,
            data_format=b"NHWC",
        )
    return b.add("Relu6", f"{scope}/relu6", x) if choice.random() < 0.7 else x


def _raw_residual(b: Builder, scope: str, x: str, choice: random.Random) -> str:
    raw = b.add("Relu", f"{scope}/raw", x)
    quantized = b.fake_quant(f"{scope}/raw/quant", raw, 0, 6)
    y = _conv(b, f"{scope}/inner", quantized, choice)
    y = b.fake_quant(f"{scope}/inner/quant", y, -6, 6)
    return b.add("Add", f"{scope}/sum", y, raw if choice.random() < 0.5 else quantized)


def _pool(b: Builder, scope: str, x: str, choice: random.Random) -> str:
    return b.add(choice.choice(["MaxPool", "AvgPool"]), f"{scope}/pool", x, **_POOL)


def _unary(b: Builder, scope: str, x: str, choice: random.Random) -> str:
    op = choice.choice(["Relu", "Elu", "Sigmoid", "Tanh", "Identity", "Square"])
    return b.add(op, f"{scope}/{op}", x)


def _inner_quant(b: Builder, scope: str, x: str, choice: random.Random) -> str:
    low, bits = choice.choice([(-1.0, 8), (0.0, 8), (0.5, 8), (-1.0, 16)])
    return b.fake_quant(f"{scope}/fq", x, low, 2.0, num_bits=bits)


def _joined(b: Builder, scope: str, x: str, choice: random.Random) -> str:
    left = b.fake_quant(f"{scope}/left/quant", b.add("Relu", f"{scope}/left", x), 0, choice.choice([3, 6]))
    both = b.add("ConcatV2", f"{scope}/concat", x, left, b.const(f"{scope}/axis", 1, dtype=_INT), N=2)
    both = b.fake_quant(f"{scope}/concat/quant", both, -6, 6)
    begin, size = (
        b.const(f"{scope}/{n}", v, [4], dtype=_INT) for n, v in (("at", [0, 0, 0, 0]), ("size", SHAPE))
    )
    return b.add("Slice", f"{scope}/slice", both, begin, size, Index=_INT)


_INT = DType.INT32
_LAYERS: list[Layer] = [*[_conv] * 6, _raw_residual, _pool, _unary, _inner_quant, _joined]


def as_read(graph: Graph) -> Graph:
    """The graph as its file would be read."""
    return Graph(index_nodes(b"".join(record(encode_node(node)) for node in graph)))
