"""The graph model: nodes, arrays, control edges, parallel edges, and the same as networkx."""

import pytest

from minmax_lint.errors import UnknownName
from minmax_lint.graph import networkx_view
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Use
from minmax_lint.graph.names import array_name, canonical_array, near_names, parse_edge


@pytest.mark.parametrize(
    ("text", "node", "port", "array"),
    [
        ("x", "x", 0, "x"),
        ("x:0", "x", 0, "x"),
        ("split:1", "split", 1, "split:1"),
        ("scope/x:12", "scope/x", 12, "scope/x:12"),
        ("odd:name", "odd:name", 0, "odd:name"),
    ],
)
def test_an_edge_names_a_node_and_a_port(text: str, node: str, port: int, array: str) -> None:
    assert parse_edge(text) == (node, port)
    assert array_name(node, port) == canonical_array(text) == array


def test_near_names_prefer_the_same_last_component() -> None:
    known = ["net/output", "net/outptu", "input", "output_1"]
    assert near_names("output", known)[0] == "net/output"
    assert near_names("zzz", known) == []


def test_uses_of_an_array_keep_parallel_edges_and_ports_apart() -> None:
    b = Builder()
    x = b.placeholder("x", [4])
    b.add("Add", "double", x, x)
    b.add("Split", "split", b.const("axis", 0, dtype=DType.INT32), x, num_split=2)
    b.add("Relu", "second", "split:1")
    graph = b.graph()
    assert graph.uses("x") == (Use("double", 0), Use("double", 1), Use("split", 1))
    assert graph.uses("split") == ()
    assert graph.uses("split:1") == (Use("second", 0),)


def test_control_edges_are_no_uses() -> None:
    b = Builder()
    b.placeholder("x", [4])
    b.const("c", 1.0)
    b.add("Relu", "y", "x", after=["c"])
    graph = b.graph()
    assert graph.uses("c") == ()
    assert graph.control_uses("c") == ("y",)
    assert graph["y"].control_inputs == ("c",)


def test_an_unknown_node_is_answered_with_near_names() -> None:
    b = Builder()
    b.placeholder("image", [4])
    with pytest.raises(UnknownName, match="did you mean image"):
        b.graph()["imgae"]


def test_networkx_keeps_parallel_and_control_edges() -> None:
    b = Builder()
    b.placeholder("x", [4])
    b.const("c", 1.0)
    b.add("Add", "y", "x", "x", after=["c"])
    view = networkx_view.view(b.graph())
    assert sorted(view.edges(keys=True), key=str) == [("c", "y", "^"), ("x", "y", 0), ("x", "y", 1)]
    assert view.nodes["y"]["op"] == "Add"
    assert [data["control"] for *_, data in view.edges(data=True)].count(True) == 1


def test_what_a_damaged_file_has_in_its_names_stays_on_one_line() -> None:
    b = Builder()
    b.add("Relu", "layer\n\x1b[2J/relu", b.placeholder("input", [1]))
    with pytest.raises(UnknownName) as raised:
        b.graph()["layer/relu"]
    assert str(raised.value).endswith(r"did you mean layer\n\x1b[2J/relu?")
