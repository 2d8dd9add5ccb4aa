"""Nodes that say the same are told by their bytes."""

from __future__ import annotations

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Likeness
from minmax_lint.graph.node import Node
from minmax_lint.loaders.graphdef_index import index_nodes
from minmax_lint.schema.attributes import encode_node
from minmax_lint.writers.graphdef import record


def likeness(*nodes: Node) -> Likeness:
    columns = index_nodes(b"".join(record(encode_node(node)) for node in nodes))
    assert columns.alike is not None
    return columns.alike()


def numbers(*nodes: Node) -> list[int]:
    return list(likeness(*nodes).said)


def constant(name: str, values: float | list[float], shape: list[int], **attrs: object) -> Node:
    b = Builder()
    b.const(name, values, shape, **attrs)  # type: ignore[arg-type]
    return next(iter(b.graph()))


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


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (constant("a", 0.5, []), constant("b", 0.25, []), True),
        (constant("a", [1.0, 2.0], [2]), constant("b", [3.0, 4.0], [2]), True),
        (constant("a", [0.5] * 8_000, [8_000]), constant("b", [0.25] * 8_000, [8_000]), True),
        (constant("a", [1.0, 2.0], [2]), constant("b", [3.0, 4.0], [2, 1]), False),
        (constant("a", [1.0, 2.0], [2]), constant("b", [3.0, 4.0, 5.0], [3]), False),
        (constant("a", 1, [], dtype=DType.INT32), constant("b", 2, [], dtype=DType.INT32), False),
        (constant("a", 0.5, []), constant("b", 0.5, []), False),
    ],
    ids=["scalars", "vectors", "large", "shapes", "sizes", "integers", "equal values"],
)
def test_constants_have_a_form_in_common_that_differ_in_their_values_only(
    one: Node, other: Node, same: bool
) -> None:
    first, second = likeness(one, other).forms
    assert (first == second >= 0) == same


def test_a_constant_whose_values_another_has_too_has_no_form() -> None:
    found = likeness(*(constant(name, value, []) for name, value in (("a", 1.0), ("b", 1.0), ("c", 2.0))))
    assert list(found.forms) == [-1, -1, -1]
