"""What the pages show after a command is what it prints. MINMAX_LINT_UPDATE_GOLDEN=1 writes it anew.

What another TensorFlow prints is compared in `test_first_hour`.
"""

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from minmax_lint.cli import main
from tests.docs.blocks import PAGES, ROOT, blocks
from tests.reporters.golden_file import UPDATE

WITH_TRANSCRIPTS = [file for file in PAGES if blocks(file, "console")]


@pytest.mark.parametrize("file", WITH_TRANSCRIPTS, ids=lambda file: file.stem)
def test_every_transcript_is_what_the_commands_print(file, tmp_path, monkeypatch, capsys):
    shutil.copy(ROOT / "fixtures" / "founding" / "eval-frozen.pb", tmp_path / "eval.pb")
    shutil.copytree(ROOT / "fixtures" / "founding" / "training", tmp_path / "a")
    shutil.copy(ROOT / "fixtures" / "founding" / "train.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    shown = file.read_text(encoding="utf-8")
    true = re.sub(
        r"^```console\n\$ (minmax-lint (?![^\n]* --python )[^\n]*)\n.*?^```$",
        lambda match: f"```console\n$ {match[1]}\n{_printed(match[1], capsys)}```",
        shown,
        flags=re.DOTALL | re.MULTILINE,
    )
    if os.environ.get("MINMAX_LINT_UPDATE_GOLDEN"):
        Path(file).write_text(true, encoding="utf-8")
        shown = true
    assert shown == true, f"{UPDATE} writes it anew"


def _printed(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    main(shlex.split(command)[1:])
    lines = capsys.readouterr().out.strip("\n").splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)
