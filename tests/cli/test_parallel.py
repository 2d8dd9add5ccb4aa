"""Many models at once: the same reports, in the same order."""

import json
import multiprocessing
import os
import signal
import tempfile
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from minmax_lint.cli import main
from minmax_lint.config import Settings, Target
from minmax_lint.errors import UserError
from tests.cli.founding import BROKEN, BROKEN_FORMS, GUARDED
from tests.loaders.web_server import serving

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("form", ["json", "full", "concise", "dot", "html", "model-explorer"])
def test_the_reports_are_those_of_a_run_one_by_one(form: str, capsys: Captured) -> None:
    graphs = [*BROKEN_FORMS, "gone.pb", GUARDED]
    printed = []
    for jobs in ("1", "2"):
        assert main(["check", *graphs, "--jobs", jobs, "--output-format", form]) == 2
        printed.append(capsys.readouterr())
    assert printed[0] == printed[1]
    assert "gone.pb" in printed[0].err


def test_each_model_is_loaded_once(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    from minmax_lint.cli import source

    started, whole = os.getpid(), source.load_model

    def loaded(args: Namespace, target: Target) -> Any:
        assert os.getpid() != started, f"{target.path} is loaded in the process that collects the reports"
        return whole(args, target)

    monkeypatch.setattr(source, "load_model", loaded)
    assert main(["check", BROKEN, GUARDED, "--jobs", "2", "--output-format", "html"]) == 1
    assert '"nodes":18' in capsys.readouterr().out.replace(" ", "")


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_jobs_must_be_a_whole_number_above_0(jobs: str, capsys: Captured) -> None:
    assert main(["check", BROKEN, "--jobs", jobs]) == 2
    assert "whole number" in capsys.readouterr().err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_fault_of_ours_on_one_model_loses_no_other_report(
    jobs: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    from minmax_lint.workflows.opened import Opened

    whole = Opened.lint

    def lint(self: Opened, *more: Any) -> Any:
        if self.path == GUARDED:
            raise IndexError("out of range")
        return whole(self, *more)

    monkeypatch.setattr(Opened, "lint", lint)
    graphs = [BROKEN, GUARDED, *BROKEN_FORMS]
    assert main(["check", *graphs, "--jobs", jobs, "--output-format", "json"]) == 2
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert [one["path"] for one in found["reports"]] == [BROKEN, *BROKEN_FORMS]
    assert [one["path"] for one in found["unreadable"]] == [GUARDED]
    assert "Traceback" in printed.err
    assert f"error: {GUARDED}: this is a bug in minmax-lint" in printed.err


def _dying(args: Namespace, settings: Settings, model: Target) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_loses_only_its_own_model(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    from minmax_lint.cli import parallel

    monkeypatch.setattr(parallel, "_outcome", _dying)
    alone = {
        BROKEN: parallel.Outcome(UserError("this one died")),
        GUARDED: parallel.Outcome(UserError("that one as well")),
    }
    monkeypatch.setattr(parallel, "_alone", lambda args, settings, model: alone[model.path])
    assert main(["check", BROKEN, GUARDED, "--jobs", "2"]) == 2
    printed = capsys.readouterr().err
    assert "this one died" in printed
    assert "that one as well" in printed


def _endless(args: Namespace, settings: Settings, model: Target) -> Any:
    time.sleep(600 if model.path == "endless" else 0)
    return model.path


def test_whoever_stops_does_not_wait_for_the_other_models(monkeypatch: pytest.MonkeyPatch) -> None:
    from minmax_lint.cli import parallel

    monkeypatch.setattr(parallel, "_outcome_elsewhere", _endless)
    models = [Target("short"), *[Target("endless")] * 8]
    outcomes = parallel.reports(Namespace(jobs=2), Settings.merge(None, {}), models)
    assert next(outcomes)[1] == "short"
    assert multiprocessing.active_children()
    outcomes.close()  # as an interrupt in front of the next one does
    assert not multiprocessing.active_children()


def test_a_process_of_the_pool_leaves_no_download_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pytest.importorskip("aiohttp")
    with serving() as url:
        names = [f"{url}/{name}/graph.pb" for name in ("plain", "zipped")]
        assert main(["check", *names, "--jobs", "2", "--output-format", "json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["reports"]) == 2
    assert not list(tmp_path.iterdir())
