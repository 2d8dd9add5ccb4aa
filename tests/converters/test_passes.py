"""How often a lint goes over a graph, and the calls that it takes a node: counted, so that none is added unseen."""

import sys
from collections import Counter
from types import FrameType

import pytest

from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.toco.import_tensorflow.import_graph import import_graph
from minmax_lint.converters.toco.transformations.graph_transformation import _sweep
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference
from minmax_lint.loaders.model import Model
from minmax_lint.workflows.opened import open_model
from tests.fixes.nets import NETS, SHAPE

PASSES = {
    trace.__code__: "trace",
    Graph._readers.func.__code__: "uses",
    Kept._sources.func.__code__: "sources",
    Inference.order.func.__code__: "order",
    Inference._inferred.func.__code__: "shapes",
    Inference._constant_nodes.func.__code__: "constants",
    import_graph.__code__: "TOCO's import",
    _sweep.__code__: "TOCO's sweeps",
    Importer.run.__code__: "MLIR's import",
    Rewriter._round.__code__: "MLIR's rounds",
}
"""What looks at every node, or at every operation of a converter's model."""
ONCE = ("trace", "uses", "sources", "order", "shapes", "constants", "TOCO's import", "MLIR's import")
SWEEPS = {"plain": 5, "residual": 5, "unquantized": 4}
ROUNDS = {"plain": 14, "residual": 16, "unquantized": 12}
MOST_CALLS = {"plain": 460, "residual": 568, "unquantized": 568}
"""Calls of functions, Python's and C's, that one node more takes in both converters."""


def linted(net: str, blocks: int) -> tuple[int, Counter[str], int]:
    """The nodes of a net, the passes of its lint, and the calls."""
    graph = NETS[net][0](blocks).graph()
    passes, calls = Counter[str](), 0

    def count_one(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")
        if event == "call" and frame.f_code in PASSES:
            passes[PASSES[frame.f_code]] += 1

    sys.setprofile(count_one)
    try:
        open_model(Model(None, "graphdef", graph), {"input": tuple(SHAPE)}, ["output"]).lint()
    finally:
        sys.setprofile(None)
    return len(graph), passes, calls


@pytest.mark.parametrize("net", NETS)
def test_a_lint_goes_over_a_graph_of_any_size_as_often(net: str) -> None:
    linted(net, 2)  # what is loaded and read once
    small, passes, calls = linted(net, 10)
    large, passes_of_large, calls_of_large = linted(net, 40)
    assert (
        passes
        == passes_of_large
        == dict.fromkeys(ONCE, 1) | {"TOCO's sweeps": SWEEPS[net], "MLIR's rounds": ROUNDS[net]}
    )
    assert (calls_of_large - calls) / (large - small) <= MOST_CALLS[net]
