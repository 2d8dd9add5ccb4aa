"""A lint takes steps in proportion to the graph, whatever its shape: steps are calls, counted, not timed."""

from collections import Counter
from collections.abc import Callable

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Details, Graph
from minmax_lint.loaders.model import Model
from minmax_lint.workflows.opened import open_model
from tests.converters.counted import calls_of

FEW, MANY = 150, 300
MOST = 2.3
"""Times as many calls for twice the nodes."""

Shape = Callable[[Builder, int], list[str]]
"""Adds the nodes behind `input`, and returns the outputs."""


def many_outputs(b: Builder, count: int) -> list[str]:
    return [b.add("Relu", f"relu_{i}", "input") for i in range(count)]


def split_into_many(b: Builder, count: int) -> list[str]:
    axis = b.const("axis", 1, [], dtype=DType.INT32)
    b.add("Split", "split", axis, "input", num_split=count)
    return [b.add("Relu", f"relu_{i}", f"split:{i}" if i else "split") for i in range(count)]


def sums_in_a_row(b: Builder, count: int) -> list[str]:
    x = "input"
    for i in range(count):
        x = b.add("AddV2", f"sum_{i}", x, b.const(f"term_{i}", i + 0.5, [8]))
    return [x]


def read_raw_and_through_a_fake_quant(b: Builder, count: int) -> list[str]:
    quantized = b.fake_quant("quant", "input", 0, 6)
    return [b.add("Relu", f"relu_{i}", quantized if i % 2 else "input") for i in range(count)]


def chain_of_identities(b: Builder, count: int) -> list[str]:
    x = "input"
    for i in range(count):
        x = b.add("Identity", f"identity_{i}", x)
    return [b.add("Relu6", "output", x)]


SHAPES = (
    many_outputs,
    split_into_many,
    sums_in_a_row,
    read_raw_and_through_a_fake_quant,
    chain_of_identities,
)


def net(shape: Shape, count: int) -> tuple[Graph, list[str]]:
    b = Builder()
    b.placeholder("input", [1, 8])
    outputs = shape(b, count)
    return b.graph(), outputs


def lint(graph: Graph, outputs: list[str]) -> None:
    open_model(Model(None, "graphdef", graph), {"input": None}, outputs).lint()


def calls(shape: Shape, count: int) -> int:
    """Calls of functions, Python's and C's, while the shape is linted."""
    graph, outputs = net(shape, count)
    return calls_of(lambda: lint(graph, outputs))


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_nodes_take_about_twice_the_steps(shape: Shape) -> None:
    lint(*net(shape, 2))
    assert calls(shape, MANY) <= MOST * calls(shape, FEW)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_attributes_of_a_node_are_decoded_once(shape: Shape) -> None:
    graph, outputs = net(shape, 20)
    columns, decoded = graph.columns, Counter[int]()

    def details(position: int) -> Details:
        decoded[position] += 1
        return columns.details(position)

    lint(Graph(columns._replace(details=details)), outputs)
    assert max(decoded.values()) == 1
