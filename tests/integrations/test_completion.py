"""Completion: what a shell gets when Tab is pressed, and that shells take the code."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.reporters import format_names
from tests.cli.founding import BROKEN

ROOT = Path(__file__).parents[2]


def completions(line: str, folder: Path) -> list[str]:
    """What may stand at the end of `line`."""
    answer = folder / "answer"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    words = [sys.executable, "-m", "minmax_lint"]
    subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True)
    return [word.rstrip() for word in answer.read_text().splitlines()]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("minmax-lint che", {"check"}),
        ("minmax-lint check --sta", {"--statistics"}),
        ("minmax-lint check --converter mlir-2.2", {"mlir-2.21", "mlir-2.21-v2"}),
        ("minmax-lint check --select MM90", {"MM902"}),
        ("minmax-lint check --select MM902,unused", {"MM902,unused-ignore"}),
        ("minmax-lint check --output-format ", set(format_names())),
        (f"minmax-lint check {BROKEN} -o outp", {"output"}),
        ("minmax-lint check missing.pb -o outp", set()),
        ("minmax-lint docs tut", {"tutorial"}),
        ("minmax-lint completion ", {"bash", "zsh", "fish"}),
    ],
)
def test_tab_offers_what_may_stand_there(line, wanted, tmp_path):
    assert wanted <= set(completions(line, tmp_path)), line
    if not wanted:
        assert completions(line, tmp_path) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_take_the_code(shell, capsys):
    assert main(["completion", shell]) == 0
    code = capsys.readouterr().out
    assert "minmax-lint" in code
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    words = [shell, "-n"] if shell != "fish" else [shell, "--no-execute"]
    subprocess.run(words, input=code, text=True, check=True, capture_output=True)


def test_bash_completes_a_command(tmp_path, capsys):
    main(["completion", "bash"])
    code = capsys.readouterr().out
    program = tmp_path / "minmax-lint"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m minmax_lint "$@"\n')
    program.chmod(0o755)
    script = (
        f"{code}\nCOMP_WORDS=(minmax-lint insp) COMP_CWORD=1 COMP_LINE='minmax-lint insp' COMP_POINT=16 COMP_TYPE=9\n"
        '_python_argcomplete minmax-lint insp minmax-lint\necho "${COMPREPLY[@]}"\n'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["inspect"]
