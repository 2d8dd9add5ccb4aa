"""The tutorial, typed command by command with the TensorFlow 1.15 that it is about."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.blocks import PAGES, ROOT, blocks
from tests.interpreters import tf115

(TUTORIAL,) = (page for page in PAGES if page.stem == "tutorial")
ELSEWHERE = "..."
"""Lines that the page leaves out."""


def test_from_the_failing_save_to_an_integer_model_by_what_is_printed(tmp_path: Path) -> None:
    old = tf115()
    founding = ROOT / "fixtures" / "founding"
    shutil.copy(founding / "train.py", tmp_path)
    shutil.copy(founding / "eval-frozen.pb", tmp_path / "eval.pb")
    typed = [found for block in blocks(TUTORIAL, "console") for found in block.split("$ ")[1:]]
    assert [one.split()[:3] for one in typed[:2]] == [
        ["python", "train.py", name] for name in ("train", "save")
    ]
    for one in typed:
        command, _, shown = one.partition("\n")
        printed = _run(command.replace("~/tf1/bin/python", str(old)), tmp_path, old)
        wanted = [_timeless(line) for line in shown.splitlines() if line.strip() not in ("", ELSEWHERE)]
        assert wanted == [line for line in map(_timeless, printed.splitlines()) if line in wanted], command
    assert (tmp_path / "model.tflite").stat().st_size > 0
    (suggested,) = re.findall(r"^   (minmax-lint convert .*)$", TUTORIAL.read_text(), re.MULTILINE)
    assert set(suggested.split()) - {"a-fixed.tflite"} <= set(typed[-1].partition("\n")[0].split())


def _run(command: str, folder: Path, old: Path) -> str:
    """What a shell prints where `python` is the old one, and `minmax-lint` ours."""
    path = os.pathsep.join((str(folder / "bin"), str(old.parent), os.environ["PATH"]))
    ours = folder / "bin" / "minmax-lint"
    ours.parent.mkdir(exist_ok=True)
    ours.write_text(f'#!/bin/sh\nexec {sys.executable} -m minmax_lint "$@"\n')
    ours.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": path,
        "COLUMNS": "80",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("TF2_BEHAVIOR", None)  # a test before may have imported TensorFlow, which sets it
    if command.startswith("python "):
        del environment["PYTHONPATH"]
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        timeout=300,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def _timeless(line: str) -> str:
    """Without the time at which it was printed, the seconds that it took, and what a trained weight decides."""
    line = re.sub(r"^\d{4}-\d\d-\d\d [\d:.]+: |, [\d.]+ s$", "", line)
    return " ".join(re.sub(r"\b0\.\d{4,}", "SCALE", line).split())
