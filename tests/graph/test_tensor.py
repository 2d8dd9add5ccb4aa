"""Constants: stored as TensorProto stores them, read as numpy reads them."""

import struct

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Scalar, Tensor

NUMERIC = [dtype for dtype in DType if dtype.numpy_name is not None]


@pytest.mark.parametrize("dtype", NUMERIC)
def test_elements_have_the_same_layout_as_numpys(dtype: DType) -> None:
    tensor = Tensor.of(dtype, [2, 2], [0, 1, 1, 0])
    expected = numpy.array([[0, 1], [1, 0]], dtype.numpy_name)
    assert bytes(tensor.content or b"") == expected.tobytes()
    assert (tensor.numpy() == expected).all()


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=6), st.integers(0, 5))
def test_the_last_element_repeats_to_fill_the_shape(stored: list[int], more: int) -> None:
    tensor = Tensor.of(DType.INT32, [len(stored) + more], stored)
    expected = (*stored, *([stored[-1]] * more))
    assert tensor.values() == expected
    assert tuple(tensor.numpy()) == expected


def test_no_elements_stand_for_zeros() -> None:
    assert Tensor(DType.FLOAT, [3], b"").values() == (0, 0, 0)


@pytest.mark.parametrize("shape", [(-1, -1), (2, -1), (0, 2**63 - 1, 4, 1), (2**62, 0), (2**40,)])
def test_elements_of_a_shape_that_no_array_has_are_not_known(shape: tuple[int, ...]) -> None:
    assert not Tensor(DType.FLOAT, shape, b"\0" * 16).known


def test_few_elements_that_repeat_too_often_are_not_listed() -> None:
    repeated = Tensor(DType.FLOAT, (255, 8, 1, 65536), struct.pack("<2f", 1.5, 2.5))
    assert (repeated.known, repeated.listed, repeated.leading()) == (True, False, (1.5, 2.5))
    assert Tensor(DType.FLOAT, (3,), b"").leading() == (0,)
    assert Tensor(DType.FLOAT, (0,), b"").leading() == ()


def test_a_tensor_without_elements_is_known() -> None:
    assert Tensor(DType.FLOAT, (0, 4, 1), b"").numpy().shape == (0, 4, 1)


def test_a_tensor_of_unknown_value_has_a_shape_but_no_elements() -> None:
    tensor = Tensor(DType.FLOAT, [3], None)
    assert not tensor.known
    with pytest.raises(ValueError, match="no value is known"):
        tensor.values()
    with pytest.raises(ValueError, match="no numeric value"):
        tensor.numpy()


@pytest.mark.parametrize(("shape", "values"), [([2], [1.0, 2.0]), ([0], [])])
def test_only_a_one_element_tensor_has_an_item(shape: list[int], values: list[Scalar]) -> None:
    with pytest.raises(ValueError, match="expected one element"):
        Tensor.of(DType.FLOAT, shape, values).item()


def test_strings_are_kept_as_bytes() -> None:
    assert Tensor.of(DType.STRING, [2], [b"a", b"b"]).values() == (b"a", b"b")


def test_reference_types_are_their_base_types() -> None:
    assert DType.from_number(101) is DType.FLOAT
    assert DType.from_number(99) is DType.INVALID
