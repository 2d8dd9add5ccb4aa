"""Ops that functions of tf.nn, tf.math and tf.signal bring along: what real TF 2.15.1 and 2.21.0 made of them."""

import pytest

from minmax_lint.converters.example import Before, Net
from minmax_lint.converters.mlir.control_flow.loop_arguments import loop_graph
from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Function
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference
from minmax_lint.loaders.parse import parse
from minmax_lint.schema.messages import message_class
from minmax_lint.writers.graphdef import encode
from tests.converters.predicted import predicted_of, predicted_of_kept

BOTH = ("mlir-2.15", "mlir-2.21")
COMPLEX: dict[str, Attr] = {"T": DType.COMPLEX64}


def predicted(before: Before, name: str) -> Prediction:
    net = Net()
    return predicted_of(net, before(net), name)


def magnitude(n: Net, value: str) -> str:
    return n.op("ComplexAbs", value, T=DType.COMPLEX64, Tout=DType.FLOAT)


def numbers(n: Net) -> str:
    return n.op("Cast", n.x(2, 8), DstT=DType.COMPLEX64)


def sizes(n: Net) -> str:
    x = n.op("Elu", n.x(2, 8))
    made = n.op("ShapeN", n.op("Relu", x), x, N=2, out_type=DType.INT32)
    return n.op("Reshape", n.reshape(x, 16), f"{made}:1")


def scattered(n: Net) -> str:
    return n.op("ScatterNd", n.ints(1, 3, shape=[2, 1]), n.x(2, 4), n.ints(8, 4))


def random(n: Net) -> str:
    drawn = n.op("RandomStandardNormal", n.ints(1, 8), dtype=DType.FLOAT, T=DType.INT32)
    return n.fq(n.op("Mul", n.x(), n.op("AddV2", n.op("Mul", drawn, n.c(1.0)), n.c(0.0))))


def drawn_by_key(n: Net) -> str:
    key = n.op("StatelessRandomGetKeyCounter", n.ints(1, 2), Tseed=DType.INT32)
    return n.op("AddV2", n.x(), n.op("Cast", key, SrcT=DType.UINT64))


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("before", "op"),
    [
        (lambda n: magnitude(n, n.op("Sub", v := numbers(n), v, **COMPLEX)), "Sub"),
        (
            lambda n: magnitude(n, n.op("Transpose", numbers(n), n.ints(1, 0), **COMPLEX)),
            "Transpose",
        ),
        (drawn_by_key, "StatelessRandomGetKeyCounter"),
        (lambda n: n.op("Einsum", x := n.x(2, 3, 4), x, N=2, equation=b"bij,bij->b"), "Einsum"),
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
        (lambda n: n.op("Sum", n.sum(n.op("Elu", n.x(8)), keep_dims=False), n.ints(shape=[0])), "ELU SUM"),
        (random, "MUL RANDOM_STANDARD_NORMAL"),
        (lambda n: n.op("Elu", n.op("MulNoNan", n.op("Exp", n.x()), n.c(2.0))), "ELU EXP MUL"),
        (lambda n: n.op("Elu", n.op("RealDiv", n.c(1.0), n.op("Sqrt", n.x()))), "ELU RSQRT"),
    ],
)
def test_float_ops_are_those_of_the_real_model(before: Before, floats: str, name: str) -> None:
    found = predicted(before, name)
    assert sorted(op for op, _ in found.float_ops) == floats.split()
    assert found.verdict == ("float" if floats else "quantized")


def dense(n: Net) -> str:
    places = n.const("places", [0, 1, 2, 3], [2, 2], DType.INT32)
    given: dict[str, Attr] = {"validate_indices": True, "Tindices": DType.INT32}
    return n.op("SparseToDense", places, n.ints(4, 4), n.x(2), n.c(0.0), **given)


def padded(n: Net) -> str:
    sides: dict[str, Attr] = {"padding": b"EXPLICIT", "explicit_paddings": [0, 0, 0, 1, 0, 1, 0, 0]}
    given: dict[str, Attr] = {"strides": [1, 1, 1, 1], "dilations": [1, 1, 1, 1]}
    return n.op("Conv2D", n.image(), n.fq(n.weights(3, 3, 4, 4)), **sides, **given)


@pytest.mark.parametrize("name", [*BOTH, "mlir-2.21-v2", "toco-1.15", "toco-2.15"])
def test_sparse_to_dense_is_integer_between_fakequants(name: str) -> None:
    assert predicted(lambda n: n.fq(dense(n)), name).verdict == "quantized"


def test_toco_fuses_a_batch_norm_in_training_mode() -> None:
    def normalized(n: Net) -> str:
        none = n.const("none", [], [0])
        scale, offset = n.c(0.5, 0.25, shape=[4]), n.c(0.1, 0.2, shape=[4])
        given: dict[str, Attr] = {"is_training": True, "epsilon": 1e-3, "U": DType.FLOAT}
        convolution = n.conv(n.image(), n.fq(n.weights(3, 3, 4, 4)))
        return n.fq(n.op("FusedBatchNormV3", convolution, scale, offset, none, none, **given))

    assert predicted(normalized, "toco-2.15").verdict == "quantized"


def test_toco_reads_two_paddings() -> None:
    found = predicted(lambda n: n.fq(padded(n)), "toco-2.15")
    assert (found.verdict, found.kind) == ("abort", "other")
    assert found.message.endswith("Bad padding (only SAME and VALID are supported)")


@pytest.mark.parametrize(("ends", "op"), [((1, 4), "SLICE"), ((1,), "STRIDED_SLICE")])
def test_a_slice_of_some_dimensions_stays_a_strided_slice(ends: tuple[int, ...], op: str) -> None:
    def sliced(n: Net) -> str:
        bounds = n.ints(*[0] * len(ends)), n.ints(*ends), n.ints(*[1] * len(ends))
        return n.op("StridedSlice", n.op("Elu", n.x(2, 8)), *bounds)

    assert [name for name, _ in predicted(sliced, "mlir-2.21").float_ops] == ["ELU", op]


@pytest.mark.parametrize("name", [*BOTH, "mlir-2.15-v2", "mlir-2.21-v2"])
def test_scatter_nd_behind_a_fakequant_fails_in_its_verifier(name: str) -> None:
    found = predicted(scattered, name)
    assert (found.verdict, found.kind) == ("abort", "other")
    assert "'tfl.scatter_nd' op operand #1 must be tensor of 32-bit float" in found.message


def calling() -> Kept:
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
    return trace(graph, ["x"], ["y"])


@pytest.mark.parametrize("name", [*BOTH, "mlir-2.21-v2"])
def test_a_function_that_a_frozen_graph_calls_is_read_in_its_place(name: str) -> None:
    kept = calling()
    found = predicted_of_kept(kept, name)
    assert (found.verdict, [op for op, _ in found.float_ops]) == ("float", ["RELU", "ELU"])


def test_toco_names_arrays_of_a_function_after_the_call() -> None:
    kept = calling()
    found = predicted_of_kept(kept, "toco-2.15")
    assert (found.kind, found.array) == ("minmax", "call/Relu")


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


@pytest.mark.parametrize("op", ["AddV2", "Mul"])
@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.15-v2", "mlir-2.18", "mlir-2.21"])
def test_a_quantized_vector_stays_in_front_of_a_quantized_dense_layer(op: str, name: str) -> None:
    def normalized(n: Net) -> str:
        x = n.fq(n.op(op, n.fq(n.op("Relu", n.x())), n.c(0.5, 0.25, shape=[8])))
        return n.fq(n.op("BiasAdd", n.mat_mul(x, n.fq(n.weights(8, 4))), n.c(0.5, 0.25, shape=[4])))

    assert predicted(normalized, name).verdict == "quantized"


@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.18", "mlir-2.20", "mlir-2.21", "mlir-2.22"])
def test_a_product_of_fake_quantized_constants_is_folded(name: str) -> None:
    def scaled(n: Net) -> str:
        return n.op("AddV2", n.op("Exp", n.x()), n.op("Mul", n.fq(n.c(0.5, 0.25, shape=[8])), n.c(0.3)))

    assert [op for op, _ in predicted(scaled, name).float_ops] == ["EXP", "ADD"]


@pytest.mark.parametrize("ranged", [(0,), (3,), (0, 1, 2, 3)])
def test_a_batch_norm_whose_parameters_have_fakequants_stays_float(ranged: tuple[int, ...]) -> None:
    def normalized(n: Net) -> str:
        given = [n.c(value, shape=[4]) for value in (0.5, 0.25, 0.125, 1.0)]
        given = [n.fq(one) if slot in ranged else one for slot, one in enumerate(given)]
        x = n.fq(n.op("Relu", n.image()))
        normal = n.op("FusedBatchNormV3", x, *given, U=DType.FLOAT, is_training=False, epsilon=0.001)
        return n.op("Elu", normal)

    for name in (*BOTH, "mlir-2.15-v2", "mlir-2.21-v2"):
        assert [op for op, _ in predicted(normalized, name).float_ops] == ["MUL", "ADD", "ELU"]


@pytest.mark.parametrize("op", ["AddV2", "Mul", "Sub"])
def test_what_a_quantized_constant_makes_constant_is_folded_on_behind_its_fakequant(op: str) -> None:
    def computed(n: Net, *, integer: bool) -> str:
        vector = [n.c(first, second, shape=[8]) for first, second in ((0.5, 0.7), (0.4, 0.6), (0.1, 0.3))]
        inner = n.fq(vector[1]) if integer else n.op("Rsqrt", n.fq(vector[0]))
        product = n.op("Mul", vector[0] if integer else inner, inner if integer else vector[1])
        return n.op("AddV2", n.op("Exp", n.x()), n.op(op, vector[2], n.fq(product)))

    stays = {"AddV2": "ADD"}.get(op, op.upper())
    for name in (*BOTH, "mlir-2.15-v2", "mlir-2.20-v2"):
        folded = predicted(lambda n: computed(n, integer=False), name)
        assert [found for found, _ in folded.float_ops] == ["EXP", "ADD"]
        kept = predicted(lambda n: computed(n, integer=True), name)
        assert [found for found, _ in kept.float_ops] == [stays, "EXP", "ADD"]


@pytest.mark.parametrize(
    ("op", "values", "side", "expected"),
    [
        ("AddV2", (0.001,), 1, []),
        ("AddV2", (0.001,), 0, []),
        ("Sub", (0.001,), 1, []),
        ("AddV2", (0.5, -0.25), 1, []),
        ("AddV2", (0.5, -0.25), 0, ["FULLY_CONNECTED"]),
        ("Mul", (0.5, -0.25), 0, ["FULLY_CONNECTED"]),
        ("Mul", (0.001,), 0, ["FULLY_CONNECTED"]),
    ],
)
def test_a_quantized_constant_of_zeros_is_added_nowhere_and_another_is_fused_from_either_side(
    op: str, values: tuple[float, ...], side: int, expected: list[str]
) -> None:
    def biased(n: Net) -> str:
        operands = [n.fq(n.c(*values, shape=[4])), n.mat_mul(n.x(), n.weights())]
        return n.fq(n.op(op, operands[side], operands[1 - side]))

    for name in ("mlir-2.21", "mlir-2.21-v2"):
        assert [found for found, _ in predicted(biased, name).float_ops] == expected


@pytest.mark.parametrize("op", ["Conv2D", "DepthwiseConv2dNative"])
def test_a_convolution_of_an_image_of_unknown_rank_has_no_builtin(op: str) -> None:
    def convolved(n: Net) -> str:
        n.add("Placeholder", "input", after=(), dtype=DType.FLOAT)
        weights = n.fq(n.weights(3, 3, 4, 4))
        return n.fq(n.op(op, n.fq("input"), weights, strides=[1, 1, 1, 1], padding=b"SAME"))

    for name in (*BOTH, "mlir-2.15-v2", "mlir-2.21-v2"):
        answer = predicted(convolved, name)
        assert (answer.verdict, answer.op) == ("abort", op)
        assert "neither a custom op nor a flex op" in answer.message


def test_an_array_of_unknown_rank_is_normalized_over_its_last_axis() -> None:
    def normalized(n: Net) -> str:
        n.add("Placeholder", "input", after=(), dtype=DType.FLOAT)
        total = n.sum(n.op("Square", x := n.fq("input")))
        return n.fq(n.op("Mul", x, n.op("Rsqrt", n.op("Maximum", total, n.c(1e-6)))))

    for name in BOTH:
        assert predicted(normalized, name).verdict == "quantized"
