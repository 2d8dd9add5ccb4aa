"""The files that other tools read: pre-commit's hooks, the GitHub Action and its problem matcher."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.reporters import Run
from tests.cli.founding import BROKEN
from tests.reporters.reports import MIXED, MM110, report
from tests.reporters.test_golden import rendered

ROOT = Path(__file__).parents[2]
yaml = pytest.importorskip("yaml")


def hooks() -> list[dict]:
    return yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def steps() -> list[dict]:
    return yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]


def test_there_is_a_hook_that_lints_and_one_that_fixes():
    assert [hook["id"] for hook in hooks()] == ["minmax-lint", "minmax-lint-fix"]


@pytest.mark.parametrize("place", [0, 1])
def test_the_hooks_are_about_models_only(place):
    wanted = re.compile(hooks()[place]["files"])
    assert wanted.search("models/eval.pb")
    assert not wanted.search("README.md")
    excluded = re.compile(hooks()[place]["exclude"])
    beside = ("export/fingerprint.pb", "export/keras_metadata.pb", "fingerprint.pb")
    assert all(wanted.search(name) and excluded.search(name) for name in beside)
    assert not any(excluded.search(name) for name in ("export/saved_model.pb", "my-fingerprint.pb"))


@pytest.mark.parametrize("place", [0, 1])
def test_the_hooks_options_exist(place, capsys):
    words = hooks()[place]["entry"].split()[1:]
    assert main([*words, "missing.pb"]) == 2
    assert "missing.pb" in capsys.readouterr().err


def test_the_problem_matchers_read_concise_output(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copy(BROKEN, "eval.pb")
    Path("export.py").write_text(
        "import tensorflow as tf\n"
        "c = tf.lite.TFLiteConverter.from_frozen_graph('g', ['input'], ['output'])\n"
        "c.inference_type = tf.uint8\n"
    )
    main(["check", "eval.pb", "--script", "export.py", "--output-format", "concise"])
    read = [annotation(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["file"], one["line"], one["code"], one["severity"]) for one in read] == [
        ("eval.pb", None, "MM101", "error"),
        ("export.py", "2", "MM601", "error"),
    ]
    assert not any(one["message"].startswith("export.py") for one in read)
    info = Run((report(replace(MM110, severity="info")),))
    severities = {"error": "error", "warning": "warning", "info": "notice"}
    for run in (MIXED, info):
        for line, finding in zip(rendered(run, "concise").splitlines(), run.reports[0].findings, strict=True):
            assert annotation(line)["severity"] == severities[finding.severity]


def annotation(line: str) -> dict[str, str | None]:
    """What GitHub's runner makes of a line: the first matcher that fits, with the severities that it knows."""
    matchers = json.loads(files("minmax_lint.reporters").joinpath("problem-matcher.json").read_text())
    for matcher in matchers["problemMatcher"]:
        (pattern,) = matcher["pattern"]
        if found := re.match(pattern.pop("regexp"), line):
            read = {
                "severity": matcher.get("severity"),
                **{key: found[group] for key, group in pattern.items()},
            }
            assert read["severity"] in ("error", "warning", "notice")
            return read
    raise AssertionError(f"no matcher reads {line!r}")


@pytest.mark.parametrize("annotations", ["github", "matcher"])
def test_the_actions_lint_step_runs_as_a_script(tmp_path, annotations):
    # A stand-in on PATH says what it was called with: the step itself is what is tried here.
    program = tmp_path / "minmax-lint"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$RUNNER_TEMP/called"\nexit 1\n')
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path),
        "MODELS": "a.pb b.pb",
        "ARGS": "--fail-level warning",
        "SARIF": "out.sarif",
        "HTML": "out.html",
        "ANNOTATIONS": annotations,
    }
    run = subprocess.run(
        ["bash", "-e", "-c", steps()[1]["run"]], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, "findings fail the step"
    words = (tmp_path / "called").read_text().split("\n")
    assert words[:5] == ["check", "a.pb", "b.pb", "--fail-level", "warning"]
    assert {"sarif=out.sarif", "html=out.html"} <= set(words)
    assert ("concise" if annotations == "matcher" else "github") in words
    assert ("::add-matcher::" in run.stdout) == (annotations == "matcher")


def test_the_actions_lint_step_leaves_everything_behind(tmp_path):
    program = tmp_path / "minmax-lint"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m minmax_lint "$@"\n')
    program.chmod(0o755)
    shutil.copy(BROKEN, tmp_path / "model.pb")
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "MODELS": "model.pb",
        "ARGS": "-o output",
        "SARIF": "out.sarif",
        "HTML": "out.html",
        "ANNOTATIONS": "github",
    }
    words = ["bash", "-e", "-c", steps()[1]["run"]]
    run = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    assert run.stdout.startswith("::error file=model.pb,line=1,title=MM101 output-fakequant-outside::")
    assert "MM101" in (tmp_path / "summary.md").read_text()
    assert json.loads((tmp_path / "out.sarif").read_text())["runs"][0]["results"][0]["ruleId"] == "MM101"
    assert (tmp_path / "out.html").stat().st_size > 100_000
