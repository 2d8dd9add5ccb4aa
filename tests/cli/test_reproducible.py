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


FORMS = ("json", "sarif", "html", "full", "junit", "model-explorer")


def reports(target, seed, *arguments, **options):
    """Format -> the report, all written to the folder `target` by one process."""
    target.mkdir(exist_ok=True)
    forms = [word for form in FORMS for word in ("--output-format", f"{form}={target / form}")]
    run(seed, "check", *arguments, *forms, **options)
    return {form: (target / form).read_bytes() for form in FORMS}


def test_reports_are_the_same_under_every_hash_seed(tmp_path):
    profiles = [word for name in ("toco", "mlir", "mlir-v2") for word in ("--converter", name)]
    arguments = [GRAPH, CHECKPOINT, SAVED_MODEL, *profiles]
    first, second = (reports(tmp_path, seed, *arguments) for seed in ("1", "2"))
    assert [form for form in FORMS if first[form] != second[form]] == []


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


def test_reports_are_the_same_in_every_folder_locale_and_time_zone(tmp_path):
    (tmp_path / GRAPH).parent.mkdir(parents=True)
    shutil.copy(ROOT / GRAPH, tmp_path / GRAPH)
    here = reports(tmp_path / "out", "1", GRAPH, LC_ALL="C.UTF-8", TZ="Pacific/Apia")
    posix = {"LC_ALL": "POSIX", "TZ": "America/New_York", "PYTHONUTF8": "0"}
    there = reports(tmp_path / "out", "2", GRAPH, folder=tmp_path, **posix)
    assert [form for form in FORMS if here[form] != there[form]] == []
