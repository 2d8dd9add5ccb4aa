"""Whatever is named on the command line: exit code 2 and one line, or a lint; no traceback, nothing written."""

import gzip
import io
import os
import shutil
import threading
import time
import zipfile
from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.loaders import buffers
from minmax_lint.schema.messages import message_class
from tests.loaders.test_hostile import graph_of

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
COMMANDS = ("check", "inspect", "trace", "fix")


def _cyclic():
    return graph_of(("x", "Placeholder"), ("a", "Add", "x", "b"), ("b", "Relu", "a"))


UNREADABLE = {
    "empty": b"",
    "truncated": (FOUNDING / "eval.pb").read_bytes()[:-7],
    "twice": graph_of(("x", "Placeholder"), ("x", "Relu", "x")).SerializeToString(),
    "undefined": graph_of(("x", "Placeholder"), ("y", "Add", "x", "gone")).SerializeToString(),
    "wrong-wire-types": b"\x0a\x05\x08\x01\x10\x02\x18",
    "endless-length": b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    "text-bomb": b"node {" * 20_000,
    "no-nodes": graph_of().SerializeToString() or b"\x22\x02\x08\x1b",
}
READABLE = {
    "cyclic": _cyclic().SerializeToString(),
    "long-name": graph_of(("x" * 100_000, "Placeholder"), ("y", "Relu", "x" * 100_000)).SerializeToString(),
    "control-edges": graph_of(
        ("x", "Placeholder"), ("a", "NoOp"), ("y", "Relu", "x", *["^a"] * 300_000)
    ).SerializeToString(),
}


def called(command, path, *more):
    """Exit code of a command that may take ten CPU seconds and writes at most the file it is to write."""
    started = time.process_time()
    arguments = [command, str(path), *more]
    if command == "fix":
        arguments += ["--output", str(path.with_name("fixed.pb"))]
    code = main(arguments)
    assert time.process_time() - started < 10
    return code


def refused(command, path, capsys):
    before = sorted(path.parent.iterdir())
    assert called(command, path) == 2
    printed = capsys.readouterr().err
    assert "Traceback" not in printed
    assert sum(line.startswith("error: ") for line in printed.splitlines()) == 1
    assert sorted(path.parent.iterdir()) == before


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", UNREADABLE)
def test_damaged_files_are_refused_in_one_line(tmp_path, capsys, command, name):
    path = tmp_path / "graph.pb"
    path.write_bytes(UNREADABLE[name])
    if (name, command) == ("undefined", "inspect"):
        pytest.skip("what is inspected is not traced")
    refused(command, path, capsys)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", READABLE)
def test_odd_graphs_are_read_in_bounded_time(tmp_path, capsys, command, name):
    path = tmp_path / "graph.pb"
    path.write_bytes(READABLE[name])
    more = () if command == "inspect" else ("-o", "b" if name == "cyclic" else "y")
    assert called(command, path, *more) in (0, 1, 2)
    assert "Traceback" not in capsys.readouterr().err


def calling(functions):
    """A SavedModel whose signature calls the first of `functions`: name -> the functions that it calls in turn."""
    saved = message_class("SavedModel")(saved_model_schema_version=1)
    meta = saved.meta_graphs.add()
    meta.graph_def.node.add(name="x", op="Placeholder")
    call = meta.graph_def.node.add(name="call", op="PartitionedCall", input=["x"])
    call.attr["f"].func.name = next(iter(functions))
    for name, called in functions.items():
        function = meta.graph_def.library.function.add()
        function.signature.name = name
        function.signature.input_arg.add(name="a", type=1)
        function.signature.output_arg.add(name="r", type=1)
        last = "a"
        for place, one in enumerate(called):
            node = function.node_def.add(name=f"n{place}", op="PartitionedCall", input=[last])
            node.attr["f"].func.name = one
            last = f"n{place}:output:0"
        function.ret["r"] = last
    signature = meta.signature_def["serving_default"]
    signature.inputs["x"].name, signature.outputs["y"].name = "x:0", "call:0"
    return saved.SerializeToString()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "functions",
    [
        {"f": ["f"]},
        {"f": ["g"], "g": ["f"]},
        {f"f{i}": [f"f{i + 1}"] for i in range(10_000)} | {"f10000": []},
        {f"f{i}": [f"f{i + 1}"] * 2 for i in range(40)} | {"f40": []},
        {"f": ["g"] * 50_000, "g": []},
    ],
    ids=["itself", "each-other", "ten-thousand-deep", "doubling", "fifty-thousand-times"],
)
def test_calls_without_end_or_measure_are_refused_in_one_line(tmp_path, capsys, command, functions):
    path = tmp_path / "saved_model.pb"
    path.write_bytes(calling(functions))
    refused(command, path, capsys)


def _zipped(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.json", text)
    return content.getvalue()


FILES = FOUNDING.parent
OTHER_FORMATS = {
    "cut.gz": lambda: gzip.compress(UNREADABLE["truncated"])[:-9],
    "cut.keras": lambda: (FILES / "keras" / "plain.keras").read_bytes()[:-10],
    "bomb.keras": lambda: _zipped(metadata="{}", config=b"[" * (40 << 20)),
    "nested.keras": lambda: _zipped(metadata="{}", config=b"[" * 100_000),
    "cut.h5": lambda: (FILES / "keras" / "qat.h5").read_bytes()[:2000],
    "cut.tflite": lambda: (FILES / "tflite" / "gap.tflite").read_bytes()[:600],
    "absurd.tflite": lambda: (FILES / "tflite" / "gap.tflite").read_bytes()[:8] + b"\xff" * 100,
    "data.npy": lambda: b"\x93NUMPY\1\0",
    "data.npz": lambda: b"PK\x03\x04" + b"x" * 100,
}


@pytest.mark.parametrize("name", OTHER_FORMATS)
def test_damage_in_other_formats_is_told_in_one_line(tmp_path, capsys, name):
    path = tmp_path / name
    path.write_bytes(OTHER_FORMATS[name]())
    refused("check", path, capsys)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", ["pipe", "folder", "circle", "dangling", "device", "below-a-file"])
def test_odd_places_are_refused_in_one_line(tmp_path, capsys, monkeypatch, command, kind):
    monkeypatch.setattr(buffers, "_PATIENCE", 0.1)
    path = tmp_path / "graph.pb"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "circle":
        path.symlink_to(path)
    elif kind == "dangling":
        path.symlink_to(tmp_path / "gone")
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        shutil.copy(FOUNDING / "eval.pb", tmp_path / "file")
        path = tmp_path / "file" / "graph.pb"
        assert called(command, path) == 2
        return
    refused(command, path, capsys)


def test_a_pipe_that_somebody_writes_into_is_read(tmp_path):
    path = tmp_path / "graph.pb"
    os.mkfifo(path)
    content = (FOUNDING / "eval-frozen.pb").read_bytes()
    writer = threading.Thread(target=path.write_bytes, args=(content,))
    writer.start()
    assert called("inspect", path) == 0
    writer.join()
