"""Many models at once: the same reports, in the same order."""

from __future__ import annotations

import pytest

from minmax_lint.cli import main
from tests.cli.founding import BROKEN, BROKEN_FORMS, GUARDED

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("form", ["json", "full", "concise"])
def test_the_reports_are_those_of_a_run_one_by_one(form: str, capsys: Captured) -> None:
    graphs = [*BROKEN_FORMS, "gone.pb", GUARDED]
    said = []
    for jobs in ("1", "2"):
        assert main(["check", *graphs, "--jobs", jobs, "--output-format", form]) == 2
        said.append(capsys.readouterr())
    assert said[0] == said[1]
    assert "gone.pb" in said[0].err


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_jobs_is_a_number(jobs: str, capsys: Captured) -> None:
    assert main(["check", BROKEN, "--jobs", jobs]) == 2
    assert "whole number" in capsys.readouterr().err
