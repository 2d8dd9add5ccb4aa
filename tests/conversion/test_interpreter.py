"""What an interpreter cannot do is refused at once, without TensorFlow."""

import os
import sys
from pathlib import Path

import pytest

from minmax_lint.backends.conversion import Child
from minmax_lint.backends.conversion.interpreter import checked_interpreter, tensorflow_version
from minmax_lint.converters.profile import Flow
from minmax_lint.errors import UserError
from tests.interpreters import tf115, tf215, tf221

ANSWERS = {
    "silent": "exit 0",
    "chatty": "echo hello world",
    "failing": "echo no such option >&2; exit 2",
    "ancient": "echo python 2 7; echo tensorflow yes; echo version 1.15.0",
    "without": "echo python 3 12",
    "old": "echo python 3 7; echo tensorflow yes; echo version 1.15.5",
    "new": "echo python 3 12; echo tensorflow yes; echo version 2.18.0rc1",
    "unknown": "echo python 3 12; echo tensorflow yes",
}


def interpreter(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{ANSWERS[name]}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("name", "engine", "flow", "message"),
    [
        ("silent", "mlir", "tf1", "is no Python interpreter; name a Python that has TensorFlow (--python)"),
        ("chatty", "mlir", "tf1", "is no Python interpreter"),
        ("failing", "mlir", "tf1", "is no Python interpreter"),
        ("ancient", "mlir", "tf1", "is Python 2.7, and 3.7 is the oldest that works"),
        ("without", "mlir", "tf1", "has no TensorFlow: install it there, or name a Python"),
        ("old", "mlir", "tf2", "TensorFlow 1.15.5 has no TF2 flow"),
        ("new", "toco", "tf1", "TensorFlow 2.18.0rc1 no longer has TOCO"),
    ],
)
def test_what_cannot_be_is_one_line_that_says_what_to_do(
    name: str, engine: str, flow: Flow, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as raised:
        checked_interpreter(interpreter(tmp_path, name), engine, flow)
    assert message in str(raised.value)
    assert "--python" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "engine", "flow"), [("old", "toco", "tf1"), ("new", "mlir", "tf2"), ("unknown", "toco", "tf1")]
)
def test_what_can_be_or_cannot_be_told_passes(name: str, engine: str, flow: Flow, tmp_path: Path) -> None:
    checked_interpreter(interpreter(tmp_path, name), engine, flow)


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing", "No such file"), ("", "Permission denied"), ("text", "Permission denied")],
)
def test_what_is_no_program_cannot_be_started(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    with pytest.raises(UserError, match=f"cannot start the interpreter .*: {message}.*--python"):
        checked_interpreter(tmp_path / name if name else "")


def test_a_folder_called_tensorflow_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tensorflow").mkdir()
    monkeypatch.chdir(tmp_path)
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -I "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(UserError, match="has no TensorFlow"):
        checked_interpreter(bare)


@pytest.mark.parametrize(("python", "version"), [(tf115, (1, 15)), (tf215, (2, 15)), (tf221, (2, 21))])
def test_real_interpreters_tell_their_tensorflow(python, version: tuple[int, int]) -> None:
    assert tensorflow_version(python()) == version


def test_a_relative_path_means_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    interpreter(tmp_path / "bin", "new")
    monkeypatch.chdir(tmp_path)
    assert Child("a task", tmp_path, python=os.path.join("bin", "new")).python == str(
        tmp_path / "bin" / "new"
    )
    assert tensorflow_version("bin/new") == (2, 18)
