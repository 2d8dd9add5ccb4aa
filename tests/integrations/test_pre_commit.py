"""The pre-commit hooks, run by pre-commit itself in a scratch repository.

pre-commit would install the hooks' environment from a package index (TensorFlow and all); here the hooks run
with this interpreter (`language: system`). All else is as .pre-commit-hooks.yaml says it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.founding import BROKEN, FOUNDING, GUARDED

pytest.importorskip("pre_commit")
yaml = pytest.importorskip("yaml")
ROOT = Path(__file__).parents[2]


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PRE_COMMIT_HOME": str(folder.parent / "pre-commit"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "t",
            "GIT_AUTHOR_EMAIL": "t@localhost",
            "GIT_COMMITTER_NAME": "t",
            "GIT_COMMITTER_EMAIL": "t@localhost",
        }
        self.run("git", "init", "-q")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def pre_commit(self, hook: str) -> subprocess.CompletedProcess[str]:
        self.run("git", "add", "-A")
        return self.run(sys.executable, "-m", "pre_commit", "run", hook, "--all-files")


@pytest.fixture
def repository(tmp_path) -> Repository:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "scratch"
    folder.mkdir()
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    for hook in hooks:
        words = hook["entry"].split()
        assert words[0] == "minmax-lint"
        hook |= {"language": "system", "entry": f"{sys.executable} -m minmax_lint {' '.join(words[1:])}"}
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (folder / "README.md").write_text("No model.\n")
    return Repository(folder)


def test_a_sound_graph_passes_and_other_files_are_left_alone(repository):
    assert "no files to check" in repository.pre_commit("minmax-lint").stdout
    shutil.copy(GUARDED, repository.folder / "model.pb")
    done = repository.pre_commit("minmax-lint")
    assert (done.returncode, "Passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_broken_graph_stops_the_commit_with_the_report(repository):
    shutil.copy(BROKEN, repository.folder / "model.pb")
    done = repository.pre_commit("minmax-lint")
    assert done.returncode == 1
    assert "MM101 error" in done.stdout
    assert "minmax-lint fix model.pb" in done.stdout


def test_a_savedmodels_graph_is_linted_too(repository):
    shutil.copytree(FOUNDING / "eval-saved_model", repository.folder / "export")
    assert "MM101 error" in repository.pre_commit("minmax-lint").stdout


def test_the_fixing_hook_repairs_in_place_and_the_next_run_passes(repository):
    shutil.copy(BROKEN, repository.folder / "model.pb")
    done = repository.pre_commit("minmax-lint-fix")
    assert done.returncode == 1, "pre-commit fails where a hook has changed a file"
    assert "files were modified by this hook" in done.stdout
    assert repository.pre_commit("minmax-lint-fix").returncode == 0
    assert repository.pre_commit("minmax-lint").returncode == 0
