"""The state that a function of TensorFlow 2 assigns: what real TF 2.15.1 and 2.21.0 made of it."""

from collections import Counter

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Function, graph_of
from tests.converters.predicted import predicted_of


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
    return predicted_of(n, output, name)


@pytest.mark.parametrize("name", ["mlir-2.15-int8", "mlir-2.21-int8"])
def test_a_state_is_read_and_assigned_in_float(name: str) -> None:
    found = stateful(name)
    # One of the assignments gives the state its first value.
    assert Counter(op for op, _ in found.float_ops) == {"READ_VARIABLE": 1, "ASSIGN_VARIABLE": 2}
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


def updated(name: str, op: str, inside: int = 0) -> Prediction:
    """Reads a state behind what `op` makes of it; `inside`: in a branch of an If, or of one in another."""
    n = Net()
    value = n.placeholder("input", (1, 4))
    state = n.const("state", [0.0] * 4, [1, 4])
    if not inside:
        effect = n.add(op, "effect", state, value, after=(), dtype=DType.FLOAT)
        functions: dict[str, tuple[Function, ...]] = {}
    else:
        condition = n.placeholder("condition", (), DType.BOOL)
        effect, functions = chosen(n, condition, state, value, op, inside)
    read = n.add("Identity", "read", state, after=(effect,), T=DType.FLOAT)
    output = n.add("Identity", "output", n.op("Relu", read), after=(effect,))
    graph = graph_of(list(n.graph()), functions)
    return predicted_of(graph, output, name, ["input", *["condition"] * bool(inside)])


def chosen(
    n: Net, condition: str, state: str, value: str, op: str, depth: int
) -> tuple[str, dict[str, tuple[Function, ...]]]:
    """An If of which one branch updates the state, and its functions."""
    types = {"Tin": [DType.FLOAT] * 2, "Tout": [DType.BOOL]}
    effect = n.add("If", "effect", condition, state, value, after=(), **types)
    return effect, {
        effect: (branch("then branch", op, depth, value, condition), branch("else branch", op, 0, value, ""))
    }


def branch(role: str, op: str, depth: int, passed: str, decides: str) -> Function:
    """One that updates the state with what it is passed, or, of depth 0, does nothing."""
    n = Net()
    yes = n.const("yes", True, [], DType.BOOL)
    if not depth:
        return Function(role, n.graph(), {}, (yes,))
    state, value = n.const("state", [0.0] * 4, [1, 4]), n.placeholder("value", (1, 4))
    functions: dict[str, tuple[Function, ...]] = {}
    arguments = {"value": passed}
    if depth == 1:
        effect = n.add(op, "effect", state, value, after=(), dtype=DType.FLOAT)
    else:
        condition = n.placeholder("condition", (), DType.BOOL)
        arguments["condition"] = decides
        effect, functions = chosen(n, condition, state, value, op, depth - 1)
    done = n.add("Identity", "done", yes, after=(effect,), T=DType.BOOL)
    return Function(role, graph_of(list(n.graph()), functions), arguments, (done,))


@pytest.mark.parametrize("name", ["mlir-2.15-int8", "mlir-2.21-int8"])
@pytest.mark.parametrize("op", ["AssignAddVariableOp", "AssignSubVariableOp"])
def test_an_update_is_a_read_and_an_assignment(name: str, op: str) -> None:
    floats = Counter(one for one, _ in updated(name, op).float_ops)
    assert (floats["READ_VARIABLE"], floats["ASSIGN_VARIABLE"]) == (2, 2)


@pytest.mark.parametrize("name", ["mlir-2.15-int8", "mlir-2.21-int8"])
@pytest.mark.parametrize("depth", [1, 2])
def test_a_branch_assigns_the_state_of_the_model(name: str, depth: int) -> None:
    floats = Counter(one for one, _ in updated(name, "AssignVariableOp", depth).float_ops)
    assert (floats["READ_VARIABLE"], floats["ASSIGN_VARIABLE"], floats["IF"]) == (1, 2, depth)


@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21"])
def test_a_state_that_a_branch_assigns_is_refused_in_the_tf1_flow(name: str) -> None:
    found = updated(name, "AssignVariableOp", inside=1)
    assert (found.verdict, found.kind) == ("abort", "other")
    assert found.message.startswith("input resource[0] expected type resource != float")
