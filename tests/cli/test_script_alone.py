"""`check --script FILE.py` without a graph: the model is the one that the script converts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from minmax_lint.cli import main
from tests.cli.founding import FOUNDING

Captured = pytest.CaptureFixture[str]
SETTINGS = "converter.optimizations = [tf.lite.Optimize.DEFAULT]\nconverter.convert()\n"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    shutil.copytree(FOUNDING.parent / "keras" / "qat-saved_model", "export")


@pytest.mark.parametrize(
    "made",
    [
        "converter = tf.lite.TFLiteConverter.from_saved_model('export')",
        "converter = tf.lite.TFLiteConverter.from_saved_model(saved_model_dir='export')",
        "EXPORT = 'export'\nconverter = tf.lite.TFLiteConverter.from_saved_model(str(EXPORT))",
        "model = tf.keras.models.load_model('export')\nconverter = tf.lite.TFLiteConverter.from_keras_model(model)",
    ],
)
def test_the_model_that_it_converts_is_judged(made: str, capsys: Captured) -> None:
    Path("convert.py").write_text(f"import tensorflow as tf\n{made}\n{SETTINGS}")
    assert main(["check", "--script", "convert.py"]) == 0
    assert "━━ export ━━" in capsys.readouterr().out


@pytest.mark.parametrize("path", ["../export", "/etc/passwd", "missing"])
def test_no_other_place_is_read(path: str, capsys: Captured) -> None:
    shutil.copytree("export", "../export")
    made = f"converter = tf.lite.TFLiteConverter.from_saved_model({path!r})"
    Path("convert.py").write_text(f"import tensorflow as tf\n{made}\n{SETTINGS}")
    assert main(["check", "--script", "convert.py"]) == 2
    assert "name a graph to check" in capsys.readouterr().err


def test_a_name_that_loads_itself_ends(capsys: Captured) -> None:
    made = "model = load_model(model)\nconverter = tf.lite.TFLiteConverter.from_keras_model(model)"
    Path("convert.py").write_text(f"import tensorflow as tf\n{made}\n{SETTINGS}")
    assert main(["check", "--script", "convert.py"]) == 2
    assert "name a graph to check" in capsys.readouterr().err
