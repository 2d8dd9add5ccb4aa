"""Which graphs are made smaller, where they are cut, and what stays of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.trace import trace
from minmax_lint.loaders.graphdef_index import index_nodes
from minmax_lint.repetition.condensed import Condensed, condensed
from minmax_lint.repetition.cut import cut
from minmax_lint.schema.attributes import encode_node
from minmax_lint.writers.graphdef import record

BLOCKS = 40
Change = Callable[[Builder, int, str], str]


def _chain(change: Change = lambda b, number, x: x) -> Graph:
    """Dense layers with quantized weights and outputs; `change` puts something behind each."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    for number in range(BLOCKS):
        x = b.add("Relu6", f"relu_{number}", b.dense(f"dense_{number}", x, 4, 4))
        x = change(b, number, b.fake_quant(f"quant_{number}", x, 0, 6))
    b.fake_quant("output", b.add("Relu6", "last", b.dense("end", x, 4, 4)), 0, 6)
    return Graph(index_nodes(b"".join(record(encode_node(node)) for node in b.graph())))


def _condensed(graph: Graph) -> Condensed | None:
    pieces = cut(graph, trace(graph, ["input"], ["output"]))
    return None if pieces is None else condensed(pieces, {"input": (1, 4)}, {})


def test_few_blocks_of_a_chain_stay_and_keep_their_order() -> None:
    found = _condensed(_chain())
    assert found is not None
    layers = [name for name in found.graph.names if name.startswith("relu")]
    assert len(layers) < BLOCKS / 2
    assert layers == sorted(layers, key=found.whole.position)


def test_a_block_reads_the_twin_of_what_was_left_out() -> None:
    found = _condensed(_chain())
    assert found is not None
    reader = found.graph["end/MatMul"].inputs[0].node
    assert reader in found.graph
    assert found.whole["end/MatMul"].inputs[0].node == f"quant_{BLOCKS - 1}"


def test_every_array_that_is_read_in_the_smaller_graph_is_there() -> None:
    found = _condensed(_chain())
    assert found is not None
    assert all(edge.node in found.graph for node in found.graph for edge in node.inputs)


def _low(b: Builder, number: int, x: str) -> str:
    return b.fake_quant(f"low_{number}", b.add("Relu6", f"again_{number}", x), 0.5, 6)


def _own_range(b: Builder, number: int, x: str) -> str:
    return b.fake_quant(f"own_{number}", b.add("Relu6", f"again_{number}", x), 0, 5 + number)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_low, "a range without zero is no place to cut"),
        (
            lambda b, number, x: b.add("Relu6", f"raw_{number}", x),
            "what follows the FakeQuant shares its scale",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_blocks_that_only_look_alike_are_kept_apart(change: Change, why: str) -> None:
    found = _condensed(_chain(change))
    assert found is None or len(found.graph) == len(found.whole)


def test_blocks_that_differ_in_their_ranges_only_are_twins() -> None:
    found = _condensed(_chain(_own_range))
    assert found is not None
    assert len(found.graph) < len(found.whole) / 2


def test_blocks_with_a_word_of_their_own_are_twins_of_each_other_only() -> None:
    graph = _chain()
    pieces = cut(graph, trace(graph, ["input"], ["output"]))
    assert pieces is not None
    block = int(pieces.blocks.of_node[graph.position("relu_20")])
    found = condensed(pieces, {"input": (1, 4)}, {block: "odd"})
    assert found is not None
    assert "relu_20" in found.graph


def test_a_block_with_a_weight_of_its_own_stays() -> None:
    graph = _chain(
        lambda b, number, x: (
            x
            if number != 11
            else b.fake_quant("odd/quant", b.add("BiasAdd", "odd", x, b.const("odd/bias", [1.0] * 4)), 0, 6)
        )
    )
    found = _condensed(graph)
    assert found is not None
    assert "odd" in found.graph


def test_a_graph_without_bytes_is_left_whole() -> None:
    b = Builder()
    b.fake_quant("output", b.placeholder("input", [1, 4]), 0, 6)
    assert _condensed(b.graph()) is None
