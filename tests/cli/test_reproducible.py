"""The same input gives the same bytes: graphs and reports do not depend on the seed of Python's hashes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GRAPH = "fixtures/founding/eval-frozen.pb"
CHECKPOINT = "fixtures/founding/eval-checkpoint"
SAVED_MODEL = "fixtures/founding/eval-saved_model"


def run(seed, *arguments, folder=ROOT, **variables):
    environment = dict(os.environ, PYTHONHASHSEED=seed, PYTHONPATH=str(ROOT), **variables)
    command = [sys.executable, "-m", "minmax_lint", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, cwd=folder, env=environment, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.mark.parametrize("form", ["json", "sarif", "html", "full"])
def test_reports_are_the_same_under_every_hash_seed(form):
    profiles = [word for name in ("toco", "mlir", "mlir-v2") for word in ("--converter", name)]
    arguments = ["check", GRAPH, CHECKPOINT, SAVED_MODEL, *profiles, "--output-format", form]
    assert run("1", *arguments) == run("2", *arguments)


@pytest.mark.parametrize("source", [GRAPH, SAVED_MODEL])
def test_fixed_graphs_are_the_same_under_every_hash_seed(tmp_path, source):
    for seed in ("1", "2"):
        target = tmp_path / f"{seed}.pb" if source == GRAPH else tmp_path / seed
        run(seed, "fix", source, "--output", target)
    written = [
        [path.read_bytes() for path in sorted([one, *one.rglob("*")]) if path.is_file()]
        for one in sorted(tmp_path.iterdir())
    ]
    assert written[0] == written[1]
    assert written[0]


@pytest.mark.parametrize("form", ["json", "sarif", "html", "full", "junit", "model-explorer"])
def test_reports_are_the_same_in_every_folder_locale_and_time_zone(tmp_path, form):
    (tmp_path / GRAPH).parent.mkdir(parents=True)
    shutil.copy(ROOT / GRAPH, tmp_path / GRAPH)
    arguments = ["check", GRAPH, "--output-format", f"{form}={tmp_path / form}"]
    run("1", *arguments, LC_ALL="C.UTF-8", TZ="Pacific/Apia")
    here = (tmp_path / form).read_bytes()
    run("2", *arguments, folder=tmp_path, LC_ALL="POSIX", TZ="America/New_York", PYTHONUTF8="0")
    assert (tmp_path / form).read_bytes() == here
