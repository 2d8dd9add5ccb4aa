"""A finding in a text graph is shown at its node's own line."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from minmax_lint.reporters import Run
from minmax_lint.reporters.formats import github, gitlab, sarif
from minmax_lint.reporters.lines import line_of
from tests.reporters.reports import MM101, report

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
GRAPH = FOUNDING / "eval.pbtxt"
TEXT = replace(report(MM101, path=str(GRAPH)), format="graphdef-text")
LINE = GRAPH.read_text().splitlines().index(f'  name: "{MM101.node}"') + 1


@pytest.mark.parametrize("name", [MM101.node, f"{MM101.node}:0"])
def test_the_line_is_that_of_the_nodes_name(name):
    assert line_of(TEXT, name) == LINE > 100


def test_it_is_the_first_where_nothing_is_known(tmp_path):
    assert line_of(TEXT, "no/such/node") == 1
    assert line_of(TEXT, None) == 1
    assert line_of(report(MM101, path=str(FOUNDING / "eval.pb")), MM101.node) == 1
    assert line_of(replace(TEXT, path=str(tmp_path / "gone.pbtxt")), MM101.node) == 1


def test_a_name_in_quotes_elsewhere_is_no_node(tmp_path):
    graph = tmp_path / "g.pbtxt"
    graph.write_text('node {\n  name: "a"\n  input: "b"\n}\n\nnode {\n  name: "b"\n}\n')
    assert line_of(replace(TEXT, path=str(graph)), "b") == 7


def rendered(module) -> str:
    out = io.StringIO()
    module.render(Run((TEXT,)), out)
    return out.getvalue()


def test_reports_point_to_the_line_of_a_text_graph():
    assert f"line={LINE}," in rendered(github)
    assert json.loads(rendered(gitlab))[0]["location"]["lines"]["begin"] == LINE
    (result,) = json.loads(rendered(sarif))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == LINE
