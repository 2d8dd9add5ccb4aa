"""What MLIR makes of float graphs after training: measured with TF 2.15.1 and 2.21."""

from collections.abc import Callable
from typing import Any

import pytest

from minmax_lint.api import lint
from minmax_lint.converters.call import BUILTINS, BUILTINS_16X8, BUILTINS_INT8, ConverterCall
from minmax_lint.converters.example import Net
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.releases import dotted
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.loaders.parse import parse
from minmax_lint.workflows.opened import open_model
from minmax_lint.writers.graphdef import encode
from tests.converters.predicted import predicted_of

Graph = Callable[[Builder], str]
SHAPE = (1, 4, 4, 4)
STOPS = "quantized, does not run"
CALLS = ("int8", "16x8-fallback", "16x8", "dynamic", "float16")


def rectified(b: Builder) -> str:
    """RELU has a form in every quantizer."""
    return b.add("Relu", "y", "x")


def square_before_minimum(b: Builder) -> str:
    """MINIMUM shares the range of its operand, which SQUARE leaves float: in int8 both are."""
    return b.add("Minimum", "y", b.add("Square", "square", "x"), b.const("six", 6.0))


def compared_integers(b: Builder) -> str:
    """The legacy quantizer asks for ranges of a comparison's integers, and there are none."""
    indices = b.placeholder("indices", [4], DType.INT32)
    return b.add("Equal", "y", indices, b.const("two", 2, dtype=DType.INT32), T=DType.INT32)


def tiled(b: Builder) -> str:
    """TILE becomes int16, and has no kernel for it."""
    return b.add("Tile", "y", "x", b.const("times", [1, 1, 2, 1], dtype=DType.INT32), Tmultiples=DType.INT32)


def padded_with_one(b: Builder) -> str:
    """PADV2 keeps its constant in float between integers of 16 bits."""
    sizes = b.const("sizes", [0, 0, 1, 1, 1, 1, 0, 0], [4, 2], DType.INT32)
    return b.add("PadV2", "y", "x", sizes, b.const("one", 1.0), Tpaddings=DType.INT32)


def not_a_number(b: Builder) -> str:
    """IsNan is NOT_EQUAL, which has no integer form here."""
    return b.add("IsNan", "y", "x")


def reversed_axis(b: Builder) -> str:
    """A slice with steps backwards is no slice of everything."""
    bounds = [b.const(name, v, dtype=DType.INT32) for name, v in (("begin", [0, -1]), ("end", [0, -9]))]
    steps = b.const("steps", [1, -1], dtype=DType.INT32)
    return b.add("StridedSlice", "y", "x", *bounds, steps, Index=DType.INT32, begin_mask=3, end_mask=3)


def slice_beside_maximum(b: Builder) -> str:
    """MAXIMUM gives x its scale after the driver has met the SLICE, which is put in front of the dequantize."""
    b.add("Slice", "z", "x", *_slice(b, [1, 4, 4, 2]), Index=DType.INT32)
    return b.add("Softmax", "y", b.add("Maximum", "maximum", "x", b.const("half", [0.5] * 4)))


def transpose_beside_maximum(b: Builder) -> str:
    """The same with TRANSPOSE, which makes nothing smaller: it stays behind the dequantize."""
    b.add("Transpose", "z", "x", b.const("order", [0, 2, 3, 1], dtype=DType.INT32), Tperm=DType.INT32)
    return b.add("Softmax", "y", b.add("Maximum", "maximum", "x", b.const("half", [0.5] * 4)))


def index_in_front_of_sine(b: Builder) -> str:
    """Of the readers of a calibrated array the last is asked first: where SIN stays float, ARG_MAX does as well."""
    return _beside(b, "ArgMax", "Sin")


def sine_in_front_of_index(b: Builder) -> str:
    """ARG_MAX is integer before SIN is asked."""
    return _beside(b, "Sin", "ArgMax")


def _beside(b: Builder, *ops: str) -> str:
    for op, name in zip(ops, "yz", strict=True):
        axis = (b.const("axis", 1, dtype=DType.INT32),) if op == "ArgMax" else ()
        b.add(op, name, "x", *axis, output_type=DType.INT64)
    return "y"


def _slice(b: Builder, size: list[int]) -> list[str]:
    return [b.const(name, v, dtype=DType.INT32) for name, v in (("begin", [0] * 4), ("size", size))]


def nothing_is_left(b: Builder) -> str:
    """An array minus itself is 0: up to 2.16 the kernel of SUB ends the process at such a range."""
    return b.add("Sub", "y", "x", "x")


def squared_nothing(b: Builder) -> str:
    """The kernel of SQUARED_DIFFERENCE still does."""
    return b.add("SquaredDifference", "y", "x", "x")


def computed_filter(b: Builder) -> str:
    """The quantizer for 16x8 refused a filter that is no constant up to 2.16; the kernel for int8 still does."""
    return b.add("Conv2D", "y", "x", b.placeholder("w", [3, 3, 4, 4]), strides=[1] * 4, padding=b"SAME")


def computed_depthwise_filter(b: Builder) -> str:
    """DEPTHWISE_CONV_2D takes a filter with a zero point."""
    filters = b.placeholder("w", [3, 3, 4, 1])
    return b.add("DepthwiseConv2dNative", "y", "x", filters, strides=[1] * 4, padding=b"SAME")


def computed_weights(b: Builder) -> str:
    """FULLY_CONNECTED takes no weights of 16 bits."""
    rows = b.add("Reshape", "rows", "x", b.const("sizes", [16, 4], dtype=DType.INT32), Tshape=DType.INT32)
    return b.add("MatMul", "y", rows, b.placeholder("w", [5, 4]), transpose_a=False, transpose_b=True)


def trained_range(b: Builder) -> str:
    """The quantizer for 16x8 dequantizes in front of the DEQUANTIZE of a FakeQuant."""
    return b.add("Relu", "y", b.fake_quant("range", "x", -1, 1))


def fixed_range_behind_a_trained_one(op: str) -> Graph:
    """The range that the op fixes has 16 bits in 16x8, and what it reads has the 8 of a FakeQuant."""

    def graph(b: Builder) -> str:
        return b.add(op, "y", b.fake_quant("range", "x", -1, 1))

    return graph


def normalized_trained_range(b: Builder) -> str:
    """The calibration runs L2_NORMALIZATION in the 16 bits of its fixed range, which the kernel does not take."""
    x = b.fake_quant("range", "x", -1, 1)
    axis = b.const("axis", [3], [1], DType.INT32)
    total = b.add("Sum", "sum", b.add("Square", "square", x), axis, Tidx=DType.INT32, keep_dims=True)
    return b.add(
        "Mul", "y", x, b.add("Rsqrt", "rsqrt", b.add("Maximum", "most", total, b.const("least", 1e-12)))
    )


def index_of_a_shared_array(b: Builder) -> str:
    """ARG_MAX reads what RELU made int16, and takes it in 8 bits only."""
    b.add("ArgMax", "y", "x", b.const("axis", 1, dtype=DType.INT32), output_type=DType.INT64)
    b.add("Relu", "z", "x")
    return "y"


def compared_with_a_subtracted_constant(b: Builder) -> str:
    """SUB makes the constant int16 that GREATER, which it leaves float, has read in float before."""
    half, made = b.const("half", 0.5), b.add("Tanh", "tanh", "x")
    b.add("Greater", "y", made, half)
    b.add("Sub", "z", half, made)
    return "y"


def softmax_of_nothing(b: Builder) -> str:
    """The steps of SOFTMAX are so small that the kernel of SUB takes an empty range of their difference."""
    b.add("Softmax", "softmax", "x")
    return b.add("Sub", "y", "softmax", "softmax")


def negated_shared_array(b: Builder) -> str:
    """NEG runs on what is half int16 from 2.20 on."""
    b.add("Neg", "y", "x")
    b.add("Relu", "z", "x")
    return "y"


def tiled_once(b: Builder) -> str:
    """TILE goes where it repeats nothing."""
    times = b.const("times", [1, 1, 1, 1], dtype=DType.INT32)
    return b.add("Relu", "y", b.add("Tile", "tile", "x", times, Tmultiples=DType.INT32))


def added_by_scattering(b: Builder) -> str:
    """TensorScatterAdd is lowered to two SCATTER_NDs of sums, which 16x8 makes int16."""
    rows = b.add("Reshape", "rows", "x", b.const("sizes", [16, 4], dtype=DType.INT32), Tshape=DType.INT32)
    places = b.const("places", [0, 2], [2, 1], DType.INT32)
    updates = b.const("updates", [0.5, 1.0], [2, 4])
    return b.add("TensorScatterAdd", "y", rows, places, updates, Tindices=DType.INT32)


def summed_fixed_ranges(b: Builder) -> str:
    """ADD_N puts one scale on what it reads; the requantizations for it go where it stays float (RemoveVolatileOps)."""
    x = b.add("Abs", "abs", "x")
    return b.add("AddN", "y", x, b.add("Tanh", "tanh", x), b.add("Sigmoid", "sigmoid", x), N=3)


def divided_by_an_image(b: Builder) -> str:
    """DIV is integer from 2.20 on, and its kernel refuses a divisor whose integer is 0: the data decides."""
    return b.add("RealDiv", "y", "x", b.placeholder("divisor", [1, 4, 4, 4]))


def divided_by_constants(b: Builder) -> str:
    """A comparison of constants is folded, and the selection behind it goes: group normalization of Keras 2."""
    return b.add("DivNoNan", "y", "x", b.const("counts", [64.0, 32.0, 16.0, 8.0]))


def subtracted_from_zeros(b: Builder) -> str:
    """The shift of an untrained normalization: in 16x8 its scale is 0, and the kernel of SUB ends the process at it."""
    return b.add("Sub", "y", b.const("beta", [0.0] * 4), b.add("Relu", "positive", "x"))


def gelu(b: Builder) -> str:
    """GELU has a kernel of int16 from 2.20 on."""
    scaled = b.add("Mul", "scaled", "x", b.const("root", 0.70710678))
    grown = b.add("AddV2", "grown", b.add("Erf", "erf", scaled), b.const("one", 1.0))
    return b.add("Mul", "y", b.add("Mul", "halved", b.const("half", 0.5), "x"), grown)


_INPUT = "Unsupported input type INT16 for input tensor 0 of type FLOAT32."
_OUTPUT = "Unsupported output type INT16 for output tensor 'y' of type FLOAT32."
EXPECTED: dict[Graph, tuple[str, str, str]] = {
    rectified: ("quantized", "quantized", "quantized"),
    square_before_minimum: ("SQUARE MINIMUM", "SQUARE", "abort: unsupported-op"),
    compared_integers: ("quantized", "abort: minmax indices", "abort: minmax indices"),
    tiled: ("quantized", STOPS, STOPS),
    padded_with_one: ("quantized", "PADV2, does not run", "PADV2, does not run"),
    not_a_number: ("NOT_EQUAL", "NOT_EQUAL", "abort: unsupported-op"),
    reversed_axis: ("quantized", "quantized", "quantized"),
    slice_beside_maximum: ("quantized", "quantized", "quantized"),
    transpose_beside_maximum: ("TRANSPOSE", "quantized", "quantized"),
    index_in_front_of_sine: ("ARG_MAX SIN", "ARG_MAX SIN", "abort: unsupported-op"),
    sine_in_front_of_index: ("SIN", "SIN ARG_MAX", "abort: unsupported-op"),
    squared_nothing: (STOPS, STOPS, STOPS),
    computed_weights: ("quantized", STOPS, STOPS),
    trained_range: ("quantized", STOPS, "abort: unsupported-op"),
    normalized_trained_range: ("quantized", "abort: other", "abort: other"),
    index_of_a_shared_array: ("quantized", STOPS, "abort: unsupported-op"),
    compared_with_a_subtracted_constant: ("quantized", "GREATER, does not run", "abort: unsupported-op"),
    tiled_once: ("quantized", "quantized", "quantized"),
    added_by_scattering: ("quantized", STOPS, STOPS),
    subtracted_from_zeros: ("quantized", STOPS, STOPS),
    summed_fixed_ranges: ("ADD_N", "ADD_N", "abort: unsupported-op"),
}
"""Graph -> what comes of it in int8, 16x8-fallback and 16x8."""


TWO_WIDTHS = {
    "Softmax": "'tfl.softmax' op failed to verify that input and output must have same element type",
    "Tanh": "'tfl.tanh' op failed to verify that input and output must have same element type",
    "Sigmoid": "'tfl.logistic' op failed to verify that x and y must have same element type",
    "LogSoftmax": "'tfl.log_softmax' op failed to verify that x and y must have same element type",
}
"""TensorFlow op that fixes its range -> what MLIR says of it behind a FakeQuant in 16x8 (2.15 and 2.21 measured)."""


@pytest.mark.parametrize(
    "profile",
    ["mlir-2.15", "mlir-2.21", "mlir-2.15-v2", "mlir-2.21-v2", "mlir-2.21-int8", "mlir-2.21-16x8-fallback"],
)
@pytest.mark.parametrize("quantized", [False, True])
def test_rows_looked_up_in_front_of_a_fake_quant_end_the_conversion(profile: str, quantized: bool) -> None:
    """ONE_HOT rows times weights become EMBEDDING_LOOKUP, which has a quantized type in calibrated models alone."""
    b = Builder()
    numbers = b.placeholder("x", [2, 4], DType.INT32)
    depth, on, off = b.const("depth", 8, dtype=DType.INT32), b.const("on", 1.0), b.const("off", 0.0)
    rows = b.add("OneHot", "rows", numbers, depth, on, off, axis=-1, TI=DType.INT32)
    y = b.add("BatchMatMulV2", "y", rows, b.const("table", [place / 48 for place in range(48)], [8, 6]))
    b.add("Relu", "z", b.fake_quant("range", y, -1, 1) if quantized else y)
    found = lint(parse(encode(b.graph())), {"x": [2, 4]}, ["z"], [profile]).predictions[profile]
    usual = "quantized" if profile.endswith("-int8") else "float"
    assert found.verdict == ("abort" if quantized else usual)
    assert (
        "'tfl.embedding_lookup' op result #0 must be tensor of 32-bit float" in found.message or not quantized
    )


@pytest.mark.parametrize("version", ["2.15", "2.21"])
@pytest.mark.parametrize("op", TWO_WIDTHS)
def test_an_op_that_fixes_its_range_ends_16x8_behind_a_fake_quant(op: str, version: str) -> None:
    found = predictions(fixed_range_behind_a_trained_one(op), version)
    assert answer(found["int8"]) == "quantized"
    for call in ("16x8-fallback", "16x8"):
        assert (answer(found[call]), found[call].message) == ("abort: other", TWO_WIDTHS[op])


@pytest.mark.parametrize("version", ["2.15", "2.21"])
@pytest.mark.parametrize("graph", EXPECTED, ids=lambda graph: graph.__name__)
def test_each_quantizer_decides_as_the_real_one(graph: Graph, version: str) -> None:
    found = predictions(graph, version)
    answers = tuple(answer(found[call]) for call in ("int8", "16x8-fallback", "16x8"))
    assert answers == EXPECTED[graph], graph.__doc__


AS_CALLED: dict[Graph, tuple[str, str, str, str]] = {
    rectified: ("quantized", "quantized", "quantized", "quantized"),
    square_before_minimum: ("SQUARE", "Quantization not yet supported for op: 'SQUARE'.", _INPUT, "SQUARE"),
    not_a_number: ("quantized", "quantized", _INPUT, "NOT_EQUAL"),
    transpose_beside_maximum: ("quantized", "quantized", "quantized", "quantized"),
    summed_fixed_ranges: ("ADD_N", "Quantization not yet supported for op: 'ADD_N'.", "ADD_N", _OUTPUT),
    trained_range: (
        "quantized",
        "Quantization not yet supported for op: 'DEQUANTIZE'.",
        "quantized",
        "quantized",
    ),
}
"""Graph -> what comes of it in int8 with experimental_new_quantizer=False, with TFLITE_BUILTINS_INT8 alone as well, and
in 16x8-fallback with int16 inputs, and with int16 outputs."""
OLD = {"experimental_new_quantizer": False}
SIXTEEN = {"supported_ops": frozenset({BUILTINS, BUILTINS_16X8})}
FLAGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("int8", OLD),
    ("int8", OLD | {"supported_ops": frozenset({BUILTINS_INT8})}),
    ("16x8-fallback", SIXTEEN | {"inference_input_type": "int16"}),
    ("16x8-fallback", SIXTEEN | {"inference_output_type": "int16"}),
)


@pytest.mark.parametrize("version", [(2, 15), (2, 21)])
@pytest.mark.parametrize("graph", AS_CALLED, ids=lambda graph: graph.__name__)
def test_the_legacy_quantizer_is_asked_as_the_call_asks_it(graph: Graph, version: tuple[int, int]) -> None:
    b = Builder()
    b.placeholder("x", SHAPE)
    model = parse(encode(_ended(b, graph)))
    answers = []
    for mode, flags in FLAGS:
        call = ConverterCall(
            "x", "tf2", optimizations=True, representative_dataset=True, tensorflow=version, **flags
        )
        report = open_model(model, {"x": SHAPE}, ["y"], calls=[call]).lint()
        found = report.predictions[f"mlir-{dotted(version)}-{mode}"]
        floats = " ".join(name for name, _ in found.float_ops)
        answers.append(found.message if found.verdict == "abort" else floats or found.verdict)
    assert tuple(answers) == AS_CALLED[graph], graph.__doc__


@pytest.mark.parametrize(
    ("shape", "axes", "verdict"),
    [([1, 2, 3, 4, 5], 2, "abort"), ([2, 3, 4, 5], 3, "abort"), ([1, 2, 3, 4], 2, "quantized")],
)
@pytest.mark.parametrize("call", ["int8", "16x8-fallback", "16x8"])
def test_calibration_in_221_slices_five_dimensions_at_most(
    call: str, shape: list[int], axes: int, verdict: str
) -> None:
    """Measured with twenty graphs in TF 2.12, 2.15, 2.17 to 2.22."""
    b = Builder()
    rank = axes.bit_length()
    bounds = [b.const(name, [n] * rank, dtype=DType.INT32) for name, n in (("from", 0), ("to", 0), ("by", 1))]
    b.placeholder("x", shape)
    whole = 2**rank - 1 - axes
    masks = {"begin_mask": whole, "end_mask": whole, "new_axis_mask": axes}
    b.add(
        "Relu", "y", b.add("StridedSlice", "slice", "x", *bounds, T=DType.FLOAT, Index=DType.INT32, **masks)
    )
    names = [f"mlir-{version}-{call}" for version in ("2.20", "2.21", "2.22")]
    found = lint(parse(encode(b.graph())), {"x": shape}, ["y"], names).predictions
    assert [found[name].verdict for name in names] == [verdict, verdict, "quantized"]
    assert ("only supports 1D-5D" in found[names[1]].message) == (
        verdict == "abort"
    )  # before, nothing legalizes it


@pytest.mark.parametrize("version", [(2, 15), (2, 21)])
@pytest.mark.parametrize(
    ("ops", "end", "message"),
    [
        (["Sin"], "inference_input_type", "ValueError: Model input is not dequantized."),
        (["Sin"], "inference_output_type", "ValueError: Model output is not dequantized."),
        (["Sin", "Cos"], "inference_output_type", "ValueError: Model output is not dequantized."),
        (["Relu", "Sin"], "inference_input_type", ""),
        (["Sin", "Relu"], "inference_output_type", ""),
    ],
)
@pytest.mark.parametrize("kind", ["int8", "uint8"])
def test_the_legacy_quantizer_gives_integer_ends_to_a_model_with_integer_ops_alone(
    ops: list[str], end: str, message: str, kind: str, version: tuple[int, int]
) -> None:
    """Measured with twelve graphs and six sets of flags in TF 2.15 and 2.21."""
    b = Builder()
    array = b.placeholder("x", SHAPE)
    for op in ops:
        array = b.add(op, op, array)
    flags = OLD | {end: kind, "tensorflow": version}
    call = ConverterCall("x", "tf2", optimizations=True, representative_dataset=True, **flags)
    report = open_model(parse(encode(b.graph())), {"x": SHAPE}, [array], calls=[call]).lint()
    (found,) = report.predictions.values()
    assert (found.verdict, found.message) == ("abort", message) if message else found.verdict == "float"


@pytest.mark.parametrize(
    ("graph", "version", "int8", "sixteen"),
    [
        (nothing_is_left, "2.15", STOPS, STOPS),
        (nothing_is_left, "2.21", "quantized", "quantized"),
        (softmax_of_nothing, "2.15", "quantized", STOPS),
        (softmax_of_nothing, "2.21", "quantized", "quantized"),
        (computed_filter, "2.15", STOPS, "abort: other"),
        (computed_filter, "2.21", STOPS, "quantized"),
        (gelu, "2.15", "quantized", STOPS),
        (gelu, "2.21", "quantized", "quantized"),
        (computed_depthwise_filter, "2.15", "quantized", "abort: other"),
        (computed_depthwise_filter, "2.21", "quantized", "quantized"),
        (negated_shared_array, "2.15", "NEG", "NEG, does not run"),
        (negated_shared_array, "2.21", "NEG", "NEG"),
        (divided_by_an_image, "2.15", "DIV", "DIV"),
        (divided_by_an_image, "2.21", "quantized, may not run", "DIV"),
        (divided_by_constants, "2.15", "DIV", "DIV"),
    ],
)
def test_versions_differ_in_what_runs(graph: Graph, version: str, int8: str, sixteen: str) -> None:
    found = predictions(graph, version)
    assert (answer(found["int8"]), answer(found["16x8-fallback"])) == (int8, sixteen)


@pytest.mark.parametrize("call", ["dynamic", "float16"])
def test_weights_alone_leave_every_op_float_and_give_no_finding(call: str) -> None:
    b = Builder()
    b.placeholder("x", SHAPE)
    report = lint(parse(encode(_ended(b, rectified))), {"x": SHAPE}, ["y"], [f"mlir-2.21-{call}"])
    assert report.predictions[f"mlir-2.21-{call}"].verdict == "float"
    assert not report.findings


@pytest.mark.parametrize(("shape", "verdict"), [([1, 4], "quantized"), ([None, 4], "abort")])
def test_roll_converts_where_every_size_is_known(shape: list[int | None], verdict: str) -> None:
    b = Builder()
    places = [b.const(name, 1, dtype=DType.INT32) for name in ("shift", "axis")]
    b.add("Roll", "y", b.placeholder("x", shape), *places, Tshift=DType.INT32, Taxis=DType.INT32)
    found = lint(parse(encode(b.graph())), converters=["mlir-2.21-int8"]).predictions["mlir-2.21-int8"]
    assert (found.verdict, found.op) == (verdict, "Roll" if verdict == "abort" else None)


@pytest.mark.parametrize("version", ["2.15", "2.21"])
def test_ones_of_an_open_batch_are_a_broadcast_to_the_shape(version: str) -> None:
    b = Builder()
    b.add("OnesLike", "ones", b.add("Rsqrt", "root", b.placeholder("x", [None, 4])))
    b.add("AddV2", "y", "root", "ones")
    name = f"mlir-{version}-dynamic"
    found = lint(parse(encode(b.graph())), converters=[name]).predictions[name]
    assert [op for op, _ in found.float_ops] == ["RSQRT", "SHAPE", "BROADCAST_TO", "ADD"]


@pytest.mark.parametrize("version", ["2.15", "2.21"])
@pytest.mark.parametrize(("shape", "ops"), [([2], []), ([None], []), ([1, 2], ["RESHAPE"])])
def test_rows_that_are_looked_up_get_the_shape_of_the_product(
    shape: list[int | None], ops: list[str], version: str
) -> None:
    b = Builder()
    marks = [b.const(name, value) for name, value in (("on", 1.0), ("off", 0.0))]
    depth = b.const("depth", 4, dtype=DType.INT32)
    ids = b.placeholder("ids", shape, DType.INT32)
    b.add("OneHot", "hot", ids, depth, *marks, axis=-1, TI=DType.INT32)
    b.add("BatchMatMulV2", "y", "hot", b.const("table", [0.5, -0.5] * 4, [4, 2]), adj_x=False, adj_y=False)
    name = f"mlir-{version}-dynamic"
    found = lint(parse(encode(b.graph())), converters=[name]).predictions[name]
    assert [op for op, _ in found.float_ops] == ["EMBEDDING_LOOKUP", *ops]


def test_no_rule_asks_a_calibrated_flow_for_fake_quants() -> None:
    b = Builder()
    b.placeholder("x", SHAPE)
    report = lint(
        parse(encode(_ended(b, square_before_minimum))), {"x": SHAPE}, ["y"], ["mlir-int8", "mlir-16x8"]
    )
    assert {finding.code for finding in report.findings} == {"MM401"}


def predictions(graph: Graph, version: str) -> dict[str, Prediction]:
    b = Builder()
    b.placeholder("x", SHAPE)
    made = _ended(b, graph)
    inputs = {node.name: node.attrs["shape"] for node in made if node.op == "Placeholder"}
    used = {edge.node for node in made for edge in node.inputs}
    names = {call: f"mlir-{version}-{call}" for call in CALLS}
    report = lint(
        parse(encode(made)),
        {k: v for k, v in inputs.items() if k in used},
        [name for name in ("y", "z") if name in made],
        list(names.values()),
    )
    return {call: report.predictions[name] for call, name in names.items()}


def _ended(b: Builder, graph: Graph) -> Any:
    assert graph(b) == "y"
    return b.graph()


def answer(prediction: Prediction) -> str:
    suffix = {True: "", False: ", does not run", None: ", may not run"}[prediction.runs]
    if prediction.verdict == "float":
        return " ".join(name for name, _ in prediction.float_ops) + suffix
    if prediction.verdict == "abort":
        return " ".join(filter(None, (f"abort: {prediction.kind}", prediction.array)))
    return prediction.verdict + suffix


@pytest.mark.parametrize(
    ("op", "verdict"), [("AddV2", "abort"), ("Mul", "abort"), ("Sub", "abort"), ("Maximum", "quantized")]
)
@pytest.mark.parametrize("version", ["2.15", "2.21"])
def test_what_a_fake_quant_kept_in_its_place_is_optimized_behind_the_quantization(
    op: str, verdict: str, version: str
) -> None:
    n = Net()
    trained = n.reshape(n.fq(n.op("Tanh", n.placeholder("input", (1, 8)))), 2, 4)
    assert predicted_of(n, n.op(op, trained, trained), f"mlir-{version}-int8").verdict == verdict


@pytest.mark.parametrize(("width", "divisions"), [(4, 1), (3, 2)])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("version", ["2.15", "2.21"])
def test_constants_that_are_computed_alike_are_one(
    version: str, packed: bool, width: int, divisions: int
) -> None:
    b = Builder()
    image, y = b.placeholder("image", [None, 4, width, 3]), b.placeholder("y", [1, 2])
    shape = b.add("Shape", "shape", image, out_type=DType.INT32)
    parts = []
    for place in (1, 2):
        ends = [b.const(f"end{place}{one}", [one], dtype=DType.INT32) for one in (place, place + 1, 1)]
        size = b.add(
            "StridedSlice", f"size{place}", shape, *ends, T=DType.INT32, Index=DType.INT32, shrink_axis_mask=1
        )
        real = b.add("Cast", f"real{place}", size, SrcT=DType.INT32, DstT=DType.FLOAT)
        both = b.add("Pack", f"both{place}", real, real, N=2) if packed else real
        parts.append(b.add("RealDiv", f"part{place}", both, y))
    out = b.add("ConcatV2", "out", *parts, b.const("axis", 0, dtype=DType.INT32), N=2)
    found = predicted_of(b, out, f"mlir-{version}-dynamic", ("image", "y"))
    assert [op for op, _ in found.float_ops] == ["DIV"] * divisions + ["CONCATENATION"]


def read_raw_and_ranged(b: Builder) -> str:
    """The input's FakeQuant is for one reader, the samples give the other its range."""
    tanh = b.fake_quant("tanh/quant", b.add("Tanh", "tanh", "x"), -1, 1)
    return b.fake_quant("y", b.add("Maximum", "maximum", b.fake_quant("quant", "x", -1, 1), tanh), -1, 1)


def made_raw_and_ranged(b: Builder) -> str:
    """What one op makes would have two ranges."""
    made = b.add("LeakyRelu", "made", "x", alpha=0.5)
    return b.fake_quant("y", b.add("AddV2", "sum", b.fake_quant("quant", made, -1, 1), made), -2, 2)


@pytest.mark.parametrize(("make", "ops"), [(read_raw_and_ranged, []), (made_raw_and_ranged, ["LEAKY_RELU"])])
@pytest.mark.parametrize("name", ["mlir-2.15-int8", "mlir-2.21-int8"])
def test_what_is_read_beside_its_fake_quant_as_well_is_calibrated(
    make: Graph, ops: list[str], name: str
) -> None:
    b = Builder()
    b.placeholder("x", list(SHAPE))
    found = predicted_of(b, make(b), name, ["x"])
    assert (found.verdict, [op for op, _ in found.float_ops]) == ("float" if ops else "quantized", ops)


@pytest.mark.parametrize(
    ("op", "value", "runs"), [("AddV2", 0.0, False), ("Sub", 0.0, False), ("AddV2", 0.5, True)]
)
@pytest.mark.parametrize("name", ["mlir-2.15-16x8", "mlir-2.21-16x8"])
def test_zeros_of_16_bits_end_the_process(op: str, value: float, runs: bool, name: str) -> None:
    """The interpreters of 2.15, 2.18 and 2.21 abort; zeros that change no shape are folded away before."""
    b = Builder()
    x = b.add("Tanh", "tanh", b.placeholder("x", list(SHAPE)))
    y = b.add(op, "y", x, b.const("zeros", [value], [2, *SHAPE[1:]]))
    found = predicted_of(b, y, name, ["x"])
    assert (found.verdict, found.runs) == ("quantized", runs)


@pytest.mark.parametrize("version", ["2.15", "2.21"])
@pytest.mark.parametrize("moved", [("one",), ("two",), ("one", "two"), ()])
def test_equal_weights_are_one_where_some_stand_behind_an_identity(
    moved: tuple[str, ...], version: str
) -> None:
    b = Builder()
    x = b.placeholder("input", [1, 16])
    for name, op in (("one", "Elu"), ("two", "Tanh")):
        weights = b.const(f"{name}/weights", [0.5, -0.5, 0.25], [16, 4])
        weights = b.add("Identity", f"{name}/read", weights) if name in moved else weights
        b.add(op, f"{name}/out", b.add("MatMul", name, x, weights, transpose_a=False, transpose_b=False))
    found = predicted_of(b, ["one/out", "two/out"], f"mlir-{version}-dynamic")
    assert sorted(op for op, _ in found.float_ops) == ["ELU", "FULLY_CONNECTED", "TANH"]


@pytest.mark.parametrize(
    ("op", "runs", "version"),
    [
        ("Relu", True, "2.15"),
        ("Relu", True, "2.21"),
        ("ReverseSequence", False, "2.15"),
        ("ReverseSequence", False, "2.21"),
        ("RealDiv", None, "2.21"),
    ],
)
def test_a_model_that_chance_decides_runs_where_it_does_either_way(
    op: str, runs: bool | None, version: str
) -> None:
    b = Builder()
    b.add("Split", "s", b.const("axis", 1, dtype=DType.INT32), b.placeholder("input", [1, 8]), num_split=2)
    if op == "ReverseSequence":
        lengths = b.const("lengths", [2], dtype=DType.INT32)
        y = b.add(op, "y", "s", lengths, seq_dim=1, batch_dim=0, Tlen=DType.INT32)
    else:
        y = b.add(op, "y", *("s",) * (1 if op == "Relu" else 2))
    found = predicted_of(b, y, f"mlir-{version}-int8")
    assert (found.verdict, found.runs, bool(found.refused)) == ("undetermined", runs, runs is False)


@pytest.mark.parametrize("bound", [-0.2, 0.05, 0.3])
@pytest.mark.parametrize("name", ["mlir-2.15-int8", "mlir-2.21-int8"])
def test_a_constant_between_float_ops_is_not_rounded_to_a_range_of_samples(bound: float, name: str) -> None:
    b = Builder()
    x = b.add("Elu", "elu", b.placeholder("x", list(SHAPE)))
    y = b.add("Sin", "y", b.add("Maximum", "maximum", x, b.const("bound", bound)))
    found = predicted_of(b, y, name, ["x"])
    assert [op for op, _ in found.float_ops] == ["ELU", "MAXIMUM", "SIN"]
