"""What ends a conversion before ranges are looked at: sizes, indices, control flow (TOCO of TF 2.15.1)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import pytest

from minmax_lint.converters.profile import PROFILES
from minmax_lint.graph.attr import Attr, UnknownRank
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.layers import IMPLEMENTS
from minmax_lint.writers.graphdef import encode
from tests.converters.predicted import predicted_of
from tests.converters.toco.nets import Net, prediction
from tests.corpus.scoring import detail_right
from tests.differential.forked import ForkServer, Shapes
from tests.interpreters import tf215

Case = tuple[Net, tuple[str, ...], str]
"""The graph, its outputs, and how the message begins."""

IMAGE = (1, 8, 8, 4)
INT32_DIMS = "Check failed: shape_array.data_type == ArrayDataType::kInt32 Reshape dims must be int32"


def behind(net: Net, message: str, array: str = "o") -> Case:
    net.quant("q", array)
    return net, ("q",), message


def reduction_of_scalar(op: str) -> Case:
    net = Net(())
    net.over(op, "o", net.input, net.const("axes", [], [0], DType.INT32), keep_dims=False, Tidx=DType.INT32)
    return behind(net, "Check failed: false Invalid reduction dimension 0 for input with 0 dimensions")


def reduction_of_sum() -> Case:
    net = Net((4, 2))
    total = net.over("Sum", "total", net.input, net.ints("both", 0, 1), keep_dims=False, Tidx=DType.INT32)
    none = net.const("axes", [], [0], DType.INT32)
    return behind(
        net,
        "Check failed: false Invalid reduction dimension 0",
        net.over("Mean", "o", total, none, keep_dims=False, Tidx=DType.INT32),
    )


def empty_axes_of_a_row() -> Case:
    net = Net((1, 4))
    none = net.const("axes", [], [0], DType.INT32)
    net.over("Sum", "o", net.input, none, keep_dims=False, Tidx=DType.INT32)
    return behind(net, "")


def long_axes(op: str) -> Case:
    net = Net(IMAGE)
    net.add(
        op, "o", net.input, net.const("axes", [1, 2], dtype=DType.INT64), Tidx=DType.INT64, keep_dims=True
    )
    return behind(net, "Check failed: reduction_indices_array.buffer->type == ArrayDataType::kInt32")


def long_operand(op: str, key: str, values: list[int], message: str) -> Case:
    net, attrs = Net(IMAGE), cast(dict[str, Attr], {key: DType.INT64})
    net.add(op, "o", net.input, net.const("operand", values, dtype=DType.INT64), **attrs)
    return behind(net, message)


def long_slice(op: str) -> Case:
    net, bounds = Net(IMAGE), {"begin": [0, 0, 0, 0], "end": [1, 4, 4, 4], "strides": [1, 1, 1, 1]}
    names = [net.const(name, values, dtype=DType.INT64) for name, values in bounds.items()]
    net.add(op, "o", net.input, *(names if op == "StridedSlice" else names[:2]), Index=DType.INT64)
    start = "op->start_indices.size() <= num_input_axes (8 vs. 4)"
    return behind(
        net, f"Check failed: {start if op == 'StridedSlice' else 'input_shape.dims().size() == op->size'}"
    )


def long_axis_of_concat() -> Case:
    net = Net(IMAGE)
    axis = net.const("axis", 3, dtype=DType.INT64)
    net.add("ConcatV2", "o", net.input, net.input, axis, Tidx=DType.INT64, N=2)
    return behind(net, "Check failed: axis_array.data_type == ArrayDataType::kInt32")


def long_indices(*, constant: bool) -> Case:
    net = Net((4,))
    table = net.const("table", [1.0, 2.0, 3.0, 4.0]) if constant else net.input
    types: dict[str, Attr] = {
        "Tparams": DType.FLOAT,
        "Tindices": DType.INT64,
        "Taxis": DType.INT32,
        "batch_dims": 0,
    }
    indices = net.const("indices", [0, 1, 2, 3], dtype=DType.INT64)
    net.add(
        "Add",
        "o",
        net.input,
        net.add("GatherV2", "g", table, indices, net.const("a", 0, dtype=DType.INT32), **types),
    )
    return behind(
        net, "Check failed: coords_array.data_type == ArrayDataType::kInt32" if constant else "Array g, which"
    )


def long_blocks() -> Case:
    net = Net(IMAGE)
    operands = net.const("b", [2, 2], dtype=DType.INT64), net.const("p", [0, 0, 0, 0], [2, 2], DType.INT64)
    net.add("SpaceToBatchND", "o", net.input, *operands, Tblock_shape=DType.INT64, Tpaddings=DType.INT64)
    return behind(net, 'Check failed: GetDataTypeAttr(node, "Tblock_shape") == DT_INT32')


def filled(dtype: DType, values: list[int], message: str) -> Case:
    net = Net((1, 4))
    net.add(
        "Fill", "f", net.const("sizes", values, [len(values)], dtype), net.const("one", 1.0), index_type=dtype
    )
    return behind(net, message, net.add("Add", "o", net.input, "f"))


def diagonal(op: str, shape: list[int], message: str) -> Case:
    net = Net((2, 3, 3))
    more = [
        net.const(name, value, dtype=DType.INT32) for name, value in (("k", 0), ("rows", -1), ("columns", -1))
    ]
    more = [*more, net.const("padding", 0.0)] if op != "MatrixDiag" else []
    attrs: dict[str, Attr] = {"align": b"RIGHT_LEFT"} if op == "MatrixDiagV3" else {}
    net.add("Add", "o", net.input, net.add(op, "d", net.const("e", 1.0, shape), *more, **attrs))
    return behind(net, message)


def switch(*, then: str = "", output: str = "sw", constant: bool) -> Case:
    net = Net((1, 4))
    where = net.const("p", True, dtype=DType.BOOL) if constant else net.add(
        "Any", "p", net.add("Greater", "g", net.input, net.const("zero", 0.0)), net.ints("axes", 0, 1),
        Tidx=DType.INT32, keep_dims=False,
    )  # fmt: skip
    net.add("Switch", "sw", net.input, where)
    if then == "Relu":
        return behind(
            net, "" if constant else "Check failed: op->outputs[0] == ac_op", net.add("Relu", "o", "sw:1")
        )
    if then == "Merge":
        net.add("Merge", "o", net.add("Identity", "no", "sw"), net.add("Relu", "yes", "sw:1"), N=2)
        return behind(
            net, "Found Identity as non-selected output" if constant else "Array sw:1, which is an input"
        )
    no = "Check failed: GetOpWithOutput(model, output_array) Specified output array"
    return net, (output,), no if constant else "Unimplemented: this graph contains an operator of type"


def loop(*, control: bool, ranges: bool = False) -> Case:
    net = Net((1, 4))

    def fq(name: str) -> str:
        return net.quant(f"{name}_quant", name) if ranges else name

    net.add("Enter", "enter", net.input, frame_name=b"f", is_constant=False, parallel_iterations=10)
    net.add("Merge", "merge", fq("enter"), "next", N=2)
    total = net.over("Sum", "sum", "merge", net.ints("axes", 0, 1), keep_dims=False, Tidx=DType.INT32)
    net.add("LoopCond", "cond", net.add("Less", "less", total, net.const("limit", 3.0)))
    net.add("Switch", "sw", "merge", "cond")
    body = net.add("Identity", "body", "sw:1")
    net.add("NextIteration", "next", net.add("Add", "sum2", body, body), after=[body] if control else [])
    two = "Check failed: node.input_size() == 1 (2 vs. 1)"
    missing = "Array next" if ranges else "Array enter"
    return behind(net, two if control else missing, net.add("Exit", "exit", "sw"))


def no_result(op: str) -> Case:
    net = Net((1, 4))
    relu = net.add("Relu", "relu", net.input)
    if op == "NoOp":
        net.add("NoOp", "o", after=[relu])
    else:
        net.add(op, "o", relu, index=0)
    return net, ("o",), "ValueError: Invalid tensors 'o' were found."


def constant_output(*, dtype: DType, body: str) -> Case:
    net = Net((1, 4))
    net.add("Identity", "c", net.const("value", [1, 2], dtype=dtype), T=dtype, after=["input"])
    net.add(body, "o", net.input)
    if body == "Sqrt":
        return net, ("c", "o"), "Unimplemented: this graph contains an operator of type Sqrt"
    return net, ("c", "o"), "Check failed: output_array.minmax Output array named o lacks minmax"


def handed_on(op: str, **attrs: Attr) -> Case:
    net = Net((1, 4))
    return behind(net, "", net.add("Relu", "o", net.add(op, "copy", net.quant("x", net.input), **attrs)))


def python_function() -> Case:
    net, types = Net((1, 4)), [DType.FLOAT]
    net.add("PyFunc", "o", net.input, token=b"f", Tin=types, Tout=types)
    return behind(net, "Check failed: attr.value_case() == AttrValue::kType (1 vs. 6)")


def global_batch_norm(*, scaled: bool) -> Case:
    net = Net(IMAGE)
    names = [net.const(name, [0.5, 0.25, 1.0, 2.0]) for name in ("mean", "variance", "beta", "gamma")]
    norm = net.add(
        "BatchNormWithGlobalNormalization", "o", net.conv("conv", net.input), *names,
        variance_epsilon=0.001, scale_after_normalization=scaled,
    )  # fmt: skip
    return behind(net, "", norm)


def dense(*, computed: bool) -> Case:
    net, long = Net((4,)), DType.INT64
    sizes = net.ints("sizes", 4)
    if computed:
        sizes = net.add("Cast", "long_sizes", sizes, SrcT=DType.INT32, DstT=long)
    else:
        sizes = net.const("long_sizes", [4], dtype=long)
    parts = (net.const("at", [1], dtype=long), sizes, net.const("values", [0.5]), net.const("rest", 0.25))
    net.add("Add", "o", net.input, net.add("SparseToDense", "d", *parts, Tindices=long))
    return behind(net, "crashed without a message" if computed else "Array d, which is an input to the Add")


def stacked() -> Case:
    net = Net((4, 8))
    sizes, count = net.ints("sizes", 8), net.const("count", 4, dtype=DType.INT32)
    items = net.add(
        "TensorListReserve", "items", sizes, count, element_dtype=DType.FLOAT, shape_type=DType.INT32
    )
    stack = net.add("TensorListStack", "stack", items, sizes, element_dtype=DType.FLOAT, num_elements=-1)
    net.add("Add", "o", net.input, stack)
    return behind(
        net, "Unimplemented: this graph contains an operator of type (Unsupported TensorFlow op: TensorListR"
    )


def new_axis(shape: list[int], places: int, message: str) -> Case:
    """`x[:, None, :, ...]`."""
    net, whole = Net(shape), (1 << places) - 1
    bounds = [net.const(name, [step] * places, dtype=DType.INT32) for name, step in BOUNDS.items()]
    masks = {"begin_mask": whole - 2, "end_mask": whole - 2, "new_axis_mask": 2}
    net.add("StridedSlice", "o", net.input, *bounds, Index=DType.INT32, **masks)
    return behind(net, message)


BOUNDS = {"begin": 0, "end": 0, "strides": 1}
CASES: dict[str, Case] = {
    "a new axis among as many places as dimensions": new_axis([1, 8], 2, ""),
    "a new axis among more places": new_axis(
        [1, 8], 3, "Check failed: start_indices_size <= num_input_axes (3 vs. 2)StridedSlice op requires no more than 2"
    ),
    "a new axis among five places": new_axis([1, 2, 2, 8], 5, ""),
    **{f"{op} of a scalar over no axes": reduction_of_scalar(op) for op in ("Sum", "Mean", "Max", "Min", "Prod")},
    "a sum over no axes": reduction_of_sum(),
    "a row over no axes": empty_axes_of_a_row(),
    **{f"{op} over int64 axes": long_axes(op) for op in ("Sum", "Mean", "Max", "Min", "Prod")},
    "int64 sizes of Reshape": long_operand("Reshape", "Tshape", [1, 256], INT32_DIMS),
    "int64 order of Transpose": long_operand("Transpose", "Tperm", [0, 2, 1, 3], "Check failed: perm_array.data_type"),
    "int64 multiples": long_operand("Tile", "Tmultiples", [1, 2, 2, 1], "Check failed: multiples_array.data_type"),
    "int64 Slice": long_slice("Slice"),
    "int64 StridedSlice": long_slice("StridedSlice"),
    "int64 axis of ConcatV2": long_axis_of_concat(),
    "int64 indices of a constant": long_indices(constant=True),
    "int64 block sizes": long_blocks(),
    "Fill with int64 sizes": filled(DType.INT64, [4], "Check failed: dims_array.data_type == ArrayDataType::kInt32"),
    "Fill with no sizes": filled(DType.INT32, [], "Check failed: dim_x == dim_y (4 vs. 0)Dimensions must match"),
    "Fill": filled(DType.INT32, [4], ""),
    **{
        f"{op} of a constant": diagonal(op, [2, 3], "Check failed: array->buffer->Length() == RequiredBufferSize")
        for op in ("MatrixDiag", "MatrixDiagV2", "MatrixDiagV3")
    },
    "MatrixDiag of one element each": diagonal("MatrixDiag", [2, 1], "Array d, which is an input to the Add"),
    **{f"SparseToDense, sizes computed: {yes}": dense(computed=yes) for yes in (False, True)},
    "the stack of a list of tensors, which has no type": stacked(),
    "chosen output of Switch": switch(constant=True, output="sw:1"),
    "other output of Switch": switch(constant=True, output="sw"),
    "open Switch": switch(constant=False),
    "Relu behind a decided Switch": switch(constant=True, then="Relu"),
    "Relu behind a Switch": switch(constant=False, then="Relu"),
    "decided branch": switch(constant=True, then="Merge"),
    "branch": switch(constant=False, then="Merge"),
    "loop": loop(control=False),
    "loop with ranges": loop(control=False, ranges=True),
    "loop with a control input": loop(control=True),
    "_Retval as output": no_result("_Retval"),
    "NoOp as output": no_result("NoOp"),
    "int64 constant as output": constant_output(dtype=DType.INT64, body="Relu"),
    "float constant as output": constant_output(dtype=DType.FLOAT, body="Relu"),
    "constant beside an op without form": constant_output(dtype=DType.INT64, body="Sqrt"),
    "EnsureShape": handed_on("EnsureShape", shape=(1, 4)),
    "Snapshot": handed_on("Snapshot"),
    "PyFunc": python_function(),
    "global batch normalization": global_batch_norm(scaled=True),
    "global batch normalization without gamma": global_batch_norm(scaled=False),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_message_begins_as_the_real_one(case: str) -> None:
    net, outputs, message = CASES[case]
    found = prediction(net, outputs)
    assert (
        (found.message.startswith(message) and found.verdict == "abort")
        if message
        else found.verdict == "quantized"
    )


@pytest.mark.parametrize("bounds", ["inputs", "computed", "inputs behind a range"])
def test_a_range_that_is_no_constant_ends_in_a_crash_at_the_end(bounds: str) -> None:
    found = prediction(*run_time_range(bounds))
    assert (found.verdict, found.kind) == ("abort", "other")
    end = "segmentation fault" if bounds == "inputs" else "has mis-matching actual and final data types"
    assert end in found.message


def run_time_range(bounds: str) -> tuple[Net, tuple[str, ...], str, tuple[str, ...]]:
    net, inputs = Net((1, 4)), ["input"]
    low, high, x = "low", "high", net.input
    if bounds == "computed":
        total = net.over("Max", "top", x, net.ints("axes", 0, 1), keep_dims=False, Tidx=DType.INT32)
        low, high = net.const("low", -1.0), net.quant("high", total)
    else:
        inputs += [net.placeholder("low", ()), net.placeholder("high", ())]
    if bounds == "inputs behind a range":
        x = net.quant("x", net.add("Relu", "relu", x))
    net.add("FakeQuantWithMinMaxVars", "o", x, low, high, num_bits=8, narrow_range=False)
    return net, ("o",), "toco-2.15", tuple(inputs)


UNSETTLED: Mapping[str, tuple[tuple[int | None, ...], tuple[int | None, ...] | None, str]] = {
    "no rank": ((1, 4), None, "ValueError: Provide an input shape for input array 'other'."),
    "more than the batch unknown": (
        (1, 4),
        (1, None),
        "ValueError: None is only supported in the 1st dimension. Tensor 'other' has invalid shape '[1, None]'.",
    ),
    "a batch beside a scalar": ((None, 4), (), "IndexError: list index out of range"),
}
"""Shapes of two inputs, and what lite.py says."""


def two_inputs(case: str) -> tuple[Net, tuple[str, ...], str, tuple[str, ...]]:
    first, second, _ = UNSETTLED[case]
    net = Net(first)
    net.add("Placeholder", "other", dtype=DType.FLOAT, shape=UnknownRank() if second is None else second)
    net.quant("q", net.add("Add", "o", net.input, "other"))
    return net, ("q",), "toco-2.15", ("input", "other")


@pytest.mark.parametrize("case", UNSETTLED)
def test_the_shapes_of_inputs_are_known_but_for_the_batch(case: str) -> None:
    assert prediction(*two_inputs(case)).message == UNSETTLED[case][2]


def test_real_toco_answers_the_same() -> None:
    graphs: list[tuple[Net, tuple[str, ...], str, tuple[str, ...]]] = [
        (net, outputs, "toco-2.15", ("input",)) for net, outputs, _ in CASES.values()
    ]
    graphs += [run_time_range(bounds) for bounds in ("inputs", "computed", "inputs behind a range")]
    graphs += map(two_inputs, UNSETTLED)
    wrong = []
    with ForkServer(tf215()) as server:
        for net, outputs, version, inputs in graphs:
            stated = {name: net.graph()[name].attrs["shape"] for name in inputs}
            shapes = {
                name: None if isinstance(shape, UnknownRank) else shape for name, shape in stated.items()
            }
            answer = server.answer(version, encode(net.graph()), cast(Shapes, shapes), list(outputs))
            if not detail_right(answer, prediction(net, outputs, version, inputs)):
                wrong.append((net.graph().names, outputs, answer))
    assert wrong == []


@pytest.mark.parametrize(
    ("profile", "saved_model", "layer", "refused"),
    [
        ("toco-2.15", True, b"gru_1", True),
        ("toco-2.15", True, None, False),
        ("toco-2.15", False, b"gru_1", False),
        ("toco-1.15", True, b"gru_1", False),
    ],
)
def test_a_saved_rnn_layer_that_says_what_it_is_keeps_toco_from_its_inputs(
    profile: str, saved_model: bool, layer: bytes | None, refused: bool
) -> None:
    """Measured with TF 2.15.1 on layers of Keras 2: GRU, LSTM and Bidirectional say it, SimpleRNN and RNN do not."""
    net, says = Net((1, 4)), {} if layer is None else {IMPLEMENTS: layer}
    net.add("StatelessWhile", "while", net.input, T=[DType.FLOAT], **says)
    found = predicted_of(net, "while", replace(PROFILES[profile], saved_model=saved_model))
    assert found.message.endswith("Unsupported explicit zero output index: input:0") is refused
