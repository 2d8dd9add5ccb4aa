"""GitHub annotations."""

import io
from dataclasses import replace

import pytest

from minmax_lint.errors import UserError
from minmax_lint.reporters import Run, Unreadable
from minmax_lint.reporters.formats import github
from tests.reporters.reports import CLEAN, MIXED, MM101, MM110, report


def lines(run: Run) -> list[str]:
    out = io.StringIO()
    github.render(run, out)
    return out.getvalue().splitlines()


def test_a_finding_is_one_annotation_with_its_level(monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    error, warning, summary = lines(MIXED)
    assert error.startswith("::error file=eval.pb,line=1,title=MM101 output-fakequant-outside::")
    assert warning.startswith("::warning file=eval.pb,line=1,title=MM110 activation-without-range::")
    assert summary == "minmax-lint: 1 error, 1 warning, 0 infos in 2 models"


def test_whatever_ends_a_command_early_is_escaped(monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    nasty = replace(MM110, message="100%\r\n::error::fake", advice="")
    (annotation, _) = lines(Run((report(nasty, path="a,b:c%.pb"),)))
    assert "file=a%2Cb%3Ac%25.pb,line=1" in annotation
    assert annotation.endswith("::100%25 ::error::fake (node block/add)")


def test_the_worst_ten_are_shown_and_the_rest_counted(monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    found = lines(Run((report(*[MM110] * 12, MM101),)))
    assert len(found) == 11
    assert found[0].startswith("::error ")
    assert found[-1].endswith("; 3 not shown as annotations")


def test_a_model_that_cannot_be_read_is_an_error(monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert lines(Run((), (Unreadable("x.pb", "not there"),)))[0] == (
        "::error file=x.pb,line=1,title=minmax-lint::not there"
    )


def test_the_jobs_summary_is_appended_to(tmp_path, monkeypatch):
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    lines(CLEAN)
    assert file.read_text().startswith("before\n# minmax-lint\n")


def test_a_summary_that_cannot_be_written_is_the_users_error(tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "gone" / "summary.md"))
    with pytest.raises(UserError, match=r"GITHUB_STEP_SUMMARY\) cannot be written: No such file"):
        lines(CLEAN)
