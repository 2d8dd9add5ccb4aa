"""The adapter for Google's Model Explorer: its own package brings 480 MB along, so its classes stand here by name.

The fields are those of ai-edge-model-explorer 0.1.34 (graph_builder.py), with which the adapter was looked at.
"""

import importlib
import sys
from dataclasses import make_dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.cli.founding import BROKEN, FOUNDING

FIELDS = {
    "Graph": ("id", "nodes", "groupNodeAttributes"),
    "GraphNode": ("id", "label", "namespace", "attrs", "incomingEdges", "style"),
    "GraphNodeStyle": ("backgroundColor",),
    "IncomingEdge": ("sourceNodeId",),
    "KeyValue": ("key", "value"),
}


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Any:
    package: Any = ModuleType("model_explorer")
    package.graph_builder = SimpleNamespace(
        **{
            name: make_dataclass(name, [(one, Any, None) for one in fields])
            for name, fields in FIELDS.items()
        }
    )
    package.Adapter = type("Adapter", (), {})
    package.AdapterMetadata = SimpleNamespace
    package.ModelExplorerGraphs = dict
    monkeypatch.setitem(sys.modules, "model_explorer", package)
    main = importlib.import_module("minmax_lint.model_explorer.main")
    yield main.MinmaxLint()
    del sys.modules[main.__name__]


def test_nodes_are_coloured_and_say_what_is_wrong(adapter: Any) -> None:
    (graph,) = adapter.convert(BROKEN, {})["graphs"]
    assert graph.groupNodeAttributes[""]["MLIR (TF 2.21)"].startswith("stays float")
    nodes = {node.id: node for node in graph.nodes}
    output, outside = nodes["output"], nodes["act_quant/FakeQuantWithMinMaxVars"]
    assert [edge.sourceNodeId for edge in outside.incomingEdges] == ["output"]
    assert (output.label, outside.namespace) == ("Relu6", "act_quant")
    assert (
        output.style.backgroundColor == outside.style.backgroundColor != nodes["MatMul"].style.backgroundColor
    )
    shown = {pair.key: pair.value for pair in output.attrs}
    assert "is cut off" in shown["MM101 error"]
    assert {pair.key: pair.value for pair in outside.attrs}["range"] == "[0, 6]"


def test_a_saved_model_is_read_by_its_file(adapter: Any) -> None:
    (graph,) = adapter.convert(str(FOUNDING / "eval-saved_model" / "saved_model.pb"), {})["graphs"]
    assert graph.id == "saved_model.pb"
    assert "output" in {node.id for node in graph.nodes}
    assert "pb" in adapter.metadata.fileExts
