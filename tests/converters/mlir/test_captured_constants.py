"""Constants that a function of a SavedModel captures, as it captures all variables: they are folded up to a size.

The op counts are what TF 2.15.1, 2.18.0 and 2.21.0 made of such SavedModels. A constant inside the function is folded
whatever its size.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.converters.profile import PROFILES
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.freeze import CAPTURED, freeze_graph
from minmax_lint.graph.graph import Graph, graph_of
from minmax_lint.loaders import load
from tests.converters.predicted import predicted_of

GROWING: dict[str, Callable[[Net], str]] = {
    "ONE_HOT": lambda n: n.op(
        "OneHot", n.ints(*range(64)), n.i(64), n.c(1.0), n.c(0.0), axis=-1, TI=DType.INT32
    ),
    "PAD": lambda n: n.op("Pad", n.c(*[0.5] * 64, shape=[1, 64]), n.ints(0, 63, 0, 0, shape=[2, 2])),
    "SQUARED_DIFFERENCE": lambda n: n.op("SquaredDifference", rows(n, 64), rows(n, 64, column=True)),
    "SELECT_V2": lambda n: n.op(
        "SelectV2", n.const("mask", [True, False] * 2048, [64, 64], DType.BOOL), n.c(0.0), n.c(-9.0)
    ),
}
"""Builtin -> a constant of 64 x 64 numbers that is made of smaller ones."""


def rows(n: Net, size: int, *, column: bool = False) -> str:
    values = [index / size for index in range(size)]
    return n.const(n._name("rows"), values, [size, 1] if column else [1, size])


def ops_of(graph: Graph, output: str, name: str) -> Counter[str]:
    found = predicted_of(graph, output, replace(PROFILES[name], saved_model=True))
    return Counter(op for op, _ in found.float_ops)


def graph_with(made: Callable[[Net], str], shape: tuple[int, ...], *, captured: bool) -> tuple[Graph, str]:
    n = Net()
    output = n.op("AddV2", n.x(*shape), made(n))
    mark = {CAPTURED: True} if captured else {}
    nodes = [
        node._replace(attrs={**node.attrs, **mark}) if node.op == "Const" else node for node in n.graph()
    ]
    return graph_of(nodes, {}), output


@pytest.mark.parametrize("builtin", GROWING)
@pytest.mark.parametrize(
    ("captured", "name", "folds"),
    [
        (False, "mlir-2.21-dynamic", True),
        (True, "mlir-2.15-dynamic", True),
        (True, "mlir-2.17-dynamic", True),
        (True, "mlir-2.18-dynamic", False),
        (True, "mlir-2.21-dynamic", False),
    ],
)
def test_a_constant_of_captured_ones_is_folded_up_to_a_size(
    captured: bool, name: str, folds: bool, builtin: str
) -> None:
    found = ops_of(*graph_with(GROWING[builtin], (2, 64, 64), captured=captured), name)
    assert found == Counter({"ADD": 1} if folds else {"ADD": 1, builtin: 1})


@pytest.mark.parametrize(
    ("name", "columns", "folds"),
    [
        ("mlir-2.21-dynamic", 128, True),
        ("mlir-2.21-dynamic", 129, False),
        ("mlir-2.15-dynamic", 128 * 128, True),
        ("mlir-2.15-dynamic", 128 * 128 + 1, False),
    ],
)
def test_the_size_is_8_kib_since_2_18_and_1_mib_before(name: str, columns: int, folds: bool) -> None:
    graph, output = graph_with(
        lambda n: n.op("SquaredDifference", rows(n, 16, column=True), rows(n, columns)),
        (16, columns),
        captured=True,
    )
    assert ("SQUARED_DIFFERENCE" not in ops_of(graph, output, name)) == folds


def test_the_variables_and_constants_of_the_file_s_own_graph_are_captured() -> None:
    model = load("fixtures/keras/qat-saved_model")
    graph = freeze_graph(model.graph, model.variables, restored_only=True, outer=model.outer)
    assert model.outer is not None
    constants = [node for node in graph if node.op == "Const"]
    captured = {node.name for node in constants if CAPTURED in node.attrs}
    assert captured == {node.name for node in constants if node.name in model.outer}
    assert 0 < len(captured) < len(constants)
