"""What we write is what TensorFlow reads, and what TensorFlow computes with."""

from pathlib import Path

import pytest

from minmax_lint.graph.edit import Edit
from minmax_lint.loaders import load
from minmax_lint.writers import write

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
EDIT = Edit(
    renamed={"output": "output/raw", "act_quant/FakeQuantWithMinMaxVars": "output"},
    inputs={"act_quant/FakeQuantWithMinMaxVars": ("output/raw", "act_quant/min/read", "act_quant/max/read")},
    attrs={"act_quant/FakeQuantWithMinMaxVars": {"num_bits": 2}},
)
"""The FakeQuant becomes the output, with four levels: values of 0, 2, 4 and 6."""
BATCH = [[3.0, 0.5], [4.0, 1.0]]


@pytest.fixture(scope="module")
def v1():
    return pytest.importorskip("tensorflow").compat.v1


def test_a_written_checkpoint_restores_and_computes(v1, tmp_path):
    write(load(FOUNDING / "eval-checkpoint"), EDIT, tmp_path / "new.ckpt", renamed_outputs={})
    with v1.Graph().as_default(), v1.Session() as session:
        v1.train.import_meta_graph(str(tmp_path / "new.ckpt.meta")).restore(
            session, str(tmp_path / "new.ckpt")
        )
        values = session.run("output:0", {"input:0": BATCH}).ravel()
    assert values == pytest.approx([2.0, 2.0])


def test_a_written_saved_model_serves(v1, tmp_path):
    write(load(FOUNDING / "eval-saved_model"), EDIT, tmp_path / "new", renamed_outputs={})
    with v1.Graph().as_default(), v1.Session() as session:
        meta = v1.saved_model.load(session, ["serve"], str(tmp_path / "new"))
        name = meta.signature_def["serving_default"].outputs["output"].name
        assert session.run(name, {"input:0": BATCH}).ravel() == pytest.approx([2.0, 2.0])


def test_a_written_text_graph_imports(v1, tmp_path):
    from google.protobuf import text_format

    write(load(FOUNDING / "eval.pbtxt"), EDIT, tmp_path / "new.pbtxt", renamed_outputs={})
    graph_def = text_format.Parse((tmp_path / "new.pbtxt").read_text(), v1.GraphDef())
    with v1.Graph().as_default() as graph:
        v1.import_graph_def(graph_def, name="")
        assert graph.get_operation_by_name("output").type == "FakeQuantWithMinMaxVars"


def test_a_saved_model_of_tensorflow_1_is_frozen_where_the_ending_asks_for_a_graph(v1, tmp_path):
    write(load(FOUNDING / "eval-saved_model"), EDIT, tmp_path / "frozen.pb", renamed_outputs={})
    graph_def = v1.GraphDef.FromString((tmp_path / "frozen.pb").read_bytes())
    assert not [node.name for node in graph_def.node if node.op.startswith(("Variable", "Assign", "Restore"))]
    assert graph_def.versions.producer == 134
    with v1.Graph().as_default(), v1.Session() as session:
        v1.import_graph_def(graph_def, name="")
        assert session.run("output:0", {"input:0": BATCH}).ravel() == pytest.approx([2.0, 2.0])
