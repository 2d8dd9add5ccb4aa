"""What is written back: the edit, and everything else as it was."""

import os
import shutil
from pathlib import Path

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.errors import UserError
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.edit import Edit
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.loaders import load
from minmax_lint.loaders.parse import parse
from minmax_lint.ops.table import VARIABLES
from minmax_lint.schema.messages import message_class
from minmax_lint.writers import write
from minmax_lint.writers.graphdef import chunks, encode
from minmax_lint.writers.kept import frozen_model

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
SOURCES = (
    "eval.pb",
    "eval.pbtxt",
    "eval-checkpoint",
    "eval-saved_model",
    "train-checkpoint-tf1.15.5/out.ckpt.meta",
)

RENAME = Edit(
    renamed={"output": "output/raw"},
    inputs={"act_quant/FakeQuantWithMinMaxVars": ("output/raw", "act_quant/min/read", "act_quant/max/read")},
)
"""The output goes by another name; its one reader follows."""


def messages_of(path: Path):
    """The GraphDef and the whole message of a written model."""
    if path.is_dir():
        found = [path / "saved_model.pb", path / "model.ckpt.meta"]
        path = next(one for one in found if one.is_file())
    if path.name == "saved_model.pb":
        whole = message_class("SavedModel").FromString(path.read_bytes())
        return whole.meta_graphs[0].graph_def, whole
    if path.suffix == ".meta":
        whole = message_class("MetaGraphDef").FromString(path.read_bytes())
        return whole.graph_def, whole
    whole = message_class("GraphDef").FromString(path.read_bytes())
    return whole, whole


@pytest.mark.parametrize("name", ["eval.pb", "eval-frozen.pb", "eval-guarded.pb"])
def test_an_unchanged_graph_is_the_same_bytes(name):
    assert encode(load(FOUNDING / name).graph) == (FOUNDING / name).read_bytes()


@pytest.mark.parametrize("name", SOURCES)
def test_an_unchanged_model_is_written_as_the_same_bytes(name, tmp_path):
    model = load(FOUNDING / name)
    destination = tmp_path / "out.meta" if name.endswith(".meta") else tmp_path / Path(name).name
    write(model, Edit(), destination, renamed_outputs={})
    if destination.is_dir():
        destination /= model.path.name
    elif model.format == "checkpoint":
        destination = Path(f"{destination}.meta")
    assert destination.read_bytes() == model.path.read_bytes()


def test_untouched_records_are_views_of_the_source():
    model = load(FOUNDING / "eval.pb")
    pieces = list(chunks(model.graph))
    assert all(
        isinstance(piece, memoryview) and piece.obj is model.graph.columns.serialized.buffer
        for piece in pieces
    )


@pytest.mark.parametrize("name", ["eval.pb", "eval-checkpoint", "eval-saved_model"])
def test_only_the_edited_nodes_change(name, tmp_path):
    model = load(FOUNDING / name)
    destination = tmp_path / ("new.pb" if name.endswith(".pb") else "new")
    if name == "eval-checkpoint":
        destination.mkdir()
    write(model, RENAME, destination, renamed_outputs={})
    (before, old_whole), (after, new_whole) = messages_of(FOUNDING / name), messages_of(destination)
    old, new = {n.name: n for n in before.node}, {n.name: n for n in after.node}
    assert [n.name.replace("output/raw", "output") for n in after.node] == [n.name for n in before.node]
    assert {n for n in new if new[n] != old.get(n)} == {"output/raw", "act_quant/FakeQuantWithMinMaxVars"}
    assert (after.versions, after.library) == (before.versions, before.library)
    assert new["output/raw"].attr == old["output"].attr
    for whole in (old_whole, new_whole):
        for meta in getattr(whole, "meta_graphs", []):
            meta.signature_def.clear()  # it follows the output
    before.Clear()
    after.Clear()
    assert new_whole == old_whole


def test_unknown_fields_of_graphs_and_nodes_survive(tmp_path):
    unknown = bytes([0xF2, 0x7F, 3]) + b"new"  # field 2046, length-delimited
    graph = message_class("GraphDef")()
    for name in ("a", "b"):
        graph.node.add(name=name, op="NoOp").MergeFromString(unknown)
    source = tmp_path / "source.pb"
    source.write_bytes(graph.SerializeToString() + unknown)
    write(load(source), Edit(renamed={"a": "c"}), tmp_path / "new.pb", renamed_outputs={})
    written = (tmp_path / "new.pb").read_bytes()
    assert written.count(unknown) == 3
    assert [node.name for node in message_class("GraphDef").FromString(written).node] == ["c", "b"]


def test_added_nodes_stand_where_the_edit_puts_them(tmp_path):
    edit = Edit(added=(Node("mine", "Identity", (Edge("output", 0),), attrs={}),), after={"mine": "output"})
    write(load(FOUNDING / "eval.pb"), edit, tmp_path / "new.pb", renamed_outputs={})
    names = [node.name for node in messages_of(tmp_path / "new.pb")[0].node]
    assert names[names.index("output") + 1] == "mine"


def test_the_signature_follows_a_renamed_output_and_its_key_stays(tmp_path):
    write(
        load(FOUNDING / "eval-saved_model"),
        RENAME,
        tmp_path / "new",
        renamed_outputs={"output": "output/raw"},
    )
    signature = messages_of(tmp_path / "new")[1].meta_graphs[0].signature_def["serving_default"]
    assert signature.outputs["output"].name == "output/raw:0"
    assert signature.inputs["input"].name == "input:0"


def test_the_signature_stays_where_another_node_took_the_outputs_name(tmp_path):
    taken = Edit(renamed={"output": "output/raw", "act_quant/FakeQuantWithMinMaxVars": "output"})
    write(load(FOUNDING / "eval-saved_model"), taken, tmp_path / "new", renamed_outputs={})
    signature = messages_of(tmp_path / "new")[1].meta_graphs[0].signature_def["serving_default"]
    assert signature.outputs["output"].name == "output:0"


def test_collections_of_names_follow_and_others_stay(tmp_path):
    whole = messages_of(FOUNDING / "eval-checkpoint")[1]
    whole.collection_def["outputs"].node_list.value.extend(["output:0", "input:0", "output"])
    (tmp_path / "old.meta").write_bytes(whole.SerializeToString())
    write(
        load(tmp_path / "old.meta"), RENAME, tmp_path / "new.meta", renamed_outputs={"output": "output/raw"}
    )
    after = messages_of(tmp_path / "new.meta")[1]
    assert list(after.collection_def["outputs"].node_list.value) == ["output/raw:0", "input:0", "output/raw"]
    assert after.collection_def["variables"] == whole.collection_def["variables"]


def test_colocation_follows_a_renamed_node(tmp_path):
    graph = message_class("GraphDef")()
    graph.node.add(name="a", op="NoOp")
    graph.node.add(name="b", op="NoOp").attr["_class"].list.s.extend([b"loc:@a", b"loc:@ab"])
    (tmp_path / "old.pb").write_bytes(graph.SerializeToString())
    write(load(tmp_path / "old.pb"), Edit(renamed={"a": "c"}), tmp_path / "new.pb", renamed_outputs={})
    assert list(messages_of(tmp_path / "new.pb")[0].node[1].attr["_class"].list.s) == [b"loc:@c", b"loc:@ab"]


def test_a_saved_model_is_copied_whole_and_its_variables_are_untouched(tmp_path):
    source = tmp_path / "old"
    shutil.copytree(FOUNDING / "eval-saved_model", source)
    (source / "assets").mkdir()
    (source / "assets" / "words.txt").write_text("one\n")
    (source / "fingerprint.pb").write_bytes(b"stale")
    write(load(source), RENAME, tmp_path / "new", renamed_outputs={})
    files = {
        str(p.relative_to(tmp_path / "new")): p.read_bytes()
        for p in (tmp_path / "new").rglob("*")
        if p.is_file()
    }
    assert sorted(files) == [
        "assets/words.txt",
        "saved_model.pb",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]
    for name in set(files) - {"saved_model.pb"}:
        assert files[name] == (source / name).read_bytes()


def test_a_checkpoint_is_written_to_a_prefix_with_its_values(tmp_path):
    write(load(FOUNDING / "eval-checkpoint"), RENAME, tmp_path / "fixed.ckpt", renamed_outputs={})
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "fixed.ckpt.data-00000-of-00001",
        "fixed.ckpt.index",
        "fixed.ckpt.meta",
    ]
    model = load(tmp_path / "fixed.ckpt")
    assert model.variables.value("act_quant/max").item() == 6.0


def test_a_checkpoint_goes_into_a_folder_with_its_state_file(tmp_path):
    write(load(FOUNDING / "eval-checkpoint"), RENAME, tmp_path, renamed_outputs={})
    model = load(tmp_path)
    assert "output/raw" in model.graph
    assert {
        model.variables.value(n) is None
        for n, op in zip(model.graph.names, model.graph.columns.ops, strict=True)
        if op in VARIABLES
    } == {False}


@pytest.mark.parametrize("name", SOURCES[:4])
def test_the_input_is_overwritten_only_in_place(name, tmp_path):
    source = tmp_path / name
    (shutil.copytree if (FOUNDING / name).is_dir() else shutil.copy)(FOUNDING / name, source)
    content = load(source).path.read_bytes()
    with pytest.raises(UserError, match="is the input"):
        write(load(source), RENAME, source, renamed_outputs={})
    assert load(source).path.read_bytes() == content
    write(load(source), RENAME, source, renamed_outputs={}, in_place=True)
    assert "output/raw" in load(source).graph
    assert not list(tmp_path.rglob(".*"))


def test_the_input_is_known_behind_a_link(tmp_path):
    shutil.copy(FOUNDING / "eval.pb", tmp_path / "eval.pb")
    (tmp_path / "link.pb").symlink_to("eval.pb")
    with pytest.raises(UserError, match="is the input"):
        write(load(tmp_path / "eval.pb"), RENAME, tmp_path / "link.pb", renamed_outputs={})


def test_in_place_behind_a_link_replaces_the_file_and_keeps_the_link(tmp_path):
    shutil.copy(FOUNDING / "eval.pb", tmp_path / "eval.pb")
    (tmp_path / "link.pb").symlink_to("eval.pb")
    os.chmod(tmp_path / "eval.pb", 0o640)
    write(load(tmp_path / "link.pb"), RENAME, tmp_path / "link.pb", renamed_outputs={}, in_place=True)
    assert (tmp_path / "link.pb").is_symlink()
    assert "output/raw" in load(tmp_path / "eval.pb").graph
    assert (tmp_path / "eval.pb").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("source", "destination", "message"),
    [
        ("eval.pb", "missing/new.pb", "No such file or directory"),
        ("eval.pb", "folder", "Is a directory"),
        ("eval-saved_model", "folder", "is there already"),
        ("eval-saved_model", "missing/new", "No such file or directory"),
        ("eval-checkpoint", "missing/new", "No such file or directory"),
        ("eval-checkpoint", "new.pb", "give a prefix"),
    ],
)
def test_a_destination_that_cannot_be_written_is_one_clear_line(source, destination, message, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("keep")
    with pytest.raises(UserError, match=message) as caught:
        write(load(FOUNDING / source), RENAME, tmp_path / destination, renamed_outputs={})
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.rglob("*")] == ["folder", "mine.txt"]


@pytest.mark.parametrize("old", [None, b"old"])
def test_an_interrupted_write_leaves_the_old_file_or_none(old, tmp_path):
    from minmax_lint.writers.atomic import write_file

    destination = tmp_path / "new.pb"
    if old is not None:
        destination.write_bytes(old)

    def interrupted():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(destination, interrupted())
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == ([("new.pb", old)] if old else [])


def test_text_comes_back_as_text_and_the_ending_can_ask_for_the_other_form(tmp_path):
    text, binary = load(FOUNDING / "eval.pbtxt"), load(FOUNDING / "eval.pb")
    for model, name, form in (
        (text, "same.pbtxt", "graphdef-text"),
        (text, "same", "graphdef-text"),
        (text, "binary.pb", "graphdef"),
        (binary, "text.pbtxt", "graphdef-text"),
    ):
        write(model, RENAME, tmp_path / name, renamed_outputs={})
        again = load(tmp_path / name)
        assert again.format == form
        assert "output/raw" in again.graph


def test_text_that_would_lose_fields_is_refused(tmp_path):
    (tmp_path / "a.pb").write_bytes((FOUNDING / "eval.pb").read_bytes() + bytes([0xF2, 0x7F, 1, 1]))
    with pytest.raises(UserError, match=r"write a \.pb"):
        write(load(tmp_path / "a.pb"), Edit(), tmp_path / "a.pbtxt", renamed_outputs={})
    assert not (tmp_path / "a.pbtxt").exists()


def test_a_pipe_is_written_to_and_not_replaced_by_a_file(tmp_path: Path) -> None:
    from minmax_lint.writers.atomic import write_file

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, [b"one", b"two"])
    assert os.read(reader, 100) == b"onetwo"
    os.close(reader)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_an_input_with_a_default_is_frozen_as_a_placeholder_without_it():
    net = Net()
    net.add("PlaceholderWithDefault", "input", net.c(0.5, shape=[1, 8]), after=(), dtype=DType.FLOAT)
    output = net.op("Relu", "input")
    frozen = parse(frozen_model(parse(encode(net.graph())), {"input": (1, 8)}, [output])).graph

    assert {name: frozen.op(name) for name in frozen.names} == {"input": "Placeholder", output: "Relu"}
    assert frozen["input"].attribute("shape") == (1, 8)
