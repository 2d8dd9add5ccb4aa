"""Shapes that TensorFlow refuses at import: its own words (TF 2.21), for every converter."""

import pytest

from minmax_lint.converters.predict import predict
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from minmax_lint.inference.misfit import RANKS, misfit
from minmax_lint.inference.shape_arithmetic import MOST_DIMENSIONS
from tests.profiles import ALL


def inference_of(op, *shapes, order=None):
    """An op of inputs of these shapes, the last of which is a constant where it is an `order`."""
    b = Builder()
    inputs = [b.placeholder(f"x{place}", list(shape)) for place, shape in enumerate(shapes)]
    if order is not None:
        inputs.append(b.const("order", order, dtype=DType.INT32))
    b.add(op, "op", *inputs, T=DType.FLOAT)
    kept = trace(b.graph(), inputs[: len(shapes)], ["op"])
    return Inference(kept, {})


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (inference_of("MatMul", (), (2, 2)), "Shape must be rank 2 but is rank 0"),
        (inference_of("Conv2D", (1, 4, 4, 4), (1, 4, 4)), "Shape must be rank 4 but is rank 3"),
        (inference_of("MaxPool", (4, 4)), "Shape must be rank 4 but is rank 2"),
        (inference_of("Transpose", (1, 2, 3), order=[0, 1]), "Dimension must be 3 but is 2"),
        (inference_of("Transpose", (1, 2, 3), order=[0, 1, 5]), "perm dim 5 is out of range of input rank 3"),
        (
            inference_of("Transpose", (1, 2, 3), order=[0, 1, -4]),
            "perm dim -4 is out of range of input rank 3",
        ),
    ],
)
def test_what_tensorflow_does_not_import_no_converter_takes(found, message):
    for profile in ALL.values():
        prediction = predict(found.kept, found, profile)
        assert prediction.verdict == "abort"
        assert prediction.message == f"ValueError: {message} for '{{{{node op}}}}"


@pytest.mark.parametrize("op", RANKS)
def test_an_op_whose_ranks_fit_or_are_not_known_is_not_refused(op):
    shapes = [(2,) * rank for rank in RANKS[op]]
    assert misfit(inference_of(op, *shapes)) is None
    assert misfit(inference_of("Transpose", (1, 2), order=[1, -2])) is None


@pytest.mark.parametrize("rank", [MOST_DIMENSIONS, MOST_DIMENSIONS + 1, 2**40])
def test_no_array_has_more_dimensions_than_tensorflow_allows(rank):
    b = Builder()
    x, shape = b.placeholder("x", [1]), b.placeholder("shape", [rank], DType.INT32)
    b.add("Reshape", "op", x, shape)
    known = Inference(trace(b.graph(), [x, shape], ["op"]), {}).shape("op")
    assert known == ((None,) * rank if rank == MOST_DIMENSIONS else None)
