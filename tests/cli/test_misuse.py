"""What cannot be done is one line that says what to do, before any work, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.conversion import Child
from tests.cli.founding import BROKEN, FOUNDING
from tests.interpreters import tf221

Captured = pytest.CaptureFixture[str]
PRUNED = str(FOUNDING / "eval-frozen-pruned.pb")

CONVERT = ("convert", BROKEN, "-i", "input=1,2", "-o", "output")
VERIFY = ("fix", BROKEN, "-i", "input=1,2", "-o", "output", "--verify")
CALIBRATE = ("fix", PRUNED, "-i", "input=1,2", "-o", "output", "--unsafe-fixes")


@pytest.fixture(autouse=True)
def no_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """No child that imports TensorFlow may be started."""

    def refuse(self: Child, request: object) -> None:
        raise AssertionError(f"{self.task} was started")

    monkeypatch.setattr(Child, "answer", refuse)


def said(words: tuple[str, ...], folder: Path, capsys: Captured) -> str:
    """The one line on standard error; nothing on standard output, nothing written."""
    before = sorted(folder.rglob("*"))
    assert main([*words, "--output", str(folder / "out.pb")]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert sorted(folder.rglob("*")) == before
    (line,) = err.splitlines()
    return line


@pytest.mark.parametrize("command", [CONVERT, VERIFY, (*CALIBRATE, "--calibrate", "data.npz")])
@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("/no/such/python", "error: cannot start the interpreter '/no/such/python': No such file"),
        ("no-such-python", "error: cannot start the interpreter 'no-such-python': No such file"),
        ("", "error: cannot start the interpreter '': Permission denied"),
        ("/bin/true", "error: /bin/true is no Python interpreter"),
        ("BARE", "has no TensorFlow: install it there, or"),
    ],
)
def test_an_interpreter_that_is_none(
    command: tuple[str, ...], python: str, message: str, tmp_path: Path, capsys: Captured
) -> None:
    if python == "BARE":
        bare = tmp_path / "bare"
        bare.write_text("#!/bin/sh\necho python 3 12\n")
        bare.chmod(0o755)
        python = str(bare)
    line = said((*command, "--python", python), tmp_path, capsys)
    assert message in line
    assert line.endswith("name a Python that has TensorFlow (--python)")


@pytest.mark.parametrize("command", [CONVERT, (*CONVERT, "--fix"), VERIFY])
def test_toco_where_there_is_none(command: tuple[str, ...], tmp_path: Path, capsys: Captured) -> None:
    line = said((*command, "--engine", "toco", "--python", str(tf221())), tmp_path, capsys)
    assert "no longer has TOCO; name an interpreter with TensorFlow 2.15 or older (--python)" in line


@pytest.mark.parametrize(
    "options",
    [
        ("--calibrate", "data.npz"),
        ("--ranges", "ranges.json"),
        ("--default-range=-6,6",),
        ("--unsafe-fixes",),
    ],
)
def test_options_of_a_repair_that_is_not_asked_for(
    options: tuple[str, ...], tmp_path: Path, capsys: Captured
) -> None:
    line = said((*CONVERT, *options), tmp_path, capsys)
    assert line == f"error: {options[0].split('=')[0]} is for the repair on the way: give --fix as well"
