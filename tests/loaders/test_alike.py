"""Nodes that say the same are told by their bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Likeness
from minmax_lint.graph.node import Node
from minmax_lint.loaders import alike as comparing
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


_ATTRS = st.fixed_dictionaries(
    {},
    optional={
        "_class": st.lists(
            st.sampled_from([b"loc:@a", b"loc:@b", b"loc:@long/name", b"x" * 130]), max_size=2
        ),
        "_klass": st.sampled_from([[b"loc:@a"], [b"loc:@b"]]),
        "T": st.sampled_from([DType.FLOAT, DType.INT32]),
        "epsilon": st.sampled_from([0.5, 0.25]),
        "z": st.sampled_from([b"x" * 130, b"y" * 130, b"_class"]),
    },
)


def _partition(content: bytes, many: int) -> list[int]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparing, "_MANY", many)
        patch.setattr(comparing, "_FEW", 1)
        columns = index_nodes(content)
        assert columns.alike is not None
        said = list(columns.alike().said)
    return [said.index(number) for number in said]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["a", "bc"]), _ATTRS), min_size=1, max_size=12))
def test_records_compared_at_once_are_alike_as_those_compared_alone(
    rows: list[tuple[str, dict[str, object]]],
) -> None:
    content = b"".join(
        record(encode_node(node(f"{name}{at}", **attrs))) for at, (name, attrs) in enumerate(rows)
    )
    assert _partition(content, 0) == _partition(content, 1 << 60)


def test_nodes_that_say_nothing_are_alike() -> None:
    content = b"".join(record(encode_node(Node(f"n{number}", "NoOp"))) for number in range(200))
    assert _partition(content, 100) == [0] * 200
