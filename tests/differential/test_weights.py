"""Which weights become int8 or float16 where no range is known: the models against TF 2.15 and 2.21.

All graphs are parts of one model, so that a flow of a version is one conversion.
"""

from collections.abc import Callable
from math import prod

import pytest

from minmax_lint.api import lint
from minmax_lint.converters.example import Net
from minmax_lint.converters.prediction import Prediction, Weights
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode
from tests.differential.forked import ForkServer
from tests.differential.weights import Form, found_in, predicted_by
from tests.interpreters import tf215, tf221

Part = Callable[["Parts"], str]
STRIDES: dict[str, Attr] = {"strides": [1, 1, 1, 1], "padding": b"SAME"}


class Parts(Net):
    """Several graphs in one: every input and every constant is new."""

    def x(self, *shape: int, dtype: DType = DType.FLOAT) -> str:
        """An input without a range."""
        return self.placeholder(self._name("x"), shape, dtype)

    def w(self, *shape: int) -> str:
        """A constant that no other constant equals."""
        first = len(self._nodes)
        return self.c(*((first + 37 * i) % 101 - 50.5 for i in range(prod(shape))), shape=shape)

    def matmul(self, left: str, right: str, *, tb: bool = False) -> str:
        """BatchMatMulV2."""
        return self.op("BatchMatMulV2", left, right, adj_x=False, adj_y=tb)

    def lookup(self, table: str, count: int, axis: int = 0) -> str:
        """GatherV2 with as many indices."""
        indices = self.x(count, dtype=DType.INT32)
        types = {"Taxis": DType.INT32, "Tindices": DType.INT32, "Tparams": DType.FLOAT}
        return self.op("GatherV2", table, indices, self.i(axis), batch_dims=0, **types)

    def depthwise(self, image: str, filters: str) -> str:
        """DepthwiseConv2dNative."""
        return self.op("DepthwiseConv2dNative", image, filters, **STRIDES)

    def transposed(self, image: str, filters: str, *sizes: int) -> str:
        """Conv2DBackpropInput with a stride of 2."""
        strides: dict[str, Attr] = {**STRIDES, "strides": [1, 2, 2, 1]}
        return self.op("Conv2DBackpropInput", self.ints(*sizes), filters, image, **strides)

    def bias(self, array: str, channels: int) -> str:
        """BiasAdd."""
        return self.op("BiasAdd", array, self.w(channels))


def _shared(p: Parts, use: Callable[[Parts, str], str]) -> str:
    return use(p, p.w(32, 32))


PARTS: dict[str, Part] = {
    "1024 weights": lambda p: p.mat_mul(p.x(1, 32), p.w(32, 32)),
    "1023 weights": lambda p: p.mat_mul(p.x(1, 31), p.w(31, 33)),
    "weights of the other order": lambda p: p.mat_mul(p.x(1, 32), p.w(32, 32), b=True),
    "a large bias": lambda p: p.bias(p.mat_mul(p.x(1, 1), p.w(1, 1100)), 1100),
    "a constant on the left": lambda p: p.matmul(p.w(2, 32, 32), p.x(2, 32, 4)),
    "a convolution": lambda p: p.bias(p.conv(p.x(1, 4, 4, 8), p.w(3, 3, 8, 16)), 16),
    "a small convolution": lambda p: p.conv(p.x(1, 4, 4, 31), p.w(1, 3, 31, 11)),
    "dilated": lambda p: p.op("Conv2D", p.x(1, 8, 8, 8), p.w(3, 3, 8, 16), dilations=[1, 2, 2, 1], **STRIDES),
    "depthwise": lambda p: p.depthwise(p.x(1, 4, 4, 128), p.w(3, 3, 128, 1)),
    "depthwise with a multiplier": lambda p: p.depthwise(p.x(1, 4, 4, 64), p.w(3, 3, 64, 2)),
    "transposed": lambda p: p.transposed(p.x(1, 4, 4, 16), p.w(3, 3, 8, 16), 1, 8, 8, 8),
    "transposed with bias": lambda p: p.bias(p.transposed(p.x(1, 4, 4, 16), p.w(3, 3, 8, 16), 1, 8, 8, 8), 8),
    "of three dimensions": lambda p: p.op(
        "Conv3D",
        p.x(1, 4, 4, 4, 8),
        p.w(3, 3, 3, 8, 8),
        strides=[1] * 5,
        padding=b"SAME",
        dilations=[1] * 5,
    ),
    "a batch of matrices": lambda p: p.matmul(p.x(2, 4, 32), p.w(2, 32, 32)),
    "a batch of transposed matrices": lambda p: p.matmul(p.x(2, 4, 32), p.w(2, 32, 32), tb=True),
    "a batch times one matrix": lambda p: p.matmul(p.x(2, 4, 32), p.w(32, 32)),
    "a table": lambda p: p.lookup(p.w(64, 32), 4),
    "a small table": lambda p: p.lookup(p.w(31, 33), 4),
    "as many rows as the table": lambda p: p.lookup(p.w(64, 32), 64),
    "more rows than the table": lambda p: p.lookup(p.w(64, 32), 100),
    "columns of a table": lambda p: p.lookup(p.w(64, 32), 4, axis=1),
    "numbers of a table": lambda p: p.lookup(p.w(2048), 4),
    "what a table feeds": lambda p: p.op("Relu", p.lookup(p.w(64, 32), 4)),
    "a slice of rows": lambda p: p.op("Slice", p.lookup(p.w(64, 32), 4), p.ints(0, 0), p.ints(2, 8)),
    "two lookups in one table": lambda p: _shared(
        p, lambda p, t: p.op("AddV2", p.lookup(t, 4), p.lookup(t, 4))
    ),
    "a table that is multiplied": lambda p: _shared(p, lambda p, t: p.mat_mul(p.lookup(t, 4), t, b=True)),
    "weights of two layers": lambda p: _shared(p, lambda p, w: p.mat_mul(p.mat_mul(p.x(1, 32), w), w)),
    "weights of two layers in two orders": lambda p: _shared(
        p, lambda p, w: p.mat_mul(p.mat_mul(p.x(1, 32), w), w, b=True)
    ),
    "weights that are added as well": lambda p: _shared(
        p, lambda p, w: p.op("AddV2", p.mat_mul(p.x(32, 32), w, b=True), w)
    ),
    "one-hot rows": lambda p: p.mat_mul(
        p.op("OneHot", p.x(4, dtype=DType.INT32), p.i(64), p.c(1.0), p.c(0.0), axis=-1, TI=DType.INT32),
        p.w(64, 32),
    ),
    "a large addend": lambda p: p.op("AddV2", p.x(32, 32), p.w(32, 32)),
    "a large part": lambda p: p.op("ConcatV2", p.x(32, 32), p.w(32, 32), p.i(0), N=2, Tidx=DType.INT32),
    "scalars": lambda p: p.op("Mul", p.op("AddV2", p.x(1, 8), p.c(0.375)), p.c(0.625)),
    "batch normalization": lambda p: p.op(
        "AddV2", p.op("Mul", p.conv(p.x(1, 4, 4, 8), p.w(3, 3, 8, 16)), p.w(16)), p.w(16)
    ),
    "weights that are computed": lambda p: p.mat_mul(
        p.x(1, 32), p.op("Reshape", p.op("Tanh", p.w(1024)), p.ints(32, 32))
    ),
}


def built(*names: str) -> tuple[bytes, dict[str, None], list[str]]:
    """The parts of these names in one graph, with its inputs and outputs."""
    parts = Parts()
    outputs = [PARTS[name](parts) for name in names]
    graph = parts.graph()
    return encode(graph), {node.name: None for node in graph if node.op == "Placeholder"}, outputs


def predicted(profile: str, *names: str) -> Prediction:
    data, inputs, outputs = built(*names)
    return lint(parse(data), inputs=inputs, outputs=outputs, converters=[profile]).predictions[profile]


@pytest.mark.parametrize("call", ["dynamic", "float16"])
@pytest.mark.parametrize("number", ["2.15", "2.21"])
def test_every_op_has_weights_of_the_converters_form(number: str, call: str) -> None:
    profile, python = f"mlir-{number}-{call}", tf215() if number == "2.15" else tf221()
    data, inputs, outputs = built(*PARTS)
    with ForkServer(python) as server:
        answer = server.answer(profile, data, inputs, outputs)
        real = found_in(server.model())
    found = predicted(profile, *PARTS)
    assert (answer["verdict"], answer["runs"], found.runs) == ("float", "ok", True)
    assert real == predicted_by(found)


INT8, PER_CHANNEL = Weights("int8", hybrid=True), Weights("int8", hybrid=True, per_channel=True)
STORED = Weights("int8")


@pytest.mark.parametrize(
    ("profile", "name", "forms"),
    [
        ("mlir-2.21-dynamic", "1024 weights", [("FULLY_CONNECTED", PER_CHANNEL)]),
        ("mlir-2.15-dynamic", "1024 weights", [("FULLY_CONNECTED", INT8)]),
        ("mlir-2.21-dynamic", "1023 weights", [("FULLY_CONNECTED", None)]),
        ("mlir-2.21-dynamic", "transposed", [("TRANSPOSE_CONV", PER_CHANNEL)]),
        ("mlir-2.15-dynamic", "transposed", [("TRANSPOSE_CONV", Weights("int8", per_channel=True))]),
        ("mlir-2.21-dynamic", "a table", [("GATHER", STORED)]),
        ("mlir-2.21-dynamic", "of three dimensions", [("CONV_3D", None)]),
        ("mlir-2.21-float16", "1023 weights", [("FULLY_CONNECTED", Weights("float16"))]),
    ],
)
def test_form_of_the_weights_of_one_op(profile: str, name: str, forms: list[Form]) -> None:
    assert [(op.op, op.weights) for op in predicted(profile, name).ops if op.computes] == forms


def test_a_lookup_that_picks_less_than_its_table_is_integer() -> None:
    found = predicted("mlir-2.21-dynamic", "a table")
    assert (found.verdict, [op.op for op in found.ops]) == ("quantized", ["GATHER", "DEQUANTIZE"])


def test_a_graph_with_fake_quants_is_quantized_by_them_in_place_of_its_weights() -> None:
    net = Net()
    output = net.fq(net.mat_mul(net.x(1, 32), net.fq(net.weights(32, 32))))
    profiles = ["mlir-2.21-dynamic", "mlir-2.21-float16"]
    report = lint(parse(encode(net.graph())), outputs=[output], converters=profiles)
    assert {one.verdict for one in report.predictions.values()} == {"quantized"}
    assert not any(one.weight_ops for one in report.predictions.values())
