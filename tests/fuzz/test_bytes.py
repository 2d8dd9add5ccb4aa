"""Bytes that atheris flips, guided by coverage, never end in a traceback: a short search in every run."""

import subprocess
import sys

import pytest

from tests.fuzz.formats import FORMATS


@pytest.mark.parametrize("form", FORMATS)
def test_a_short_search_finds_nothing(form):
    pytest.importorskip("atheris")
    command = [sys.executable, "-m", "tests.fuzz", "--seconds", "2", "--engine", "atheris", "--format", form]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done " in done.stderr
