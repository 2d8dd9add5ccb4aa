"""Edits: removed, rewired, renamed, changed and added nodes; everything else stays."""

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.edit import Edit, edit_graph
from minmax_lint.graph.graph import Function, Graph, graph_of
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node


def line() -> Graph:
    b = Builder()
    b.placeholder("x", [1])
    b.add("Relu", "y", "x", after=["x"])
    b.add("Tanh", "z", "y")
    return b.graph()


def shown(graph: Graph) -> list[tuple[str, str, tuple[str, ...]]]:
    columns = graph.columns
    return list(zip(columns.names, columns.ops, columns.inputs, strict=True))


def test_an_empty_edit_changes_nothing() -> None:
    assert Edit().empty
    assert shown(edit_graph(line(), Edit())) == shown(line())


def test_a_renamed_node_keeps_its_place_and_its_readers_follow_where_listed() -> None:
    edit = Edit(renamed={"y": "y2"}, inputs={"z": ("y2",)})
    assert shown(edit_graph(line(), edit)) == [
        ("x", "Placeholder", ()),
        ("y2", "Relu", ("x", "^x")),
        ("z", "Tanh", ("y2",)),
    ]


def test_added_nodes_go_behind_the_node_they_follow_even_if_that_is_added() -> None:
    first, second = Node("a", "Relu", (Edge("y", 0),)), Node("b", "Relu", (Edge("a", 0),), ("x",))
    graph = edit_graph(line(), Edit(added=(second, first), after={"a": "y", "b": "a"}))
    assert [row[0] for row in shown(graph)] == ["x", "y", "a", "b", "z"]
    assert graph["b"].control_inputs == ("x",)


def test_a_long_row_of_added_nodes_stands_in_its_order() -> None:
    row = [f"a{i}" for i in range(2000)]
    added = tuple(Node(name, "Relu", (Edge("x", 0),)) for name in row)
    after = dict(zip(row, ["x", *row], strict=False))
    graph = edit_graph(line(), Edit(added=added, after=after))
    assert list(graph.names) == ["x", *row, "y", "z"]


def test_an_added_node_without_place_goes_to_the_end() -> None:
    graph = edit_graph(line(), Edit(added=(Node("a", "Relu", (Edge("z", 0),)),)))
    assert graph.names[-1] == "a"


def test_ops_and_attributes_change_and_the_rest_of_the_attributes_stays() -> None:
    graph = edit_graph(
        line(), Edit(ops={"z": "Sigmoid"}, attrs={"z": {"extra": 3}}, removed=frozenset({"x"}))
    )
    assert graph.names == ["y", "z"]
    assert graph.op("z") == "Sigmoid"
    assert graph["z"].attrs.keys() == {"T", "extra"}


@pytest.mark.parametrize(
    ("edit", "passed"),
    [
        (Edit(inputs={"call": ("z", "y")}), {"call": {"left": "z", "right": "y"}}),
        (Edit(renamed={"call": "other"}), {"other": {"left": "x", "right": "y"}}),
        (Edit(removed=frozenset({"call"})), {}),
        (Edit(inputs={"z": ("x",)}), {"call": {"left": "x", "right": "y"}}),
    ],
    ids=["rewired", "renamed", "removed", "untouched"],
)
def test_what_a_call_passes_to_its_function_follows_what_it_reads(
    edit: Edit, passed: dict[str, dict[str, str]]
) -> None:
    b = Builder()
    b.placeholder("left", [1])
    b.placeholder("right", [1])
    function = Function("function", b.graph(), {"left": "x", "right": "y"}, ("left",))
    call = Node("call", "PartitionedCall", (Edge("x", 0), Edge("y", 0)))
    graph = graph_of([*line(), call], {"call": (function,)})
    found = edit_graph(graph, edit).functions
    assert {name: one.inputs for name, (one,) in found.items()} == passed
