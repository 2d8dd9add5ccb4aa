"""Pipes, devices, folders, circles and locked files where a model or a file beside it should be: one line, no wait."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.loaders import buffers

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
GRAPH = FOUNDING / "eval-frozen.pb"
DATA = "variables/variables.data-00000-of-00001"


def put(kind, path):
    """Something of that kind in the place of what may be at `path`."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "circle":
        path.symlink_to(path.name)
    else:
        path.write_text("text")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(buffers, "_PATIENCE", 0.1)


def errors(capsys):
    printed = capsys.readouterr().err
    assert "Traceback" not in printed
    return [line for line in printed.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize(
    ("model", "place", "kind", "message"),
    [
        ("eval-saved_model", "saved_model.pb", "folder", "the folder holds no model"),
        ("eval-saved_model", "saved_model.pb", "circle", "the folder holds no model"),
        ("eval-saved_model", "variables", "text", None),
        ("eval-saved_model", "variables", "circle", None),
        ("eval-saved_model", "variables/variables.index", "folder", None),
        ("eval-saved_model", "variables/variables.index", "pipe", None),
        ("eval-saved_model", "variables/variables.index", "text", "index is truncated or damaged"),
        ("eval-saved_model", DATA, "folder", f"{DATA}: cannot be read"),
        ("eval-saved_model", DATA, "pipe", f"{DATA}: nobody writes into this pipe"),
        ("eval-saved_model", DATA, "device", f"{DATA}: this is no file"),
        ("eval-saved_model", DATA, "text", f"{DATA} is truncated"),
        ("eval-checkpoint", "checkpoint", "folder", None),
        ("eval-checkpoint", "checkpoint", "pipe", None),
        ("eval-checkpoint", "checkpoint", "device", None),
        ("eval-checkpoint", "checkpoint", "text", "the 'checkpoint' file cannot be read"),
        ("eval-checkpoint", "model.ckpt.meta", "folder", "model.ckpt.meta is missing"),
        ("eval-checkpoint", "model.ckpt.meta", "pipe", "model.ckpt.meta is missing"),
        ("eval-checkpoint", "model.ckpt.meta", "text", "this is text, but no graph in text form"),
    ],
)
def test_what_lies_in_a_model_in_place_of_a_file(tmp_path, capsys, model, place, kind, message):
    folder = tmp_path / "model"
    shutil.copytree(FOUNDING / model, folder)
    put(kind, folder / place)
    code = main(["check", str(folder), "--output-format", "concise"])
    printed = errors(capsys)
    assert code == (1 if message is None else 2)
    assert len(printed) == (message is not None)
    assert message is None or message in printed[0]


def test_a_folder_in_itself_is_read_and_not_copied_without_end(tmp_path, capsys):
    folder = tmp_path / "model"
    shutil.copytree(FOUNDING / "eval-saved_model", folder)
    (folder / "variables" / "again").symlink_to(folder)
    assert main(["check", str(folder), "--output-format", "concise"]) == 1
    assert main(["fix", str(folder), "--output", str(tmp_path / "fixed")]) == 0
    assert errors(capsys) == []
    again = tmp_path / "fixed" / "variables" / "again"
    assert again.is_symlink()
    assert again.samefile(tmp_path / "fixed")


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "circle", "text"])
@pytest.mark.parametrize(
    "command",
    [
        ["check", GRAPH, "--config"],
        ["check", GRAPH, "--baseline"],
        ["check", GRAPH, "--script"],
        ["check", FOUNDING / "eval.pb", "--checkpoint"],
        ["check", FOUNDING.with_name("tflite") / "gap.tflite", "--source"],
        ["fix", GRAPH, "--output", "fixed.pb", "--ranges"],
        ["fix", GRAPH, "--output", "fixed.pb", "--calibrate"],
    ],
    ids=lambda words: words[-1],
)
def test_what_an_option_names_in_place_of_a_file(tmp_path, capsys, monkeypatch, command, kind):
    monkeypatch.chdir(tmp_path)
    put(kind, tmp_path / "named")
    assert main([*map(str, command), "named"]) == 2
    (line,) = errors(capsys)
    assert "named" in line
    assert [path.name for path in tmp_path.iterdir()] == ["named"]


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "circle"])
@pytest.mark.parametrize("name", ["minmax-lint.toml", "pyproject.toml"])
def test_settings_that_are_no_file_are_no_settings(tmp_path, monkeypatch, kind, name):
    monkeypatch.chdir(tmp_path)
    put(kind, tmp_path / name)
    assert main(["check", str(GRAPH), "--output-format", "concise"]) == 1


@pytest.mark.parametrize(
    "content",
    [bytes(range(256)), b"a = " + b"[" * 100_000, b"[tool", b"\xff\xfe", b"a = 1979-99-99", b"x" * 1_000_000],
    ids=["binary", "deep", "cut", "utf-16", "date", "long"],
)
def test_settings_that_are_no_toml_are_told_in_one_line(tmp_path, monkeypatch, capsys, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "minmax-lint.toml").write_bytes(content)
    assert main(["check", str(GRAPH)]) == 2
    assert "minmax-lint.toml is not valid TOML" in errors(capsys)[0]


UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
"""What makes a command of root's obey the permissions of files."""


@pytest.mark.skipif(bool(UNPRIVILEGED) and not shutil.which("setpriv"), reason="root without setpriv")
@pytest.mark.parametrize(
    ("locked", "command"),
    [
        ("model/saved_model.pb", ["check", "model"]),
        ("model/variables", ["check", "model"]),
        ("model/variables/variables.index", ["check", "model"]),
        (DATA.replace("variables/", "model/variables/", 1), ["check", "model"]),
        ("model", ["check", "model"]),
        ("model", ["fix", "model", "--output", "fixed"]),
        ("model/variables", ["fix", "model", "--output", "fixed"]),
        ("there", ["fix", "model", "--output", "there/fixed"]),
        ("there", ["check", "model", "--output-format", "json=there/report.json"]),
    ],
)
def test_what_is_locked_is_told_in_one_line(tmp_path, locked, command):
    shutil.copytree(FOUNDING / "eval-saved_model", tmp_path / "model")
    (tmp_path / "there").mkdir()
    (tmp_path / locked).chmod(0)
    words = [*UNPRIVILEGED, sys.executable, "-B", "-m", "minmax_lint", *command]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    (tmp_path / locked).chmod(0o700)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "ermission" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "there"]
    assert list((tmp_path / "there").iterdir()) == []
