"""The kept subgraph: ancestors of the outputs, cut at the inputs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minmax_lint.errors import UnknownName, UnreadableModel
from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Columns, Graph
from minmax_lint.graph.outside import outside_fake_quants
from minmax_lint.graph.trace import trace


def chain() -> Builder:
    b = Builder()
    b.placeholder("input", [1, 4])
    b.add("Relu", "hidden", "input")
    b.add("Relu6", "output", "hidden")
    b.fake_quant("act_quant", "output", 0, 6)
    return b


def test_what_lies_behind_the_output_is_thrown_away() -> None:
    kept = trace(chain().graph(), ["input"], ["output"])
    assert kept.order == ("input", "hidden", "output")
    assert [use.node for use in kept.outside("output")] == ["act_quant"]


def test_the_trace_stops_at_an_input_in_the_middle() -> None:
    kept = trace(chain().graph(), ["hidden:0"], ["output:0"])
    assert kept.order == ("hidden", "output")
    assert kept.inputs == ("hidden",)
    assert kept.is_cut("hidden")
    assert kept.uses("input") == ()


def test_an_output_that_is_an_ancestor_of_another_keeps_both() -> None:
    kept = trace(chain().graph(), ["input"], ["hidden", "act_quant"])
    assert {"output", "act_quant/min"} <= kept.nodes


def test_a_fakequant_reached_only_by_a_control_edge_is_not_kept_data() -> None:
    b = chain()
    b.add("Tanh", "last", "output", after=["act_quant"])
    kept = trace(b.graph(), ["input"], ["last"])
    assert "act_quant" not in kept
    assert kept.control_only == {"act_quant", "act_quant/min", "act_quant/max"}


def test_an_output_that_is_not_there_is_an_unknown_name() -> None:
    with pytest.raises(UnknownName, match="did you mean output"):
        trace(chain().graph(), ["input"], ["outputs"])


def test_an_edge_from_nowhere_is_a_damaged_file() -> None:
    b = chain()
    b.add("Relu", "last", "missing")
    with pytest.raises(UnreadableModel, match="'last' reads 'missing'"):
        trace(b.graph(), ["input"], ["last"])


def test_a_cycle_ends() -> None:
    b = Builder()
    b.add("Add", "a", "b", "b")
    b.add("Relu", "b", "a")
    assert len(trace(b.graph(), [], ["a"])) == 2


def test_a_chain_longer_than_the_recursion_limit_is_traced() -> None:
    b = Builder()
    last = b.placeholder("n0", [1])
    for i in range(1, 5000):
        last = b.add("Relu", f"n{i}", last)
    assert len(trace(b.graph(), ["n0"], [last])) == 5000


@pytest.mark.parametrize(
    ("through", "found"),
    [
        ((), ("act_quant",)),
        (("Reshape",), ("act_quant",)),
        (("Identity", "Squeeze"), ("act_quant",)),
        (("Tanh",), ()),
    ],
)
def test_fakequants_behind_an_output_are_found_through_pass_through_ops(
    through: tuple[str, ...], found: tuple[str, ...]
) -> None:
    b = Builder()
    last = b.add("Relu6", "output", b.placeholder("input", [1, 4]))
    for op in through:
        last = b.add(op, f"through_{op}", last)
    b.fake_quant("act_quant", last, 0, 6)
    graph = b.graph()
    outside = outside_fake_quants(graph, trace(graph, ["input"], ["output"]), "output")
    assert tuple(o.fake_quant.node for o in outside) == found


def test_a_fakequant_that_another_output_keeps_is_not_outside() -> None:
    graph = chain().graph()
    assert outside_fake_quants(graph, trace(graph, ["input"], ["output", "act_quant"]), "output") == ()


@st.composite
def _tangles(draw: st.DrawFn) -> tuple[Graph, list[str], list[str]]:
    """A graph of a few nodes and any edges, rarely one from nowhere; inputs and outputs of it."""
    count = draw(st.integers(1, 8))
    forward = draw(st.booleans())
    rows = []
    for place in range(count):
        known = st.integers(0, (place if forward else count) - 1) if place or not forward else st.nothing()
        edges = st.builds(
            "{1}n{0}{2}".format, known, st.sampled_from(["", "", "^"]), st.sampled_from(["", "", ":0", ":1"])
        )
        rows.append(
            tuple(
                draw(
                    st.lists(
                        edges.map(lambda text: text.split(":")[0] if text[0] == "^" else text), max_size=3
                    )
                )
            )
        )
    if draw(st.integers(0, 9)) == 0:
        rows[draw(st.integers(0, count - 1))] += ("nowhere",)
    names = [f"n{place}" for place in range(count)]
    some = st.lists(st.sampled_from(names), max_size=2)
    graph = Graph(Columns(names, ["NoOp"] * count, rows, lambda place: ({}, "")))
    return graph, draw(some), draw(some)


def _ancestors(graph: Graph, starts: list[str], cut: list[str], *, control: bool) -> set[str]:
    """What the starts depend on, found by going over all edges until nothing is added."""
    found, before = set(starts), -1
    while len(found) != before:
        before = len(found)
        for name, texts in zip(graph.names, graph.columns.inputs, strict=True):
            if name in found and name not in cut:
                found.update(t.lstrip("^").split(":")[0] for t in texts if control or not t.startswith("^"))
    return found


@pytest.mark.slow
@settings(max_examples=300, derandomize=True)
@given(_tangles())
def test_kept_is_what_the_outputs_depend_on(tangle: tuple[Graph, list[str], list[str]]) -> None:
    graph, inputs, outputs = tangle
    by_data = _ancestors(graph, outputs, inputs, control=False)
    either = _ancestors(graph, outputs, inputs, control=True)
    if "nowhere" in either:
        with pytest.raises(UnreadableModel):
            trace(*tangle)
        return
    kept = trace(*tangle)
    assert set(kept.nodes) == by_data
    assert set(kept.control_only) == either - by_data
    assert kept.order == tuple(name for name in graph.names if name in by_data)
