"""The facts about a frozen graph that are known before it runs, and what it computes."""

from pathlib import Path

import numpy as np
import pytest

from minmax_lint.backends.calibration.tensorflow_graph import FrozenGraph, called_functions
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.schema.messages import message_class
from minmax_lint.writers.graphdef import encode
from tests.fixes.running import image


def test_functions_are_those_that_nodes_call_and_that_these_call_in_turn() -> None:
    graph_def = message_class("GraphDef")()
    for name in ("body", "cond", "inner", "other"):
        graph_def.library.function.add().signature.name = name
    graph_def.library.function[0].node_def.add().attr["branches"].list.func.add().name = "inner"
    loop = graph_def.node.add()
    loop.attr["body"].func.name = "body"
    loop.attr["cond"].func.name = "cond"
    assert sorted(called_functions(graph_def)) == ["body", "cond", "inner"]


@pytest.mark.slow
def test_the_epsilon_of_a_layer_normalization_is_the_graphs_own(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    b = Builder()
    x, axes = b.placeholder("input", [2, 5]), b.const("axes", [1], dtype=DType.INT32)
    mean = b.add("Mean", "mean", x, axes, keep_dims=True, Tidx=DType.INT32)
    squares = b.add("SquaredDifference", "squares", x, mean)
    variance = b.add("Mean", "variance", squares, axes, keep_dims=True, Tidx=DType.INT32)
    root = b.add("Rsqrt", "rsqrt", b.add("AddV2", "add", variance, b.const("epsilon", 0.25)))
    scale = b.add("Mul", "scale", root, b.const("gamma", 1.0, [5]))
    offset = b.add("Sub", "offset", b.const("beta", 0.0, [5]), b.add("Mul", "shift", mean, scale))
    b.add("AddV2", "output", b.add("Mul", "scaled", x, scale), offset)
    path = tmp_path / "graph.pb"
    path.write_bytes(encode(b.graph()))
    values = image(2, 5)
    graph = FrozenGraph(tf, str(path), {"input": [2, 5]}, ["output"])
    (found,) = graph.run([graph.tensor("output")], {"input": values})
    centred = values - values.mean(axis=1, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 0.25)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
