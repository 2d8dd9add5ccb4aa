"""A path that is no model, given where a model is wanted: one line that says what to do with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy
import pytest

from minmax_lint.cli import main

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
HDF5 = b"\x89HDF\r\n\x1a\n"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("export.py").write_text("import tensorflow as tf\n")
    Path("export.ipynb").write_text("{}")
    Path("model.weights.h5").write_bytes(HDF5)
    numpy.savez("data.npz", x=numpy.zeros(3))
    numpy.save("data.npy", numpy.zeros(3))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("export.py", "name the model that it converts, and give --script export.py"),
        ("export.ipynb", "name the model that it converts, and give --script export.ipynb"),
        ("data.npz", "samples are given with --calibrate"),
        ("data.npy", "samples are given with --calibrate"),
        ("model.weights.h5", "weights and no model; save the whole model (`model.save`)"),
    ],
)
def test_the_line_says_what_it_is_for(path: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", path]) == 2
    assert line in capsys.readouterr().err


def test_a_path_in_place_of_a_command_is_to_be_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data.npz"]) == 2
    assert "did you mean `minmax-lint check data.npz`?" in capsys.readouterr().err


def test_the_folder_of_its_variables_stands_for_the_savedmodel(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(FOUNDING / "eval-saved_model", "export")
    assert main(["check", "export/variables", "--output-format", "concise"]) == 1
    assert "MM101" in capsys.readouterr().out
    Path("export/saved_model.pb").unlink()
    assert main(["check", "export/variables"]) == 2
