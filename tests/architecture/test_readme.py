"""README says what the project does."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from minmax_lint.cli import COMMANDS, main
from tests.architecture.picture import PICTURE, picture
from tests.architecture.readme import README, with_rules

ROOT = Path(__file__).parents[2]


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_the_table_of_rules_is_up_to_date() -> None:
    assert with_rules(README.read_text()) == README.read_text(), (
        ".venv/bin/python -m tests.architecture.readme writes it anew"
    )


def test_every_command_is_mentioned() -> None:
    assert [name for name in COMMANDS if f"`minmax-lint {name}" not in README.read_text()] == []


def test_ci_runs_the_test_command() -> None:
    (command,) = [line for line in commands() if "pytest" in line]
    assert command in (ROOT / ".ci" / "run").read_text()


def test_every_file_that_a_command_reads_is_there() -> None:
    words = [word for line in commands() for word in shlex.split(line)]
    named = [word for word in words if word.startswith("fixtures/")]
    assert named
    assert [word for word in named if not (ROOT / word).exists()] == []


def test_the_picture_is_the_report() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture(), (
        ".venv/bin/python -m tests.architecture.picture draws it anew"
    )


def test_the_picture_loads_nothing() -> None:
    assert re.findall(r"url\((?!#)|href=|@import", PICTURE.read_text(encoding="utf-8")) == []


def test_the_commands_on_the_founding_graph_do_what_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    words = [shlex.split(line.rpartition("&&")[2]) for line in commands() if "minmax-lint" in line]
    assert [main(line[1:]) for line in words] == [1, 0, 0]
    assert (tmp_path / "model.tflite").stat().st_size > 0


def test_the_readmes_python_finds_mm101_and_writes_the_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "fixtures" / "founding" / "eval-frozen.pb", tmp_path / "eval.pb")
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out.startswith("MM101 output ")
    assert (tmp_path / "fixed.pb").exists()
