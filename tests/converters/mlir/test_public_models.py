"""Idioms of public Keras models: what real TF 2.15.1 and 2.21.0 made of them, rebuilt as small graphs."""

from collections.abc import Callable

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.graph.attr import Attr, UnknownRank
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from tests.converters.predicted import predicted_of

SLICES = {
    "[:, :]": ((0, 0), (0, 0), {"begin_mask": 3, "end_mask": 3}, "ELU STRIDED_SLICE"),
    "[0:1, 0:8]": ((0, 0), (1, 8), {}, "ELU"),
    "[:]": ((0,), (0,), {"begin_mask": 1, "end_mask": 1}, "ELU STRIDED_SLICE"),
    "[:, newaxis]": ((0, 0), (0, 0), {"begin_mask": 1, "end_mask": 1, "new_axis_mask": 2}, "ELU RESHAPE STRIDED_SLICE"),
    "[..., newaxis]": ((0, 0), (0, 0), {"ellipsis_mask": 1, "new_axis_mask": 2}, "ELU RESHAPE STRIDED_SLICE"),
    "[0:1, newaxis, 0:8]": ((0, 0, 0), (1, 1, 8), {"new_axis_mask": 2}, "ELU RESHAPE STRIDED_SLICE"),
}  # fmt: skip


def float_ops(net: Net, output: str, name: str) -> str:
    return " ".join(op for op, _ in predicted_of(net, output, name).float_ops)


@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21"])
@pytest.mark.parametrize("written", SLICES)
def test_masks_of_a_slice_keep_it_and_new_axes_come_from_a_reshape(written: str, name: str) -> None:
    begin, end, masks, expected = SLICES[written]
    n = Net()
    bounds = n.ints(*begin), n.ints(*end), n.ints(*[1] * len(begin))
    sliced = n.op("StridedSlice", n.op("Elu", n.x()), *bounds, **masks)
    assert float_ops(n, sliced, name) == expected


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 1), "ELU MEAN"), ((-1, 1), "ELU MEAN RESHAPE"), ((1, -1), "ELU MEAN RESHAPE")],
)
def test_a_mean_keeps_its_dimension_where_the_reshape_gives_every_size(
    shape: tuple[int, ...], expected: str
) -> None:
    n = Net()
    mean = n.sum(n.op("Elu", n.x()), 1, "Mean", keep_dims=False)
    assert float_ops(n, n.reshape(mean, *shape), "mlir-2.21") == expected


@pytest.mark.parametrize(
    ("batch", "size", "expected"),
    [(None, 7, "EXP"), (None, 8, "MUL EXP"), (None, 19, "MUL EXP"), (1, 19, "EXP")],
)
@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21"])
def test_a_quotient_by_eight_ones_is_a_product_where_the_batch_is_open(
    batch: int | None, size: int, expected: str, name: str
) -> None:
    n = Net()
    variance = n.op("Maximum", n.op("Sqrt", n.c(*[1.0] * size, shape=[1, size])), n.c(1e-7))
    assert float_ops(n, n.op("Exp", n.op("RealDiv", n.x(batch, size), variance)), name) == expected


@pytest.mark.parametrize("constant", [True, False])
def test_a_vector_behind_a_fakequant_goes_into_the_bias_only_where_it_is_constant(constant: bool) -> None:
    n = Net()
    vector = n.c(*[0.5, 0.25] * 4)
    if not constant:
        vector = n.op("Mul", n.fq(n.op("Relu", n.fq(vector))), vector)
    total = n.op("AddV2", n.x(), n.fq(vector))
    dense = n.op("BiasAdd", n.mat_mul(total, n.weights(8, 4)), n.c(0.1, 0.2, 0.3, 0.4))
    found = float_ops(n, dense, "mlir-2.21").split()
    assert ("ADD" not in found, found[-1]) == (constant, "FULLY_CONNECTED")


@pytest.mark.parametrize(
    ("batch", "row", "name", "expected"),
    [
        (None, (1, 4), "mlir-2.19", "FULLY_CONNECTED ADD EXP"),
        (None, (1, 4), "mlir-2.20", "FULLY_CONNECTED EXP"),
        (None, (1, 4), "mlir-2.21", "FULLY_CONNECTED EXP"),
        (None, (1, 1, 4), "mlir-2.20", "FULLY_CONNECTED EXP"),
        (None, (1, 1, 4), "mlir-2.21", "FULLY_CONNECTED ADD EXP"),
        (2, (1, 1, 4), "mlir-2.20", "FULLY_CONNECTED EXP"),
        (2, (1, 1, 4), "mlir-2.21", "FULLY_CONNECTED EXP RESHAPE"),
    ],
)
@pytest.mark.parametrize("activation", ["", "Relu"])
def test_a_row_becomes_the_bias_of_a_dense_layer_of_an_open_batch(
    batch: int | None, row: tuple[int, ...], name: str, expected: str, activation: str
) -> None:
    n = Net()
    total = n.op("Add", n.mat_mul(n.x(batch, 8), n.weights()), n.c(0.5, 0.25, shape=row))
    assert float_ops(n, n.op("Exp", n.op(activation, total) if activation else total), name) == expected


def message(net: Net, output: str, name: str) -> str:
    return predicted_of(net, output, name).message


@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21"])
@pytest.mark.parametrize("kind", [DType.DOUBLE, DType.HALF])
def test_an_input_of_another_width_is_quantized_and_refused_in_the_tf1_flow(kind: DType, name: str) -> None:
    n = Net()
    x = n.op("Cast", n.placeholder("input", (None, 8), kind), SrcT=kind, DstT=DType.FLOAT)
    width = {DType.DOUBLE: "f64", DType.HALF: "f16"}[kind]
    assert f"but got 'tensor<?x8x{width}>'" in message(n, n.op("Relu", x), name)
    assert not message(n, n.op("Relu", x), f"{name}-v2").startswith("'tfl.dequantize'")


@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21", "mlir-2.21-v2"])
@pytest.mark.parametrize("op", ["RandomStandardNormal", "RandomUniform"])
@pytest.mark.parametrize(
    ("sizes", "kind", "refused"),
    [(DType.INT32, DType.FLOAT, False), (DType.INT64, DType.FLOAT, True), (DType.INT32, DType.HALF, True)],
)
def test_random_numbers_have_sizes_of_32_bits_and_are_float32(
    sizes: DType, kind: DType, refused: bool, op: str, name: str
) -> None:
    n = Net()
    x = n.x()
    noise = n.op(op, n.op("Shape", x, out_type=sizes), T=sizes, dtype=kind, seed=0, seed2=0)
    text = message(n, n.op("Add", x, n.op("Cast", noise, SrcT=kind, DstT=DType.FLOAT)), name)
    assert (f"'tf.{op}' op is neither a custom op nor a flex op" in text) == refused


@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21", "mlir-2.21-v2"])
def test_a_batch_norm_that_asks_whether_it_trains_has_the_shape_of_its_branches(name: str) -> None:
    """`tf.layers.batch_normalization(training=placeholder)`: the convolution behind it knows its channels."""
    n = Net()
    image, training = n.op("Relu6", n.image()), n.placeholder("training", (), DType.BOOL)
    attrs = {"epsilon": 1e-3, "data_format": b"NHWC"}
    parts = [n.const(part, [0.5] * 4) for part in ("scale", "offset", "mean", "variance")]
    none = [n.const(part, [], [0]) for part in ("no_mean", "no_variance")]
    switches = [n.op("Switch", array, training) for array in (image, *parts)]
    learns = n.op(
        "FusedBatchNorm", *(f"{array}:1" for array in switches[:3]), *none, is_training=True, **attrs
    )
    serves = n.op("FusedBatchNorm", *switches, is_training=False, **attrs)
    output = n.conv(n.op("Merge", serves, learns, N=2))
    prediction = predicted_of(n, output, name, ["input", "training"])
    assert [op for op, _ in prediction.float_ops][:3] == ["RELU6", "IF", "CONV_2D"]


@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21"])
def test_both_results_of_unique_are_read(name: str) -> None:
    n = Net()
    x = n.op("Relu", n.x())
    ids = n.op("Cast", n.reshape(x, -1), SrcT=DType.FLOAT, DstT=DType.INT32)
    places = n.op("Unique", ids, T=DType.INT32, out_idx=DType.INT32) + ":1"
    y = n.op("Mul", n.sum(n.op("Cast", places, SrcT=DType.INT32, DstT=DType.FLOAT), 0), x)
    assert float_ops(n, y, name) == "RELU RESHAPE CAST CAST SUM MUL"


def choice(n: Net, array: str, predicate: str, true: str, false: str) -> str:
    switch = n.op("Switch", array, predicate)
    return n.op("Merge", n.op(false, switch), n.op(true, f"{switch}:1"), N=2)


@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21"])
@pytest.mark.parametrize(("follows", "ifs"), [(True, 2), (False, 1)])
def test_choices_that_one_predicate_makes_one_after_the_other_are_ifs_of_their_own(
    follows: bool, ifs: int, name: str
) -> None:
    n = Net()
    x, predicate = n.op("Relu", n.x()), n.placeholder("predicate", (), DType.BOOL)
    first = choice(n, x, predicate, "Tanh", "Exp")
    second = choice(n, first if follows else x, predicate, "Sin", "Cos")
    output = n.op("Add", first, second)
    found = predicted_of(n, output, name, ["input", "predicate"])
    assert [op for op, _ in found.float_ops].count("IF") == ifs


@pytest.mark.parametrize(
    ("name", "size", "dtype", "expected"),
    [
        ("mlir-2.17", 2049, DType.INT8, ""),
        ("mlir-2.17", 1 << 18, DType.INT8, ""),
        ("mlir-2.17", (1 << 18) + 1, DType.INT8, "CAST ADD"),
        ("mlir-2.18", 2048, DType.INT8, ""),
        ("mlir-2.18", 2049, DType.INT8, "CAST ADD"),
        ("mlir-2.21", 2049, DType.HALF, ""),  # at most twice the size of its operand
        ("mlir-2.21", 2049, DType.BOOL, ""),
    ],
)
def test_a_cast_of_a_constant_is_computed_while_converting_up_to_a_size(
    name: str, size: int, dtype: DType, expected: str
) -> None:
    n = Net()
    stored = n.add("Const", "stored", dtype=dtype, value=Tensor(dtype, [size], bytes([1] * dtype.width)))
    added = n.op("AddV2", n.x(1, size), n.op("Cast", stored, SrcT=dtype, DstT=DType.FLOAT))
    assert float_ops(n, n.fq(added), name) == expected


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "expected"),
    [
        ("Tile", lambda n: [n.c(0.25, 0.5), n.ints(1500)], {}, "TILE ADD"),
        ("Tile", lambda n: [n.c(0.25, 0.5), n.ints(1000)], {}, ""),
        ("OneHot", lambda n: [n.i(1), n.i(3000), n.c(1.0), n.c(0.0)], {"TI": DType.INT32}, "ONE_HOT ADD"),
        ("Mul", lambda n: [n.c(0.5, shape=[60, 1]), n.c(0.5, shape=[1, 50])], {}, ""),
    ],
)
def test_tensorflow_lite_folds_what_the_size_of_the_result_forbids_for_arithmetic_alone(
    op: str, operands: Callable[[Net], list[str]], attrs: dict[str, Attr], expected: str
) -> None:
    n = Net()
    made = n.op(op, *operands(n), **attrs)
    shape = {"Mul": (60, 50), "Tile": (1, 3000 if expected else 2000)}.get(op, (1, 3000))
    assert float_ops(n, n.fq(n.op("AddV2", n.x(*shape), made)), "mlir-2.21") == expected


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize("channels", [None, 4])
def test_a_convolution_of_an_unknown_number_of_channels_has_no_builtin(
    channels: int | None, depthwise: bool
) -> None:
    n = Net()
    image = n.x(None, None, None, channels)
    made = (
        n.op(
            "DepthwiseConv2dNative",
            *(image, n.weights(3, 3, 4, 1)),
            strides=[1, 1, 1, 1],
            padding=b"SAME",
            dilations=[1, 1, 1, 1],
        )
        if depthwise
        else n.conv(image)
    )
    assert (predicted_of(n, n.fq(made), "mlir-2.21").verdict == "abort") == (channels is None)


def test_the_order_that_transposes_a_matrix_of_unknown_rank_comes_from_its_rank() -> None:
    n = Net()
    rate = n.add("Placeholder", "keep_prob", dtype=DType.FLOAT, shape=UnknownRank())
    product = n.mat_mul(n.x(1, 4), n.op("Mul", n.weights(4, 2), rate))
    found = predicted_of(n, product, "mlir-2.15", ["input", "keep_prob"])
    assert [op for op, _ in found.float_ops] == ["MUL", "RANK", "TRANSPOSE", "FULLY_CONNECTED"]


@pytest.mark.parametrize("name", ["mlir-2.15-float16", "mlir-2.21-float16"])
@pytest.mark.parametrize(
    ("op", "dtype", "refused"),
    [
        ("Max", DType.UINT8, True),
        ("Max", DType.INT16, True),
        ("Max", DType.INT32, False),
        ("Mean", DType.UINT8, False),
        ("Mean", DType.INT8, True),
        ("Square", DType.UINT8, True),
        ("Square", DType.INT16, False),
        ("Abs", DType.INT64, True),
        ("Abs", DType.INT32, False),
        ("Sign", DType.INT64, True),
        ("Round", DType.INT32, True),
        ("Relu6", DType.INT32, True),
        ("Square", DType.INT64, False),
        ("Square", DType.DOUBLE, True),
        ("Neg", DType.HALF, True),
        ("Sign", DType.DOUBLE, False),
        ("Sign", DType.HALF, True),
        ("Sin", DType.DOUBLE, True),
    ],
)
def test_most_arithmetic_of_other_types_has_no_builtin(
    op: str, dtype: DType, refused: bool, name: str
) -> None:
    n = Net()
    x = n.placeholder("input", (1, 8), dtype)
    reduces = op in ("Max", "Mean")
    made = n.op(op, x, n.ints(0, 1), T=dtype, keep_dims=False) if reduces else n.op(op, x, T=dtype)
    found = predicted_of(n, n.op("Cast", made, SrcT=dtype, DstT=DType.FLOAT), name)
    message = f"'tf.{op}' op is neither a custom op nor a flex op" if refused else ""
    assert (found.verdict, found.message == message or not refused) == ("abort" if refused else "float", True)


@pytest.mark.parametrize("name", ["mlir-2.15-float16", "mlir-2.21-float16"])
@pytest.mark.parametrize(
    ("op", "attrs", "dtype", "refused"),
    [
        ("Unpack", {"num": 4, "axis": 1}, DType.INT64, True),
        ("Unpack", {"num": 4, "axis": 1}, DType.INT32, False),
        ("Unpack", {"num": 4, "axis": 1}, DType.BOOL, False),
        ("Unpack", {"num": 4, "axis": 1}, DType.HALF, True),
        ("ExpandDims", {}, DType.DOUBLE, False),
        ("Reshape", {}, DType.HALF, False),
        ("Cumsum", {}, DType.INT64, False),
        ("Cumsum", {}, DType.HALF, True),
        ("Shape", {}, DType.DOUBLE, False),
        ("BatchMatMulV3", {}, DType.INT32, True),
        ("MatMul", {}, DType.INT64, True),
    ],
)
def test_what_moves_arrays_of_other_types_has_a_builtin_or_not(
    op: str, attrs: dict[str, int], dtype: DType, refused: bool, name: str
) -> None:
    n = Net()
    x = n.placeholder("input", (2, 4), dtype)
    second = {"ExpandDims": n.i(1), "Reshape": n.ints(4, 2), "Cumsum": n.i(1)}
    if op in ("BatchMatMulV3", "MatMul"):
        y = n.op(op, x, n.placeholder("other", (4, 2), dtype), Ta=dtype, Tb=dtype, Tout=dtype, T=dtype)
    else:
        y = n.op(op, x, *([second[op]] if op in second else []), T=dtype, **attrs)
    found = predicted_of(n, y, name, ["input", "other"] if op in ("BatchMatMulV3", "MatMul") else ["input"])
    assert (found.verdict == "abort") == refused
