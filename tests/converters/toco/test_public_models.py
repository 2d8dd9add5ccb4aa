"""Idioms of public models: what the real TOCO of TF 2.15.1 made of them, rebuilt as small graphs."""

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from tests.converters.predicted import predicted_of


def predicted(net: Net, output: str) -> Prediction:
    return predicted_of(net, output, "toco-2.15")


@pytest.mark.parametrize(
    ("entries", "masks", "read"),
    [
        (3, {"begin_mask": 5, "end_mask": 5, "new_axis_mask": 2}, 3),
        (4, {"begin_mask": 9, "end_mask": 9, "new_axis_mask": 6}, 4),
        (2, {"begin_mask": 1, "end_mask": 1, "new_axis_mask": 2}, 0),
    ],
)
def test_an_index_for_a_new_axis_is_one_too_many(entries: int, masks: dict[str, Attr], read: int) -> None:
    n = Net()
    bounds = n.ints(*[0] * entries), n.ints(*[0] * entries), n.ints(*[1] * entries)
    found = predicted(n, n.fq(n.op("StridedSlice", n.x(), *bounds, T=DType.FLOAT, **masks)))
    if read:
        assert found.message == (
            f"Check failed: start_indices_size <= num_input_axes ({read} vs. 2)StridedSlice op requires no more than 2 "
            "start indices"
        )
    else:
        assert found.verdict == "quantized"


@pytest.mark.parametrize("computed", [True, False])
def test_only_constant_axes_of_no_elements_are_read_as_one_zero(computed: bool) -> None:
    n = Net()
    axes = n.const("axes", [], [0], DType.INT32)
    if computed:
        axes = n.op("Range", n.i(0), n.i(0), n.i(1))
    most = n.op("Max", n.i(100), axes, T=DType.INT32)
    scaled = n.op("Mul", n.x(), n.op("Cast", most, SrcT=DType.INT32))
    assert ("Invalid reduction dimension 0" in predicted(n, n.fq(scaled)).message) is not computed


@pytest.mark.parametrize("sizes", [DType.INT32, DType.INT64])
@pytest.mark.parametrize("stays", [True, False])
def test_a_known_shape_of_int64_that_stays_has_a_buffer_of_another_type(sizes: DType, stays: bool) -> None:
    n = Net()
    x = n.x()
    shape = n.op("Shape", x, T=DType.FLOAT, out_type=sizes)
    if stays:
        other = n.op("RandomStandardNormal", shape, T=sizes, dtype=DType.FLOAT, seed=0, seed2=0)
    else:
        other = n.op("Fill", shape, n.c(1.0), index_type=sizes)
    message = predicted(n, n.fq(n.op("Add", x, other))).message
    narrowed = f"Check failed: array->buffer->type == array->data_type Tensor: {shape}"
    assert (message == narrowed) == (stays and sizes is DType.INT64)


@pytest.mark.parametrize("neutral", ["AddV2", "Mul", "Sub"])
@pytest.mark.parametrize(("layers", "verdict"), [(0, "quantized"), (1, "abort"), (2, "abort")])
def test_a_sum_with_zeros_stays_where_it_takes_a_relu_before_the_sizes_behind_a_dense_layer_are_known(
    neutral: str, layers: int, verdict: str
) -> None:
    n = Net()
    x = n.image()
    scale = n.reshape(n.op("Mean", x, n.ints(1, 2), keep_dims=True), 1, 4)
    for _ in range(layers):
        product = n.op("BiasAdd", n.mat_mul(scale, n.fq(n.weights(4, 4))), n.c(0.5, shape=[4]))
        scale = n.fq(n.op("Relu6", product))
    scaled = n.op("Mul", x, n.reshape(scale, -1, 1, 1, 4))
    unchanged = n.op(neutral, scaled, n.c(float(neutral == "Mul"), shape=[4]))
    output = n.fq(n.op("Relu", unchanged))
    found = predicted(n, output)
    assert (found.verdict, found.array) == (verdict, scaled if verdict == "abort" else None)
    assert predicted_of(n, output, "toco-1.15").verdict == "quantized"


@pytest.mark.parametrize(
    ("batch", "begin", "masks", "axis"),
    [
        (None, (0,), {"end_mask": 1}, None),
        (None, (1,), {"end_mask": 1}, (0, 0)),  # the triplet loss: x[0::3], x[1::3], x[2::3]
        (3, (1,), {"end_mask": 1}, None),
        (3, (0, 5), {"begin_mask": 1, "end_mask": 1}, (1, -5)),
        (3, (0, 5), {"begin_mask": 3, "end_mask": 3}, None),
        (3, (0, 8), {"end_mask": 3}, (1, 0)),
    ],
)
def test_a_slice_of_no_rows_ends_the_conversion_and_an_open_batch_has_one(
    batch: int | None, begin: tuple[int, ...], masks: dict[str, Attr], axis: tuple[int, int] | None
) -> None:
    n = Net()
    count = len(begin)
    bounds = n.ints(*begin), n.ints(*[0] * count), n.ints(*[3, 1][:count])
    found = predicted(n, n.fq(n.op("StridedSlice", n.x(batch, 8), *bounds, **masks)))
    if axis is None:
        assert found.verdict == "quantized"
    else:
        assert found.message.startswith(f"Check failed: dim_size > 0 (0 vs. {axis[1]})")
        assert f"Axis {axis[0]} computes to size {axis[1]} for StridedSlice" in found.message
