"""Nodes that say the same are told by their bytes."""

from __future__ import annotations

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.node import Node
from minmax_lint.loaders.graphdef_index import index_nodes
from minmax_lint.schema.attributes import encode_node
from minmax_lint.writers.graphdef import record


def numbers(*nodes: Node) -> list[int]:
    columns = index_nodes(b"".join(record(encode_node(node)) for node in nodes))
    assert columns.alike is not None
    return list(columns.alike())


def node(name: str, *inputs: str, op: str = "Relu", **attrs: object) -> Node:
    b = Builder()
    b.add(op, name, *inputs, **attrs)  # type: ignore[arg-type]
    return next(iter(b.graph()))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (node("a", "x"), node("b_long_name", "y:1"), True),
        (node("a", "x"), node("b", "x", "y", "z"), True),
        (node("a", "x", _class=[b"loc:@a"]), node("b", "x", _class=[b"loc:@b"]), True),
        (node("a", "x", _class=[b"loc:@a"]), node("b", "x"), True),
        (node("a", "x", narrow=True), node("b", "x", narrow=False), False),
        (node("a", "x", narrow=True), node("b", "x"), False),
        (node("é", "x"), node("e", "x"), True),
        (node("n" * 300, "x"), node("e", "x"), False),
    ],
    ids=["names", "inputs", "places", "no place", "values", "attributes", "names in UTF-8", "long names"],
)
def test_nodes_are_alike_by_their_attributes(one: Node, other: Node, same: bool) -> None:
    first, second = numbers(one, other)
    assert (first == second) == same


def test_nodes_with_large_constants_are_like_no_others() -> None:
    b = Builder()
    for name in ("a", "b"):
        b.const(name, 0.5, [8_000])
        b.const(f"{name}/stored", [0.5] * 8_000, [8_000])
    found = numbers(*b.graph())
    assert found[0] == found[2]
    assert found[1] != found[3]
