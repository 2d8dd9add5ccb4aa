"""Nodes that say the same are told by decoding them as they are by their bytes."""

from __future__ import annotations

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.repetition.likeness import likeness
from tests.repetition.random_chains import as_read, random_chain


def groups(numbers: object) -> list[int]:
    """Numbers by which of them are equal, -1 apart."""
    first: dict[int, int] = {-1: -1}
    return [first.setdefault(number, len(first)) for number in numbers]  # type: ignore[attr-defined]


def odd_nodes() -> Graph:
    b = Builder()
    b.const("scalar", 0.5)
    b.const("other scalar", 0.25)
    b.const("equal", [1.0, 2.0], [2])
    b.const("equal too", [1.0, 2.0], [2])
    b.const("integer", 1, dtype=DType.INT32)
    b.const("other integer", 2, dtype=DType.INT32)
    b.const("large", [0.5, 0.25] * 8_000, [16_000])
    b.const("as large", [0.25, 0.5] * 8_000, [16_000])
    b.add("Relu", "here", "scalar", _class=[b"loc:@scalar"])
    b.add("Relu", "there", "equal", _class=[b"loc:@equal"])
    return b.graph()


@pytest.mark.parametrize(
    "graph",
    [odd_nodes(), *(random_chain(seed, 8, "weights ranges", from_bytes=False)[0] for seed in range(5))],
)
def test_bytes_and_what_they_say_tell_the_same(graph: Graph) -> None:
    decoded, by_bytes = likeness(graph), likeness(as_read(graph))
    assert groups(decoded.said) == groups(by_bytes.said)
    assert groups(decoded.forms) == groups(by_bytes.forms)
