"""No file that a run reads is written without --in-place, whatever link leads to it."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from minmax_lint.cli import main
from minmax_lint.config.baseline import Baseline

FIXTURES = Path(__file__).parents[2] / "fixtures"
FOUNDING = FIXTURES / "founding"
VALUES = "sm/variables/variables"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """One of everything that a run may read."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(FOUNDING / "eval-frozen.pb", "graph.pb")
    shutil.copytree(FIXTURES / "keras" / "qat-saved_model", "sm")
    Path("sm/assets").mkdir(exist_ok=True)
    Path("sm/assets/words.txt").write_text("words\n")
    shutil.copytree(FOUNDING / "eval-checkpoint", "ckpt")
    Path("ranges.json").write_text('{"x": [0.0, 6.0]}')
    Path("convert.py").write_text("print()\n")
    Path("minmax-lint.toml").write_text("[[models]]\npath = 'eval.pb'\ncheckpoint = 'ckpt/model.ckpt'\n")
    shutil.copy(FOUNDING / "eval.pb", "eval.pb")
    Path("baseline.json").write_text(Baseline({}, tmp_path).text())
    np.savez("data.npz", x=np.zeros(1))
    Path("data").mkdir()
    np.save("data/x.npy", np.zeros(1))
    Path("feeds.py").write_text("def feeds(): yield\n")
    return tmp_path


READ = {
    ("check", "graph.pb"): ["graph.pb", "minmax-lint.toml"],
    ("check", "sm"): [
        f"{VALUES}.data-00000-of-00001",
        f"{VALUES}.index",
        "sm/assets/words.txt",
        "sm/saved_model.pb",
    ],
    ("check", "sm/saved_model.pb"): [f"{VALUES}.index", "sm/assets/words.txt"],
    ("check", "ckpt"): ["ckpt/model.ckpt.meta", "ckpt/model.ckpt.data-00000-of-00001", "ckpt/checkpoint"],
    ("check", "ckpt/model.ckpt"): ["ckpt/model.ckpt.index", "ckpt/checkpoint"],
    ("check", "ckpt/model.ckpt.meta"): ["ckpt/model.ckpt.index"],
    ("check", "eval.pb", "--checkpoint", "ckpt"): ["ckpt/model.ckpt.index"],
    ("check", "eval.pb"): ["ckpt/model.ckpt.data-00000-of-00001"],
    ("check",): ["eval.pb", "ckpt/model.ckpt.meta"],
    ("check", "graph.pb", "--script", "convert.py"): ["convert.py"],
    ("check", "graph.pb", "--baseline", "baseline.json"): ["baseline.json"],
    ("check", "graph.pb", "--isolated", "--source", "sm"): [f"{VALUES}.index"],
    ("fix", "graph.pb", "--ranges", "ranges.json", "--unsafe-fixes", "--diff"): ["ranges.json", "graph.pb"],
    ("fix", "graph.pb", "--calibrate", "data.npz", "--unsafe-fixes", "--diff"): ["data.npz"],
    ("fix", "graph.pb", "--calibrate", "data", "--unsafe-fixes", "--diff"): ["data/x.npy"],
    ("fix", "graph.pb", "--calibrate", "feeds:feeds", "--unsafe-fixes", "--diff"): ["feeds.py"],
    ("fix", "graph.pb", "--verify-data", "feeds.py:feeds", "--diff"): ["feeds.py"],
}
CASES = [(command, file) for command, files in READ.items() for file in files]


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("link", ["itself", "symbolic", "hard"])
@pytest.mark.parametrize(
    ("command", "file"), CASES, ids=lambda value: " ".join(value) if isinstance(value, tuple) else value
)
def test_no_report_goes_onto_a_file_that_is_read(folder, capsys, command, file, link):
    target = file
    if link != "itself":
        target = "link"
        (os.symlink if link == "symbolic" else os.link)(os.path.abspath(file), target)
    before = content(folder)
    assert main([*command, "--output-format", f"json={target}"]) == 2
    assert (
        f"cannot write {target}: it is the input, or a part of what this run reads" in capsys.readouterr().err
    )
    assert content(folder) == before


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (["fix", "ckpt", "--isolated"], "ckpt/model.ckpt"),
        (["fix", "eval.pb", "--checkpoint", "ckpt", "--isolated"], "ckpt/model.ckpt.meta"),
        (["fix", "sm", "--isolated"], f"{VALUES}.index"),
        (["fix", "graph.pb", "--ranges", "ranges.json", "--unsafe-fixes"], "ranges.json"),
        (["check", "graph.pb", "--fix"], "minmax-lint.toml"),
        (["convert", "sm"], f"{VALUES}.data-00000-of-00001"),
        (["convert", "graph.pb"], "graph.pb"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_no_model_goes_onto_a_file_that_is_read(folder, capsys, command, output):
    before = content(folder)
    assert main([*command, "--output", output]) == 2
    assert f"cannot write {output}: it is the input, or a part of" in capsys.readouterr().err
    assert content(folder) == before


def test_a_checkpoint_does_not_go_onto_the_values_it_was_given(folder, capsys):
    shutil.copytree("ckpt", "other")
    before = content(folder)
    assert main(["fix", "other", "--checkpoint", "ckpt", "--output", "ckpt/model.ckpt", "--isolated"]) == 2
    assert "a part of what this run reads" in capsys.readouterr().err
    assert main(["fix", "other", "--checkpoint", "ckpt", "--output", "ckpt", "--isolated"]) == 2
    assert content(folder) == before


def test_no_baseline_goes_onto_a_file_that_is_read(folder, capsys):
    before = content(folder)
    for file in ("graph.pb", "minmax-lint.toml"):
        assert main(["baseline", "update", "graph.pb", "--baseline", file]) == 2
        assert f"cannot write {file}" in capsys.readouterr().err
    assert content(folder) == before


def test_the_summary_of_a_job_does_not_go_onto_a_file_that_is_read(folder, capsys, monkeypatch):
    before = content(folder)
    os.symlink("graph.pb", "summary")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary")
    assert main(["check", "graph.pb", "--output-format", "github"]) == 2
    assert "cannot write summary: it is the input" in capsys.readouterr().err
    os.remove("summary")
    assert content(folder) == before


def test_two_reports_do_not_go_to_one_file(folder, capsys):
    os.symlink("report", "link")
    Path("report").write_text("old")
    assert main(["check", "graph.pb", "--output-format", "json=report", "--output-format", "full=link"]) == 2
    assert "something else is written to link" in capsys.readouterr().err
    assert Path("report").read_text() == "old"


def test_what_is_not_read_is_written(folder):
    """Also beside a model, and over a file of another run."""
    Path("sm/report.json").write_text("old")
    os.remove("sm/report.json")
    for file in ("sm/report.json", "old.json"):
        Path("old.json").write_text("old")
        assert main(["check", "sm", "--isolated", "--output-format", f"json={file}"]) in (0, 1)
        assert json.loads(Path(file).read_text())["schema_version"] == 1
