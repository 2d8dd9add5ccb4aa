"""Ops that functions of tf.nn, tf.math and tf.signal bring along: what real TF 2.15.1 and 2.21.0 made of them."""

from __future__ import annotations

import pytest

from minmax_lint.converters.example import Before, Net
from minmax_lint.converters.mlir.control_flow.loop_arguments import loop_graph
from minmax_lint.converters.predict import predict
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import profile
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Function
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from minmax_lint.loaders.parse import parse
from minmax_lint.schema.messages import message_class
from minmax_lint.writers.graphdef import encode

BOTH = ("mlir-2.15", "mlir-2.21")
COMPLEX: dict[str, Attr] = {"T": DType.COMPLEX64}


def predicted(before: Before, name: str) -> Prediction:
    net = Net()
    output = before(net)
    kept = trace(net.graph(), ["input"], [output])
    return predict(kept, Inference(kept, {}), profile(name))


def magnitude(n: Net, value: str) -> str:
    return n.op("ComplexAbs", value, T=DType.COMPLEX64, Tout=DType.FLOAT)


def numbers(n: Net) -> str:
    return n.op("Cast", n.x(2, 8), SrcT=DType.FLOAT, DstT=DType.COMPLEX64)


def sizes(n: Net) -> str:
    x = n.op("Elu", n.x(2, 8))
    made = n.op("ShapeN", n.op("Relu", x), x, N=2, out_type=DType.INT32)
    return n.op("Reshape", n.reshape(x, 16), f"{made}:1")


def scattered(n: Net) -> str:
    return n.op("ScatterNd", n.ints(1, 3, shape=[2, 1]), n.x(2, 4), n.ints(8, 4), Tindices=DType.INT32)


def random(n: Net) -> str:
    drawn = n.op("RandomStandardNormal", n.ints(1, 8), dtype=DType.FLOAT, T=DType.INT32)
    return n.fq(n.op("Mul", n.x(), n.op("AddV2", n.op("Mul", drawn, n.c(1.0)), n.c(0.0))))


def drawn_by_key(n: Net) -> str:
    key = n.op("StatelessRandomGetKeyCounter", n.ints(1, 2), Tseed=DType.INT32)
    return n.op("AddV2", n.x(), n.op("Cast", key, SrcT=DType.UINT64, DstT=DType.FLOAT))


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("before", "op"),
    [
        (lambda n: magnitude(n, n.op("Sub", v := numbers(n), v, **COMPLEX)), "Sub"),
        (
            lambda n: magnitude(n, n.op("Transpose", numbers(n), n.ints(1, 0), Tperm=True, **COMPLEX)),
            "Transpose",
        ),
        (drawn_by_key, "StatelessRandomGetKeyCounter"),
    ],
)
def test_what_has_no_form_is_refused(before: Before, op: str, name: str) -> None:
    found = predicted(before, name)
    assert (found.verdict, found.kind, found.op) == ("abort", "other", op)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("before", "floats"),
    [
        (lambda n: magnitude(n, n.op("Mul", v := numbers(n), v, **COMPLEX)), "CAST COMPLEX_ABS"),
        (
            lambda n: magnitude(n, n.op("Reshape", numbers(n), n.ints(16), **COMPLEX)),
            "CAST COMPLEX_ABS",
        ),
        (sizes, "ELU"),
        (random, "MUL RANDOM_STANDARD_NORMAL"),
        (lambda n: n.op("Elu", n.op("MulNoNan", n.op("Exp", n.x()), n.c(2.0))), "ELU EXP MUL"),
        (lambda n: n.op("Elu", n.op("RealDiv", n.c(1.0), n.op("Sqrt", n.x()))), "ELU RSQRT"),
    ],
)
def test_float_ops_are_those_of_the_real_model(before: Before, floats: str, name: str) -> None:
    found = predicted(before, name)
    assert sorted(op for op, _ in found.float_ops) == floats.split()
    assert found.verdict == ("float" if floats else "quantized")


@pytest.mark.parametrize("name", [*BOTH, "mlir-2.15-v2", "mlir-2.21-v2"])
def test_scatter_nd_behind_a_fakequant_fails_in_its_verifier(name: str) -> None:
    found = predicted(scattered, name)
    assert (found.verdict, found.kind) == ("abort", "other")
    assert "'tfl.scatter_nd' op operand #1 must be tensor of 32-bit float" in found.message


@pytest.mark.parametrize("name", [*BOTH, "mlir-2.21-v2"])
def test_a_function_that_a_frozen_graph_calls_is_read_in_its_place(name: str) -> None:
    b = Builder()
    x = b.fake_quant("xq", b.placeholder("x", [1, 8]), -1, 1)
    b.fake_quant("y", b.add("PartitionedCall", "call", x, Tin=[DType.FLOAT], Tout=[DType.FLOAT]), -1, 1)
    message = message_class("GraphDef")()
    message.ParseFromString(encode(b.graph()))
    call = next(node for node in message.node if node.name == "call")
    call.attr["f"].func.name = "activation"
    function = message.library.function.add()
    function.signature.name = "activation"
    function.signature.input_arg.add(name="z", type=1)
    function.signature.output_arg.add(name="made", type=1)
    for number, op in enumerate(("Relu", "Elu")):
        node = function.node_def.add(name=op, op=op)
        node.input.append("z" if not number else "Relu:activations:0")
        node.attr["T"].type = 1
    function.ret["made"] = "Elu:activations:0"
    graph = parse(message.SerializeToString()).graph
    kept = trace(graph, ["x"], ["y"])
    found = predict(kept, Inference(kept, {}), profile(name))
    assert (found.verdict, [op for op, _ in found.float_ops]) == ("float", ["RELU", "ELU"])


def test_a_loop_reads_what_it_hands_on_behind_the_fakequant_around_it() -> None:
    outer = Net()
    elements = outer.x(4, 3)
    kept = trace(outer.graph(), ["input"], [elements])
    b = Builder()
    b.add("Elu", "made", b.placeholder("argument", [4, 3]))
    body = Function("loop body", b.graph(), {"argument": elements}, ("argument", "made"))
    graph = loop_graph(body, Inference(kept, {}))
    assert [(node.op, [edge.array for edge in node.inputs]) for node in graph if node.op in ("Elu",)] == [
        ("Elu", ["argument/FakeQuant"])
    ]
    assert graph.op("argument/FakeQuant") == kept.graph.op(elements)
