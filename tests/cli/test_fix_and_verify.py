"""`fix --calibrate --verify` and `convert --fix`: the proof on the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from minmax_lint.cli import main
from tests.cli.founding import BROKEN, FOUNDING
from tests.interpreters import tf221

pytestmark = pytest.mark.usefixtures("warm_tensorflow")

Captured = pytest.CaptureFixture[str]
PRUNED = str(FOUNDING / "eval-frozen-pruned.pb")
ENDS = ("-i", "input=1,2", "-o", "output")


@pytest.fixture
def data(tmp_path: Path) -> str:
    values = np.random.default_rng(0).uniform(-1.9, 1.9, [64, 2]).astype(np.float32)
    np.savez(tmp_path / "data.npz", input=values)
    return str(tmp_path / "data.npz")


def fix(graph: str, output: Path, *options: str) -> int:
    return main(["fix", graph, *ENDS, "--output", str(output), "--python", str(tf221()), *options])


def test_a_calibrated_range_heals_the_pruned_graph_and_is_proved(
    data: str, tmp_path: Path, capsys: Captured
) -> None:
    fixed = tmp_path / "fixed.pb"
    assert fix(PRUNED, fixed, "--unsafe-fixes", "--calibrate", data, "--verify") == 0
    out = capsys.readouterr().out
    assert f"values on 64 samples ({data}), errors in output steps" in out
    assert "all-integer model: 1 of 1 op integer" in out
    assert fixed.exists()


def test_a_proof_that_fails_the_threshold_writes_nothing(tmp_path: Path, capsys: Captured) -> None:
    fixed = tmp_path / "fixed.pb"
    assert fix(BROKEN, fixed, "--verify-threshold", "0.1") == 1
    out = capsys.readouterr().out
    assert "values too far off: largest error" in out
    assert "threshold 0.1" in out
    assert "Fixed as predicted, but nothing was written: see the proof" in out
    assert "✓ Fixed" not in out
    assert "nothing was written: the proof failed" in out
    assert not fixed.exists()


def test_convert_with_fix_tells_the_proof_as_json(tmp_path: Path, capsys: Captured) -> None:
    model = tmp_path / "model.tflite"
    report = tmp_path / "report.json"
    words = ["convert", BROKEN, *ENDS, "--output", str(model), "--fix", "--output-format", f"json={report}"]
    assert main([*words, "--output-format", "full", "--python", str(tf221())]) == 0
    assert "all-integer model" in capsys.readouterr().out
    found = json.loads(report.read_text())
    assert found["fix"]["strategy"] == "retarget"
    assert found["conversion"]["verdict"] == "quantized"
    assert found["conversion"]["surprise"] is None
    assert found["conversion"]["predicted"]["verdict"] == "quantized"
    assert found["conversion"]["model"]["path"] == str(model)
    assert [op["op"] for op in found["conversion"]["model"]["ops"]] == ["FULLY_CONNECTED"]
    assert found["conversion"]["model"]["outputs"][0]["dtype"] == "uint8"
    comparisons = found["verification"]["comparisons"]
    assert {(one["reference"], one["value"]) for one in comparisons} == {
        ("original", "fixed"), ("fixed", "model"), ("original", "model"),
    }  # fmt: skip
    assert all(one["max_error"] <= 1.51 for one in comparisons)


def test_calibration_is_for_ranges_that_a_fix_inserts(data: str, tmp_path: Path, capsys: Captured) -> None:
    assert fix(PRUNED, tmp_path / "fixed.pb", "--calibrate", data) == 2
    assert "give --unsafe-fixes as well" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--calibrate", "missing.npz", "--unsafe-fixes"), "there are no data at missing.npz"),
        (("--calibrate", "DATA", "--unsafe-fixes", "--percentile", "20", "--calibrate-method", "percentile"), "20"),
        (("--verify-threshold", "-1"), "at least 0 steps"),
        (("--verify", "--engine", "toco"), "no longer has TOCO"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line_and_writes_nothing(
    options: tuple[str, ...], message: str, data: str, tmp_path: Path, capsys: Captured
) -> None:
    words = [data if word == "DATA" else word for word in options]
    assert fix(PRUNED, tmp_path / "fixed.pb", *words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert len(captured.err.splitlines()) == 1
    assert not captured.out
    assert not (tmp_path / "fixed.pb").exists()
