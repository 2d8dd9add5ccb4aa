"""The state that a function of TensorFlow 2 assigns: what real TF 2.15.1 and 2.21.0 made of it."""

from __future__ import annotations

from collections import Counter

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.converters.predict import predict
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import profile
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference


def stateful(name: str, dtype: DType = DType.FLOAT, reads: int = 1, again: bool = False) -> Prediction:
    """Adds the state to the input and keeps the sum; `again`: reads it once more behind the assignment."""
    n = Net()
    total = n.placeholder("input", (1, 4))
    state = n.const("state", [0.0] * 4, [1, 4], dtype)
    for _ in range(reads):
        read = n.op("Identity", state, T=dtype)
        total = n.op("AddV2", total, n.op("Cast", read, SrcT=dtype))
    kept = n.op("Cast", total, DstT=dtype)
    assign = n.add("AssignVariableOp", "assign", state, kept, after=(), dtype=dtype)
    if again:
        read = n.add("Identity", "read", state, after=(assign,), T=dtype)
        total = n.op("Mul", total, n.op("Cast", read, SrcT=dtype))
    output = n.add("Identity", "output", total, after=(assign,))
    found = trace(n.graph(), ["input"], [output])
    return predict(found, Inference(found, {}), profile(name))


@pytest.mark.parametrize("name", ["mlir-2.15-int8", "mlir-2.21-int8"])
def test_a_state_is_read_and_assigned_in_float(name: str) -> None:
    found = stateful(name)
    assert Counter(op for op, _ in found.float_ops) == {"READ_VARIABLE": 1, "ASSIGN_VARIABLE": 1}
    (cause,) = found.obstacles
    assert (cause.array, cause.message) == (
        "state",
        "The variable state keeps its state in float between two calls.",
    )


@pytest.mark.parametrize(("reads", "again", "expected"), [(1, False, 1), (2, False, 1), (1, True, 2)])
def test_reads_are_one_unless_an_assignment_stands_between_them(
    reads: int, again: bool, expected: int
) -> None:
    found = stateful("mlir-2.21-int8", reads=reads, again=again)
    assert Counter(op for op, _ in found.float_ops)["READ_VARIABLE"] == expected


@pytest.mark.parametrize("name", ["mlir-2.15-16x8", "mlir-2.21-16x8"])
def test_a_state_has_sixteen_bits(name: str) -> None:
    assert stateful(name).verdict == "quantized"


def test_a_state_of_a_type_that_variables_lack_is_refused() -> None:
    found = stateful("mlir-2.21-int8", DType.HALF)
    assert (found.verdict, found.op) == ("abort", "AssignVariableOp")
