"""The same input gives the same bytes: graphs and reports do not depend on the seed of Python's hashes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GRAPH = "fixtures/founding/eval-frozen.pb"
CHECKPOINT = "fixtures/founding/eval-checkpoint"
SAVED_MODEL = "fixtures/founding/eval-saved_model"


def run(seed, *arguments):
    environment = dict(os.environ, PYTHONHASHSEED=seed)
    command = [sys.executable, "-m", "minmax_lint", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, env=environment, check=False)
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
