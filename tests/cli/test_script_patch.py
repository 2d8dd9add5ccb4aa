"""`check --script FILE.py --diff` shows the patch of the script; `fix --script` writes it, and nothing else does."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.graph.build import Builder
from minmax_lint.writers.graphdef import encode
from tests.reporters.golden_file import assert_golden

Captured = pytest.CaptureFixture[str]
SCRIPT = """\
import numpy as np
import tensorflow as tf


def convert(folder):
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)  # the trained model
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_type = tf.uint8
    converter.inference_input_type = converter.inference_output_type = tf.int16
    return converter.convert()
"""


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    b = Builder()
    b.add("Square", "output", b.placeholder("input", [1, 4]))
    Path("float.pb").write_bytes(encode(b.graph()))
    Path("export.py").write_text(SCRIPT)


def test_the_patch_word_for_word_as_the_patch_program_takes_it(capsys: Captured) -> None:
    assert main(["check", "float.pb", "--script", "export.py", "--diff"]) == 1
    out = capsys.readouterr().out
    assert_golden("script.diff", out)
    assert Path("export.py").read_text() == SCRIPT
    assert main(["fix", "float.pb", "--script", "export.py", "--output", "new.py"]) == 0
    if shutil.which("patch"):
        subprocess.run(["patch", "--quiet", "export.py"], input=out, text=True, check=True)
        assert Path("export.py").read_text() == Path("new.py").read_text()


def test_json_has_the_edits_of_the_script(capsys: Captured) -> None:
    main(["check", "float.pb", "--script", "export.py", "--output-format", "json"])
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    offers = [one["script"] for one in report["findings"] if "script" in one]
    assert {one["path"] for one in offers} == {"export.py"}
    pieces = {SCRIPT[edit["start"] : edit["end"]]: edit["text"] for one in offers for edit in one["edits"]}
    assert pieces["    converter.inference_type = tf.uint8\n"] == ""


def test_the_report_names_lines_and_the_command_that_shows_the_patch(capsys: Captured) -> None:
    main(["check", "float.pb", "--script", "export.py", "--select", "MM60"])
    assert_golden("script.txt", capsys.readouterr().out)


def test_fix_writes_the_script_alone_where_the_output_is_one(capsys: Captured) -> None:
    graph = Path("float.pb").read_bytes()
    assert main(["fix", "float.pb", "--script", "export.py", "--output", "new.py"]) == 0
    printed = capsys.readouterr().err
    assert (
        "wrote new.py (MM603 dataset-missing, MM604 io-types-refused, MM607 flag-without-effect)" in printed
    )
    assert "`samples`" in printed
    assert (Path("export.py").read_text(), Path("float.pb").read_bytes()) == (SCRIPT, graph)
    assert main(["check", "float.pb", "--script", "new.py", "--diff"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "stays as it is" in captured.err


def test_in_place_both_are_written(capsys: Captured) -> None:
    graph = Path("float.pb").read_bytes()
    main(["fix", "float.pb", "--script", "export.py", "--in-place", "--converter", "mlir-int8"])
    assert "wrote export.py" in capsys.readouterr().err
    assert "optimizations = [tf.lite.Optimize.DEFAULT]" in Path("export.py").read_text()
    assert Path("float.pb").read_bytes() != graph


@pytest.mark.parametrize("words", [["--output", "fixed.pb"], ["--diff"]])
def test_the_script_stays_where_the_graph_goes_elsewhere(words: list[str], capsys: Captured) -> None:
    main(["fix", "float.pb", "--script", "export.py", "--converter", "mlir-int8", *words])
    assert Path("export.py").read_text() == SCRIPT
    captured = capsys.readouterr()
    assert "--output FILE.py writes it" in captured.err or "+++ export.py" in captured.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check", "float.pb", "--diff"], "give GRAPH --script FILE.py --diff"),
        (["check", "float.pb", "float.pb", "--script", "export.py", "--diff"], "one model"),
        (["fix", "float.pb", "--script", "export.py", "--output", "export.py"], "it is the input"),
        (["fix", "float.pb", "--script", "export.py", "--output", "gone/new.py"], "there is no folder gone"),
    ],
)
def test_what_cannot_be_shown_or_written_is_one_line(
    words: list[str], message: str, capsys: Captured
) -> None:
    assert main(words) == 2
    assert message in capsys.readouterr().err
    assert Path("export.py").read_text() == SCRIPT
