"""The number by which the converter calls a variable of a loop: those that it takes away are not counted.

Measured with the quantizer for 16x8 of TF 2.15 and 2.21, which names the one that has no range.
"""

import pytest

from minmax_lint.converters.mlir.control_flow.loop_arguments import place_of_variable
from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Function, Graph, graph_of
from minmax_lint.graph.names import array_name
from minmax_lint.graph.trace import trace


def function(role: str, variables: list[str], read: list[str]) -> Function:
    """The body adds each variable to itself, but for `same`; `y` gets `helper`. The condition compares `read`."""
    b = Builder()
    for name in read:
        b.placeholder(name, [1, 4])
    if role == "loop condition":
        results = [b.add("Less", f"{name}/less", name, name) for name in read]
    else:
        other = {"y": "helper"} if "helper" in variables else {}
        results = [
            name if name == "same" else b.add("AddV2", f"{name}/next", name, other.get(name, name))
            for name in variables
        ]
    return Function(role, b.graph(), {name: name for name in read}, tuple(results), tuple(variables))


def loop(variables: list[str], compared: list[str]) -> Graph:
    """A loop whose results `y` and `z` are read."""
    b = Builder()
    for name in variables:
        b.placeholder(name, [1, 4])
    b.add("While", "loop", *variables)
    for name in {"y", "z"} & set(variables):
        b.add("Relu", f"{name}/relu", array_name("loop", variables.index(name)))
    parts = function("loop condition", variables, compared), function("loop body", variables, variables)
    return graph_of(list(b.graph()), {"loop": parts})


@pytest.mark.parametrize(
    ("variables", "compared", "argument", "place"),
    [
        ("i y", "i", "i", 0),
        ("y i", "i", "i", 1),
        ("y z i", "i", "i", 2),
        ("dead i y", "i", "i", 0),
        ("same i y", "i", "i", 0),
        ("counter same i y", "i", "i", 0),
        ("counter same i y", "counter i", "i", 1),
        ("flag y i", "flag i", "i", 2),
        ("helper i y", "i", "i", 1),
        ("helper dead y i", "i", "i", 2),
        ("same i y", "i", "same", 0),
    ],
)
def test_a_variable_is_numbered_among_those_that_stay(
    variables: str, compared: str, argument: str, place: int
) -> None:
    graph = loop(variables.split(), compared.split())
    kept = trace(graph, (), [name for name in ("y/relu", "z/relu") if name in graph])
    for one in graph.functions["loop"]:
        if argument in one.inputs:
            assert place_of_variable(kept, "loop", one, argument) == place
