"""`check` and `inspect` of finished .tflite models."""

import json
from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.reporters.registry import format_names

TFLITE = Path(__file__).parents[2] / "fixtures" / "tflite"
GAP, GAP_PB = str(TFLITE / "gap.tflite"), str(TFLITE / "gap.pb")


def test_inspect_shows_the_integer_share_of_each_kind_of_op(capsys):
    assert main(["inspect", GAP, "--output-format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["format"] == "tflite"
    assert data["ops"][0] == {"op": "CONV_2D", "count": 3, "computing": 3, "integer": 1, "float": 2}
    assert data["inputs"][0]["dtype"] == "uint8"
    assert data["integer_share"] == pytest.approx(1 / 3)


def test_inspect_prints_a_table(capsys):
    assert main(["inspect", GAP]) == 0
    out = capsys.readouterr().out
    assert "1 of 3 ops integer (33%)" in out
    assert "input [1, 8, 8, 4] uint8, scale 0.00784314, zero point 128" in out


def test_check_exits_with_1_for_a_float_op_and_with_0_for_an_integer_model(capsys):
    assert main(["check", GAP]) == 1
    assert main(["check", str(TFLITE / "gap-filled.tflite")]) == 0


@pytest.mark.parametrize("form", format_names())
def test_every_format_reports_on_a_finished_model(form, capsys):
    assert main(["check", GAP, "--output-format", form]) == 1
    assert capsys.readouterr().out


def test_source_and_its_arrays_are_named_beside_the_model(capsys):
    assert main(["check", GAP, "--source", GAP_PB, "-o", "third/act_quant", "--output-format", "json"]) == 1
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    assert report["outputs"] == ["third/act_quant"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check", GAP_PB, "--source", GAP_PB], "explains a finished .tflite model"),
        (["check", GAP, "--source", GAP], "give with --source the graph that it was made from"),
        (["check", GAP, "--source", GAP_PB, "-o", "gone"], "has no output 'gone'"),
        (["fix", GAP, "--output", "x.pb"], "fix the graph that it was made from"),
        (["convert", GAP, "--output", "x.tflite"], "convert the graph that it was made from"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
