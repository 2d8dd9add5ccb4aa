"""The graph as dot, as Model Explorer's node data, and the picture that both are made from."""

import json
import shutil
import subprocess
from dataclasses import replace

import pytest

from minmax_lint.graph.trace import trace
from minmax_lint.reporters.picture import picture
from tests.reporters.golden_file import assert_golden
from tests.reporters.reports import BROKEN, CLEAN, founding_graph
from tests.reporters.test_golden import rendered


def test_the_picture_shows_the_kept_part_and_what_hangs_outside():
    drawn = picture(BROKEN.reports[0])
    places = {name: node.place for name, node in drawn.nodes.items()}
    assert places["input"] == "input"
    assert places["output"] == "output"
    assert places["MatMul"] == "kept"
    assert places["act_quant/FakeQuantWithMinMaxVars"] == "outside"
    assert ("output", "act_quant/FakeQuantWithMinMaxVars") in drawn.edges
    assert not {"w", "b"} & set(places), "values are not drawn"


def test_a_few_steps_behind_the_kept_part_are_drawn_and_no_more():
    b = founding_graph()
    end = "output"
    for i in range(5):
        end = b.add("Relu", f"behind_{i}", end)
    graph = b.graph()
    drawn = picture(replace(BROKEN.reports[0], source=graph, trace=trace(graph, ["input"], ["output"])))
    assert [name for name in drawn.nodes if name.startswith("behind")] == ["behind_0", "behind_1", "behind_2"]


def test_ranges_stand_at_fake_quants_and_at_the_arrays_they_reach():
    nodes = picture(BROKEN.reports[0]).nodes
    assert nodes["weights_quant"].range == "[-1, 1]"
    assert nodes["act_quant/FakeQuantWithMinMaxVars"].range == "[0, 6]"
    assert nodes["output"].range == "", "a FakeQuant that is cut off gives nobody its range"


def test_states_and_codes_are_those_of_the_report():
    nodes = picture(BROKEN.reports[0]).nodes
    assert nodes["MatMul"].states == {"mlir-2.21": "float"}
    assert nodes["output"].codes == ("MM101",)
    assert picture(CLEAN.reports[0]).nodes["MatMul"].states == {
        "toco-2.15": "integer",
        "mlir-2.21": "integer",
    }


def test_dot_draws_ranges_float_ops_and_findings():
    assert_golden("dot-broken.dot", rendered(BROKEN, "dot"))


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_it():
    subprocess.run(["dot", "-Tsvg"], input=rendered(BROKEN, "dot").encode(), check=True, capture_output=True)


def test_model_explorer_data_is_by_node_name_with_thresholds():
    (graph,) = json.loads(rendered(BROKEN, "model-explorer")).values()
    bounds = [step["value"] for step in graph["thresholds"]]
    assert bounds == sorted(bounds)
    assert graph["results"]["output"] == {"value": 3}
    assert graph["results"]["MatMul"] == {"value": 2}
    (clean,) = json.loads(rendered(CLEAN, "model-explorer")).values()
    assert clean["results"]["MatMul"] == {"value": 1}
    assert set(graph) == {"results", "thresholds"}
