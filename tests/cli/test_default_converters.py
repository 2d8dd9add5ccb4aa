"""Which converters are judged where none is named, and what the report says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minmax_lint.cli import installed, main
from tests.cli.founding import BROKEN, FOUNDING

KERAS = FOUNDING.parent / "keras"
QAT = str(KERAS / "qat-saved_model")
SCRIPT = """
import tensorflow as tf
converter = tf.lite.TFLiteConverter.from_saved_model("m")
converter.optimizations = [tf.lite.Optimize.DEFAULT]
"""
DATASET = SCRIPT + "converter.representative_dataset = data\n"
Captured = pytest.CaptureFixture[str]


def report(capsys: Captured, *words: str) -> dict:
    main(["check", *words, "--output-format", "json"])
    return json.loads(capsys.readouterr().out)["reports"][0]


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("export.py").write_text(SCRIPT)
    Path("dataset.py").write_text(DATASET)


@pytest.mark.parametrize(
    ("words", "judged", "why"),
    [
        ([BROKEN], ["toco-2.15", "mlir-2.21"], ""),
        ([QAT], ["mlir-2.21-v2"], "a TF2 model with FakeQuants: the TF2 flow"),
        ([QAT, "--script", "export.py"], ["mlir-2.21-v2"], "export.py:3 converts with optimizations"),
        (
            [QAT, "--script", "dataset.py"],
            ["mlir-2.21-int8"],
            "dataset.py:3 converts with a representative dataset",
        ),
        ([QAT, "--script", "dataset.py", "--converter", "toco"], ["toco-2.15"], ""),
        ([BROKEN, "--script", "export.py"], ["mlir-2.21-v2"], "export.py:3 converts with optimizations"),
    ],
)
def test_the_call_else_the_kind_of_model_chooses(
    words: list[str], judged: list[str], why: str, capsys: Captured
) -> None:
    found = report(capsys, *words)
    assert list(found["predictions"]) == judged
    assert found.get("chosen", "").startswith(why)


@pytest.mark.parametrize(
    ("settings", "words", "judged"),
    [
        ('tensorflow = "2.15"', [QAT], ["mlir-2.15-v2"]),
        ('tensorflow = "2.15"', [QAT, "--script", "dataset.py"], ["mlir-2.15-int8"]),
        ('tensorflow = "2.21"', [BROKEN], ["mlir-2.21"]),
        ('tensorflow = "2.15"', [BROKEN], ["toco-2.15", "mlir-2.15"]),
        ('[convert]\nflow = "tf2"\noptimizations = true', [QAT], ["mlir-2.21-v2"]),
    ],
)
def test_the_configuration_says_which_tensorflow(
    settings: str, words: list[str], judged: list[str], capsys: Captured
) -> None:
    Path("minmax-lint.toml").write_text(settings + "\n")
    assert list(report(capsys, *words)["predictions"]) == judged


def test_another_tensorflow_that_is_installed_is_a_note_and_no_part_of_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    outs = []
    for packages in ("numpy-2.1.0", "tensorflow_cpu-2.18.1", "tensorflow-2.21.0"):
        (tmp_path / packages / f"{packages}.dist-info").mkdir(parents=True)
        monkeypatch.setattr(installed.sys, "path", [str(tmp_path / packages)])
        main(["check", QAT])
        outs.append(capsys.readouterr())
    assert len({one.out for one in outs}) == 1
    assert "TensorFlow 2.18.1 is installed here, and the report is about TF 2.21" in outs[1].err
    assert "installed" not in outs[0].err + outs[2].err
