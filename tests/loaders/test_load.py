"""Every form of the founding case is one graph: the content of a file shows its form."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from minmax_lint.errors import UnknownName, UnreadableModel
from minmax_lint.loaders import load
from minmax_lint.loaders.endpoints import endpoints
from minmax_lint.schema.messages import message_class

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
EVAL_RANGES = {"act_quant/min": 0.0, "act_quant/max": 6.0, "weights_quant/max": 0.08467619866132736}


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("eval.pb", "graphdef"),
        ("eval.pbtxt", "graphdef-text"),
        ("eval-checkpoint", "checkpoint"),
        ("eval-checkpoint/checkpoint", "checkpoint"),
        ("eval-checkpoint/model.ckpt", "checkpoint"),
        ("eval-checkpoint/model.ckpt.index", "checkpoint"),
        ("eval-checkpoint/model.ckpt.data-00000-of-00001", "checkpoint"),
        ("eval-checkpoint/model.ckpt.meta", "metagraph"),
        ("eval-saved_model", "savedmodel"),
        ("eval-saved_model/saved_model.pb", "savedmodel"),
    ],
)
def test_every_form_of_the_eval_graph_is_read(name, form):
    model = load(FOUNDING / name)
    assert model.format == form
    assert [edge.node for edge in model.graph["output"].inputs] == ["add"]
    assert model.graph["act_quant/FakeQuantWithMinMaxVars"].integer("num_bits", 8) == 8
    assert "output" in [edge.node for edge in model.graph["act_quant/FakeQuantWithMinMaxVars"].inputs]


@pytest.mark.parametrize("name", ["eval-checkpoint", "eval-checkpoint/model.ckpt.meta", "eval-saved_model"])
def test_ranges_come_from_the_values_beside_the_graph(name):
    variables = load(FOUNDING / name).variables
    assert {node: variables.value(node).item() for node in EVAL_RANGES} == EVAL_RANGES
    assert variables.value("nobody") is None


def test_a_signature_names_arrays_and_shapes():
    signatures = load(FOUNDING / "eval-saved_model").signatures
    assert list(signatures) == ["serving_default"]
    found = signatures["serving_default"]
    assert (found.inputs, found.outputs) == ({"input": "input"}, {"output": "output"})
    assert found.input_shapes == {"input": (None, 2)}


@pytest.mark.parametrize("message", ["GraphDef", "MetaGraphDef", "SavedModel"])
@pytest.mark.parametrize("text", [False, True])
def test_the_name_of_a_file_says_nothing(message, text, tmp_path):
    from google.protobuf import text_format

    content = {
        "GraphDef": FOUNDING / "eval.pb",
        "MetaGraphDef": FOUNDING / "eval-checkpoint" / "model.ckpt.meta",
        "SavedModel": FOUNDING / "eval-saved_model" / "saved_model.pb",
    }[message].read_bytes()
    if text:
        content = text_format.MessageToString(message_class(message).FromString(content)).encode()
    misnamed = tmp_path / "graph.tflite"
    misnamed.write_bytes(content)
    model = load(misnamed)
    assert model.format == {"GraphDef": "graphdef", "MetaGraphDef": "metagraph", "SavedModel": "savedmodel"}[
        message
    ] + ("-text" if text else "")
    assert "output" in model.graph


def test_standard_input_is_read(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((FOUNDING / "eval.pb").read_bytes())))
    model = load("-")
    assert model.path is None
    assert len(model.graph) == 53


def test_a_checkpoint_of_a_training_run_has_its_newest_ranges():
    variables = load(FOUNDING / "train-checkpoint-tf1.15.5").variables
    assert variables.value("beta1_power").item() == pytest.approx(0.729)
    assert variables.value("Variable").shape == (2, 1)


def test_a_moved_checkpoint_is_found_beside_its_state_file(tmp_path):
    shutil.copytree(FOUNDING / "eval-checkpoint", tmp_path / "moved")
    assert "/home/me" in (tmp_path / "moved" / "checkpoint").read_text()
    assert load(tmp_path / "moved").path == tmp_path / "moved" / "model.ckpt.meta"


def test_a_folder_without_state_file_has_one_checkpoint(tmp_path):
    shutil.copytree(FOUNDING / "eval-checkpoint", tmp_path / "moved")
    (tmp_path / "moved" / "checkpoint").unlink()
    assert load(tmp_path / "moved").format == "checkpoint"


def test_a_signature_picks_its_metagraph(tmp_path):
    saved = message_class("SavedModel").FromString(
        (FOUNDING / "eval-saved_model/saved_model.pb").read_bytes()
    )
    second = saved.meta_graphs.add()
    second.CopyFrom(saved.meta_graphs[0])
    second.meta_info_def.tags[:] = ["train"]
    second.signature_def["training"].CopyFrom(second.signature_def["serving_default"])
    (tmp_path / "saved_model.pb").write_bytes(saved.SerializeToString())
    assert list(load(tmp_path).signatures) == ["serving_default"]
    assert "training" in load(tmp_path, signature="training").signatures
    with pytest.raises(UnknownName, match="'serving_default'"):
        load(tmp_path, signature="serving_defualt")


@pytest.mark.parametrize("name", ["eval.pb", "eval.pbtxt", "eval-checkpoint", "eval-saved_model"])
def test_no_form_needs_tensorflow_or_numpy(name):
    script = (
        "import sys; from minmax_lint.loaders import load; m = load(sys.argv[1]);"
        "m.variables and m.variables.value('act_quant/max'); list(m.graph);"
        "assert not {'tensorflow', 'numpy', 'networkx', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, str(FOUNDING / name)], check=True)


HEADS = {
    "model.h5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5 file is damaged"),
    "model.keras": (b"PK\x03\x04" + bytes(26) + b"metadata.json" + bytes(60), r"\.keras file is damaged"),
    "model.zip": (b"PK\x03\x04" + bytes(26) + b"other" + bytes(60), "zip archive"),
    "model.tflite": (b"\x1c\0\0\0TFL3" + bytes(60), r"\.tflite model is damaged"),
    "model.pb": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "HTML page"),
    "model.pt": (b"PK\x03\x04" + bytes(26) + b"archive/data.pkl" + bytes(60), "PyTorch"),
    "lfs.pb": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1234\nsize 9\n", "git lfs pull"),
    "model.tar.gz": (b"\x1f\x8b\x08" + bytes(60), "gzip"),
    "model.json": (b'{"format": "layers-model"}', "JSON"),
    "model.onnx": (b"\x08\x07\x12\x07pytorch\x3a\x03abc", "ONNX"),
    "labels.txt": (b"dog\ncat\n", "no graph in text form"),
    "empty.pb": (b"", "empty"),
    "random.pb": (bytes(range(256)) * 3, "damaged or no TensorFlow graph"),
    "versions.pb": (b"\x22\x02\x08\x1b", "no nodes"),
    "typo.pbtxt": (b"node {\n  nam: 'x'\n}\n", "2:3"),
    "checkpoint-v1": (bytes(100) + bytes.fromhex("57fb808b247547db"), "version 1"),
}


@pytest.mark.parametrize("name", HEADS)
def test_what_is_no_graph_is_called_by_its_name(name, tmp_path):
    content, message = HEADS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableModel, match=message) as caught:
        load(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("character", "{<#")
def test_a_node_as_long_as_the_number_of_a_character_makes_a_graph_no_text(character, tmp_path):
    """A graph begins with the tag of a node, which is a line feed in text, and the length of the node."""
    node = message_class("NodeDef")(name="x", op="Placeholder")
    node.name = "x" * (1 + ord(character) - node.ByteSize())
    content = message_class("GraphDef")(node=[node]).SerializeToString()
    assert content.startswith(f"\n{character}".encode())
    (tmp_path / "graph.pb").write_bytes(content)
    assert load(tmp_path / "graph.pb").format == "graphdef"


def test_a_missing_file_is_answered_with_the_near_one(tmp_path):
    shutil.copy(FOUNDING / "eval.pb", tmp_path / "eval.pb")
    with pytest.raises(UnreadableModel, match=r"did you mean .*/eval\.pb"):
        load(tmp_path / "evla.pb")
    with pytest.raises(UnreadableModel, match=r"no such file or folder$"):
        load(tmp_path / "nowhere" / "eval.pb")


def test_an_empty_folder_holds_no_model(tmp_path):
    with pytest.raises(UnreadableModel, match="holds no model"):
        load(tmp_path)


def test_a_folder_above_a_model_points_into_it(tmp_path):
    shutil.copytree(FOUNDING / "eval-saved_model", tmp_path / "1572346543")
    with pytest.raises(UnreadableModel, match=r"name what is in it, such as .*1572346543$"):
        load(tmp_path)


def test_a_folder_of_several_checkpoints_wants_one_named(tmp_path):
    for step in ("9", "10"):
        for part in ("index", "meta"):
            shutil.copy(FOUNDING / f"eval-checkpoint/model.ckpt.{part}", tmp_path / f"m.ckpt-{step}.{part}")
    with pytest.raises(UnreadableModel, match=r"several checkpoints.*m\.ckpt-10$"):
        load(tmp_path)


def test_a_checkpoint_without_its_graph_says_which_file_is_missing(tmp_path):
    shutil.copytree(FOUNDING / "eval-checkpoint", tmp_path / "c")
    (tmp_path / "c" / "model.ckpt.meta").unlink()
    for named in (tmp_path / "c", tmp_path / "c" / "model.ckpt"):
        with pytest.raises(UnreadableModel, match=r"model\.ckpt\.meta is missing.*give the eval graph"):
            load(named)


def test_a_state_file_that_names_nothing_there_is_no_checkpoint(tmp_path):
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "gone"\n')
    with pytest.raises(UnreadableModel, match="'gone', which is not there"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["eval.pb", "eval-frozen.pb"])
def test_a_truncated_graph_is_said_to_be_truncated(name, tmp_path):
    content = (FOUNDING / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableModel, match="truncated"):
        load(tmp_path / name)


def test_duplicate_nodes_are_refused(tmp_path):
    graph = message_class("GraphDef")()
    for name in ("a", "b", "a"):
        graph.node.add(name=name, op="NoOp")
    with pytest.raises(UnreadableModel, match="'a' is there twice"):
        load(graph)


def test_a_device_is_no_file():
    with pytest.raises(UnreadableModel, match="no file"):
        load("/dev/zero")


@pytest.mark.parametrize("values", ["model.ckpt", "model.ckpt-00000-of-00002"])
def test_a_folder_with_a_checkpoint_of_version_1_is_refused(tmp_path, values):
    """Its graph is there; its ranges would be unknown, and no message would show it."""
    shutil.copy(FOUNDING / "eval-checkpoint" / "model.ckpt.meta", tmp_path)
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "model.ckpt"')
    (tmp_path / values).write_bytes(bytes(100) + bytes.fromhex("57fb808b247547db"))
    with pytest.raises(UnreadableModel, match="checkpoint of version 1"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("producer", "written", "shape"),
    [
        (0, None, None),
        (21, None, None),
        (21, [-1, 8], (None, 8)),
        (21, [], ()),
        (22, None, ()),
        (22, [-1, 8], ()),
        (1286, None, ()),
    ],
)
def test_a_placeholder_of_no_dimensions_has_no_shape_in_a_graph_of_old(producer, written, shape, tmp_path):
    """But for what a MetaGraph writes of its output shapes."""
    graph = message_class("GraphDef")()
    graph.versions.producer = producer
    for name, op in (("x", "Placeholder"), ("y", "Identity")):
        node = graph.node.add(name=name, op=op)
        node.attr["T" if op == "Identity" else "dtype"].type = 1
    graph.node[0].attr["shape"].shape.SetInParent()
    if written is not None:
        shapes = graph.node[0].attr["_output_shapes"].list.shape.add()
        for size in written:
            shapes.dim.add(size=size)
    graph.node[1].input.append("x")
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.SerializeToString())
    assert dict(endpoints(load(path)).inputs) == {"x": shape}
