"""Findings about the converter's call point into the script or the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from minmax_lint.cli import main
from tests.cli.founding import BROKEN

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


def annotated(capsys: Captured, *words: str) -> list[str]:
    """`file=...,line=...` of every annotation."""
    main(["check", BROKEN, *words, "--select", "MM6", "--output-format", "github"])
    lines = capsys.readouterr().out.splitlines()
    return [line.partition(" ")[2].partition(",title")[0] for line in lines if line.startswith("::")]


def test_the_line_of_the_script(capsys: Captured) -> None:
    Path("export.py").write_text(
        "import tensorflow as tf\n\n\nc = tf.lite.TFLiteConverter.from_saved_model('m')\n"
    )
    assert set(annotated(capsys, "--script", "export.py")) == {"file=export.py,line=4"}


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("pyproject.toml", '[project]\nname = "x"\n[tool.minmax-lint.convert]\nflow = "tf2"\n', 3),
        ("minmax-lint.toml", '[convert]\nflow = "tf2"\n', 1),
    ],
)
def test_the_table_of_the_configuration(file: str, text: str, line: int, capsys: Captured) -> None:
    Path(file).write_text(text)
    assert set(annotated(capsys)) == {f"file={file},line={line}"}
