"""Attributes survive encoding and decoding."""

import math

import pytest

from minmax_lint.graph.attr import Attr, FunctionRef, UnknownRank
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.schema import attributes
from minmax_lint.schema.messages import message_class


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        7,
        -1,
        0.5,
        b"SAME",
        DType.QUINT8,
        (1, None, 3),
        (),
        UnknownRank(),
        FunctionRef("body"),
        [1, 2, 2, 1],
        [0.5],
        [True, False],
        [b"a", b"b"],
        [DType.FLOAT, DType.INT32],
    ],
    ids=repr,
)
def test_an_attribute_comes_back_as_it_went(value: Attr) -> None:
    assert attributes.decode_attr(attributes.encode_attr(value)) == value


def test_a_tensor_comes_back_with_its_elements() -> None:
    tensor = attributes.decode_attr(attributes.encode_attr(Tensor.of(DType.FLOAT, [2], [1.5, -math.inf])))
    assert isinstance(tensor, Tensor)
    assert (tensor.dtype, tensor.shape, tensor.values()) == (DType.FLOAT, (2,), (1.5, -math.inf))


@pytest.mark.parametrize(
    ("field", "dtype", "values"),
    [
        ("float_val", DType.FLOAT, [1.0, 2.0]),
        ("int_val", DType.INT32, [1, -2]),
        ("int_val", DType.UINT8, [1, 255]),
        ("int64_val", DType.INT64, [2**40]),
        ("bool_val", DType.BOOL, [True, False]),
        ("half_val", DType.HALF, [15360]),
    ],
)
def test_elements_given_one_by_one_are_read(field: str, dtype: DType, values: list[float]) -> None:
    message = message_class("TensorProto")(dtype=int(dtype), **{field: values})
    message.tensor_shape.dim.add(size=len(values))
    expected = [1.0] if dtype is DType.HALF else values
    assert list(attributes.decode_tensor(message).values()) == expected
