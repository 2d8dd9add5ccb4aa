"""Constants are folded as TensorFlow folds them, and no small file makes them fill a memory."""

import tracemalloc
from collections.abc import Callable

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference

SIDE = 30_000
MIB = 1 << 20


def ints(b: Builder, name: str, *values: int) -> str:
    return b.const(name, list(values), dtype=DType.INT32)


def one(b: Builder) -> str:
    return b.const("one", 1.5)


def column(b: Builder) -> str:
    return b.add("Fill", "column", ints(b, "sizes", SIDE, 1), one(b))


def _doubled(b: Builder) -> str:
    value, axis = (
        b.add("Fill", "start", ints(b, "sizes", 2000, 2000), one(b)),
        b.const("axis", 0, dtype=DType.INT32),
    )
    for step in range(12):
        value = b.add("ConcatV2", f"twice{step}", value, value, axis, N=2)
    return value


def _chain(b: Builder) -> str:
    value = b.add("Fill", "start", ints(b, "sizes", 1000, 1000), one(b))
    for step in range(100):
        value = b.add("Exp", f"exp{step}", value)
    return value


GROWING: dict[str, Callable[[Builder], str]] = {
    "Fill": lambda b: b.add("Fill", "y", ints(b, "sizes", SIDE, SIDE), one(b)),
    "BroadcastTo": lambda b: b.add("BroadcastTo", "y", one(b), ints(b, "sizes", SIDE, SIDE)),
    "Tile": lambda b: b.add("Tile", "y", column(b), ints(b, "times", 1, SIDE)),
    "Range": lambda b: b.add(
        "Range", "y", *(b.const(f"r{v}", v, dtype=DType.INT32) for v in (0, SIDE**2, 1))
    ),
    "MatMul": lambda b: b.add("MatMul", "y", column(b), "column", transpose_b=True),
    "Add": lambda b: b.add(
        "AddV2", "y", column(b), b.add("Reshape", "row", "column", ints(b, "turned", 1, SIDE))
    ),
    "Gather": lambda b: b.add(
        "Gather",
        "y",
        b.add("Fill", "rows", ints(b, "sizes", 2, SIDE), one(b)),
        b.add("Fill", "indices", ints(b, "count", SIDE), b.const("zero", 0, dtype=DType.INT32)),
    ),
    "doubled": _doubled,
    "chain": _chain,
}


@pytest.mark.parametrize("made", GROWING.values(), ids=GROWING)
def test_the_value_of_a_constant_that_outgrows_its_file_is_not_known(made: Callable[[Builder], str]) -> None:
    b = Builder()
    array = made(b)
    inference = Inference(trace(b.graph(), [], [array]), {})
    assert inference.is_constant(array)
    tracemalloc.start()
    try:
        assert inference.constant(array) is None
        assert tracemalloc.get_traced_memory()[1] < 400 * MIB
    finally:
        tracemalloc.stop()


FOLDED: dict[str, tuple[Callable[[Builder], str], list[float]]] = {
    "Softmax": (lambda b: b.add("Softmax", "y", b.const("x", [1.0, 1.0, 1.0, 1.0], [2, 2])), [0.5] * 4),
    "StridedSlice": (
        lambda b: b.add("StridedSlice", "y", *_bounds(b), begin_mask=2, shrink_axis_mask=1),
        [3.0, 4.0],
    ),
    "StridedSlice with an ellipsis and a new axis": (
        lambda b: b.add("StridedSlice", "y", *_bounds(b), ellipsis_mask=1, new_axis_mask=2),
        [1.0, 2.0, 3.0, 4.0],
    ),
}


def _bounds(b: Builder) -> tuple[str, ...]:
    x = b.const("x", [1.0, 2.0, 3.0, 4.0], [2, 2])
    return x, ints(b, "begin", 1, 1), ints(b, "end", 2, 2), ints(b, "steps", 1, 1)


@pytest.mark.parametrize(("made", "values"), FOLDED.values(), ids=FOLDED)
def test_an_op_of_constants_has_the_value_that_tensorflow_computes(
    made: Callable[[Builder], str], values: list[float]
) -> None:
    b = Builder()
    array = made(b)
    found = Inference(trace(b.graph(), [], [array]), {}).constant(array)
    assert found is not None
    assert list(found.values()) == values


def test_the_weights_of_a_file_are_folded_whatever_their_size() -> None:
    b = Builder()
    weights = b.const("weights", [0.5] * 5_000_000, [1000, 5000])
    turned = b.add("Transpose", "turned", weights, ints(b, "order", 1, 0))
    found = Inference(trace(b.graph(), [], [turned]), {}).constant(turned)
    assert found is not None
    assert found.shape == (5000, 1000)


@pytest.mark.parametrize("batch_dims", [1, -1])
def test_a_gather_of_constants_takes_each_batch_by_its_own_indices(batch_dims: int) -> None:
    b = Builder()
    values = b.const("values", [float(one) for one in range(12)], [2, 2, 3])
    indices = b.const("indices", [2, 0, 1, 1], [2, 2], dtype=DType.INT32)
    axis = b.const("axis", 2, dtype=DType.INT32)
    b.add("GatherV2", "y", values, indices, axis, batch_dims=batch_dims)
    folded = Inference(trace(b.graph(), [], ["y"]), {}).constant("y")
    assert folded is not None
    assert folded.shape == (2, 2, 2)
    assert list(folded.values()) == [2, 0, 5, 3, 7, 7, 10, 10]
