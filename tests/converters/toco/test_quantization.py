"""The check that all ranges are there, and the walk that quantizes operator by operator."""

from collections.abc import Mapping, Sequence

import pytest

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from tests.converters.toco.nets import ROW, Net, answer, prediction


def gaps(*order: str) -> Net:
    """Two branches without range, made in the given order, added up."""
    net = Net()
    for name in order:
        net.quant(f"{name}_quant", net.conv(f"{name}_conv", net.add("LeakyRelu", name, net.input)))
    net.quant("output", net.add("Add", "sum", "one_quant", "two_quant"))
    return net


def test_of_several_missing_ranges_the_first_in_the_order_of_the_file_is_named() -> None:
    assert answer(gaps("one", "two"), "output") == "F1 one"
    assert answer(gaps("two", "one"), "output") == "F1 two"


def test_of_one_op_the_first_input_is_named() -> None:
    net = Net()
    net.add("LeakyRelu", "one", net.input)
    net.add("LeakyRelu", "two", net.input)
    net.quant("output", net.add("Add", "sum", "two", "one"))
    assert answer(net, "output") == "F1 two"


def test_all_of_them_are_obstacles_though_toco_names_one() -> None:
    missing = [cause.array for cause in prediction(gaps("one", "two"), ["output"]).obstacles]
    assert missing == ["one", "two"]


def test_the_message_names_the_op_by_its_output_after_all_rewrites() -> None:
    net = Net()
    bias = net.bias("bias", net.conv("conv", net.add("LeakyRelu", "leaky", net.input)))
    net.quant("output", net.add("Relu6", "relu6", bias))
    message = prediction(net, ["output"]).message
    assert message.startswith(
        "Array leaky, which is an input to the Conv operator producing the output array output, is lacking"
    )


def test_a_missing_range_inside_is_reported_before_anything_of_the_walk() -> None:
    net = Net()
    leaky = net.add("LeakyRelu", "leaky", net.add("Exp", "exp", net.input))
    net.add("Neg", "output", leaky)
    assert answer(net, "output") == "F1 exp"


@pytest.mark.parametrize(("order", "expected"), [("bare first", "F2 bare"), ("Exp first", "UNIMPL Exp")])
def test_in_the_walk_the_first_op_decides(order: str, expected: str) -> None:
    net = Net()
    for part in ("bare", "exp") if order == "bare first" else ("exp", "bare"):
        if part == "exp":
            net.quant("exp_quant", net.add("Exp", "exp", net.input))
        else:
            net.add("LeakyRelu", "bare", net.input)
    assert answer(net, "exp_quant", "bare") == expected


def test_unsupported_ops_are_named_by_type_and_told_as_each_version_tells_them() -> None:
    net = Net()
    net.quant("output", net.add("Exp", "exp", net.input))
    old, new = (prediction(net, ["output"], version) for version in ("toco-1.15", "toco-2.15"))
    assert (old.kind, old.op, new.kind, new.op) == ("unsupported-op", "Exp", "unsupported-op", "Exp")
    assert new.message.startswith("Unimplemented: this graph contains an operator of type Exp for which")
    assert old.message.startswith("Check failed: s.ok() Unimplemented: this graph contains an operator of")


def test_an_op_on_integers_needs_a_quantized_form_as_well() -> None:
    for op, expected in (("FloorMod", "UNIMPL FloorMod"), ("Add", "quantized")):
        net = Net()
        number = net.placeholder("number", [4], DType.INT32)
        net.add(op, "computed", number, net.ints("three", 3), T=DType.INT32)
        net.quant("output", net.conv("conv", net.input))
        assert answer(net, "output", "computed", inputs=["input", "number"]) == expected


def clamped(low: float, high: float, op: str, *bound: float) -> Net:
    """FakeQuant, then an op without one at the output."""
    net = Net()
    x = net.fake_quant("quant", net.conv("conv", net.input), low, high)
    net.scalar(op, "output", x, *bound) if bound else net.add(op, "output", x)
    return net


@pytest.mark.parametrize(
    ("low", "high", "op", "bound", "expected"),
    [
        (0, 6, "Relu", (), "quantized"),
        (-1, 6, "Relu", (), "F3 output"),
        (0, 6, "Relu6", (), "quantized"),
        (0, 7, "Relu6", (), "F3 output"),
        (0, 6, "Minimum", (6.0,), "quantized"),
        (0, 6, "Minimum", (5.9,), "F2 output"),
        (0, 6, "Maximum", (0.0,), "quantized"),
        (0, 6, "Maximum", (0.1,), "F2 output"),
        # The zero point is moved to a whole number, which moves the upper end.
        (-3, 1, "Minimum", (1.0,), "F2 output"),
        (-3, 1, "Minimum", (1.01,), "quantized"),
        (-3, 3, "Minimum", (3.0,), "quantized"),
        # 255 * (max / 255) is one step beyond max.
        (0, 7.97127724, "Minimum", (7.97127724,), "F2 output"),
    ],
)
def test_a_final_clamp_needs_no_range_if_no_byte_lies_beyond_it(
    low: float, high: float, op: str, bound: tuple[float, ...], expected: str
) -> None:
    assert answer(clamped(low, high, op, *bound), "output") == expected


def test_a_clamp_that_another_op_reads_is_not_saved_by_being_trivial() -> None:
    net = clamped(0, 6, "Minimum", 6.0)
    net.quant("sum_quant", net.add("Add", "sum", "output", "output"))
    assert answer(net, "sum_quant") == "F1 output"


def test_the_bound_counts_only_as_second_operand() -> None:
    net = Net()
    x = net.fake_quant("quant", net.conv("conv", net.input), 0, 6)
    net.add("Minimum", "output", net.const("bound", 6.0), x)
    assert answer(net, "output") == "F2 output"


@pytest.mark.parametrize(("shape", "expected"), [([1, 1, 1, 1], "quantized"), ([4], "other")])
def test_a_bound_of_more_than_one_element_aborts(shape: list[int], expected: str) -> None:
    net = Net()
    x = net.fake_quant("quant", net.conv("conv", net.input), 0, 6)
    net.add("Minimum", "output", x, net.const("bound", 6.0, shape))
    found = answer(net, "output")
    assert found.partition(":")[0] == expected
    assert expected == "quantized" or "clamp_value_buffer.Length() == 1 (4 vs. 1)" in found


def test_a_bound_that_two_clamps_share_makes_toco_answer_differently_from_run_to_run() -> None:
    net = Net()
    bound = net.const("bound", 5.0)
    for name in ("one", "two"):
        x = net.fake_quant(f"{name}_quant", net.conv(f"{name}_conv", net.input), 0, 6)
        net.add("Minimum", name, x, bound)
    net.fake_quant("clamped", "one", 0, 5)
    found = prediction(net, ["clamped", "two"])
    assert found.verdict == "undetermined"
    assert "shares its constant" in found.message


def weighted(values: list[float], kind: str = "bare") -> Net:
    """A matrix product with these 16 weights: bare, or behind a FakeQuant from -1 to 1."""
    net = Net(ROW)
    weights = net.const("weights", values, [4, 4])
    if kind != "bare":
        weights = net.fake_quant("weights_quant", weights, -1, 1, narrow_range=kind == "narrow")
    net.quant("output", net.add("MatMul", "product", net.input, weights))
    return net


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([0.25, 0.5], "bare", "quantized"),
        ([-0.5, *[0.25] * 15], "bare", "quantized"),
        ([-0.5, -0.5, *[0.25] * 14], "bare", "Bad value"),
        ([0.0], "bare", "Bad value"),
        ([-2.0], "wide", "Bad value"),
        ([-2.0], "narrow", "quantized"),
    ],
)
def test_weights_with_two_zero_bytes_close_together_are_refused(
    values: list[float], kind: str, expected: str
) -> None:
    found = answer(weighted(values, kind), "output")
    assert found == expected or found.startswith(f"other: {expected} for weights")


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (0.9413922429084778, "quantized"),
        (1.3468486070632935, "Bad value"),
        (0.4615183174610138, "Bad value"),
        (0.4248541593551636, "quantized"),
        (0.9370470643043518, "Bad value"),
        (0.06316361576318741, "Bad value"),
        (0.0754735916852951, "quantized"),
        (0.017845304682850838, "Bad value"),
    ],
)
def test_the_last_bit_decides_between_bytes_0_and_1_of_the_least_of_symmetric_weights(
    limit: float, expected: str
) -> None:
    """Measured with TF 2.15.1 on convolutions of such weights."""
    assert (
        answer(weighted([-limit, limit] * 8, "bare"), "output").removeprefix("other: ").startswith(expected)
    )


@pytest.mark.parametrize("narrow", [True, False])
def test_narrow_weights_that_a_batch_norm_scales_stay_narrow(narrow: bool) -> None:
    """Quantize (quantize.cc) moves byte 0 of a narrow array to 1, of whatever range it is by then (measured)."""
    net = Net([1, 4, 4, 4])
    weights = net.const("weights", [-1.0, 0.9, -0.95, 0.3] * 4, [1, 1, 4, 4])
    weights = net.fake_quant("weights_quant", weights, -1, 1, narrow_range=narrow)
    linear = net.add("Conv2D", "linear", net.input, weights, strides=[1, 1, 1, 1], padding=b"SAME")
    vectors = [net.const(f"norm/{part}", 0.5, [4]) for part in ("scale", "offset", "mean", "variance")]
    net.quant("output", net.add("FusedBatchNorm", "norm", linear, *vectors, is_training=False))
    assert answer(net, "output").removeprefix("other: ").startswith("quantized" if narrow else "Bad value")


def test_all_weights_that_are_refused_are_obstacles_and_the_first_ones_are_named() -> None:
    net = Net(ROW)
    array = net.input
    for name in ("first", "second", "third"):
        weights = net.const(
            f"{name}/weights", [-0.5, 0.25] if name == "second" else [-0.5, -0.5, 0.25], [4, 4]
        )
        array = net.quant(f"{name}/quant", net.add("MatMul", name, array, weights))
    found = prediction(net, [array])
    assert found.message.startswith(
        "Bad value for first/weights/transpose at index 4, previous bad value at index 0"
    )
    assert [(each.kind, each.array) for each in found.obstacles] == [
        ("bad-weights", f"{name}/weights") for name in ("first", "third")
    ]


SHAPES = {"Gather": [2, 4], "Slice": [4, 8], "": [4, 1]}
"""Op -> the shape of the constant that it moves; without one, the transposition is a Reshape."""


@pytest.mark.parametrize(
    ("op", "attrs", "operands", "expected"),
    [
        ("Reshape", {"Tshape": DType.INT32}, [[4, 4]], "quantized"),
        ("Slice", {"Index": DType.INT32}, [[0, 0], [4, 4]], "Bad value"),
        ("Gather", {"Tparams": DType.FLOAT, "Tindices": DType.INT32}, [[0, 1, 0, 1]], "Bad value"),
        ("Transpose", {"Tperm": DType.INT32}, [[1, 0]], "quantized"),
        ("", {}, [], "Bad value"),
    ],
)
def test_narrow_weights_that_are_moved_are_narrow_no_more_unless_they_are_transposed(
    op: str, attrs: Mapping[str, Attr], operands: Sequence[list[int]], expected: str
) -> None:
    net, shape = Net(ROW), SHAPES.get(op, [4, 4])
    weights = net.fake_quant("quant", net.const("w", [-2.0], shape), -1, 0.99, narrow_range=True)
    if op:
        names = [net.const(f"operand_{i}", row, dtype=DType.INT32) for i, row in enumerate(operands)]
        weights = net.add(op, "moved", weights, *names, after=(), **attrs)
    net.quant("output", net.add("MatMul", "product", net.input, weights))
    assert answer(net, "output").startswith(("other: " if expected != "quantized" else "") + expected)


def test_a_scale_of_zero_on_weights_is_refused() -> None:
    net = Net(ROW)
    weights = net.fake_quant("weights_quant", net.const("weights", [0.5, -0.5], [4, 4]), 0, 0)
    net.quant("output", net.add("MatMul", "product", net.input, weights))
    assert "The quantization scale for this array is 0" in answer(net, "output")


def test_weights_that_are_no_constant_have_the_range_of_an_input() -> None:
    net = Net(ROW)
    net.placeholder("weights", [4, 4])
    net.quant("output", net.add("MatMul", "product", net.input, "weights"))
    assert answer(net, "output", inputs=["input", "weights"]) == "quantized"


def test_calls_of_functions_are_not_followed_and_the_answer_says_so() -> None:
    net = Net()
    net.add("PartitionedCall", "output", net.conv("conv", net.input), Tin=[DType.FLOAT], Tout=[DType.FLOAT])
    found = prediction(net, ["output"])
    assert (found.verdict, found.obstacles[0].kind) == ("undetermined", "unknown-op")
    assert "PartitionedCall" in found.message


@pytest.mark.parametrize("narrow", [False, True])
def test_weights_behind_a_fake_quant_of_no_width_abort_in_front_of_a_missing_range(narrow: bool) -> None:
    net = Net()
    values = net.const("values", [0.5, -0.5, 0.25], [1, 1, 4, 4])
    flat = net.fake_quant("flat", values, 0, 0, narrow_range=narrow)
    net.conv("output", net.input, flat)
    assert answer(net, "output").startswith("other: Check failed: src_val == 0")
