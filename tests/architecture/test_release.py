"""What is released has one version: in the package, in the page of changes, and in the tag of its commit."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from minmax_lint.version import __version__

ROOT = Path(__file__).parents[2]
VERSION_FILE = "minmax_lint/version.py"


def git(*words: str) -> str:
    return subprocess.run(("git", *words), cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_page_of_changes_begins_with_this_version() -> None:
    page = (ROOT / "minmax_lint" / "docs" / "pages" / "changelog.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)$", page, re.MULTILINE)[0] == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_every_tag_names_the_version_of_its_commit() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("an archive has no tags")
    for tag in git("tag", "--list", "v[0-9]*").split():
        assert f'"{tag.removeprefix("v")}"' in git("show", f"{tag}:{VERSION_FILE}"), tag
