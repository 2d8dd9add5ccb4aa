"""`view`: the HTML report in the browser; `check --watch`: the same run again after a change."""

import builtins
import shutil
import signal
import subprocess
import sys
import threading
import webbrowser
from pathlib import Path
from typing import IO, Any

import pytest

from minmax_lint.cli import main
from tests.cli.founding import BROKEN, FOUNDING, GUARDED

Captured = pytest.CaptureFixture[str]
FINISHED = str(FOUNDING.parent / "tflite" / "gap.tflite")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The addresses that a browser was asked for; temporary files lie in the test's folder."""
    found: list[str] = []
    monkeypatch.setattr(webbrowser, "open", found.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return found


def test_the_report_is_written_to_a_temporary_file_and_opened(opened: list[str], capsys: Captured) -> None:
    assert main(["view", BROKEN]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert opened == [path.as_uri()]
    text = path.read_text(encoding="utf-8")
    assert "MM101" in text
    assert '"name":"mlir-16x8-fallback"' in text  # the ways are there


def test_no_browser_is_opened_on_request(opened: list[str], capsys: Captured) -> None:
    assert main(["view", BROKEN, "--no-open"]) == 0
    assert Path(capsys.readouterr().out.strip()).exists()
    assert opened == []


def test_a_finished_model_is_shown_without_ways(opened: list[str], capsys: Captured) -> None:
    assert main(["view", FINISHED, "--no-open"]) == 0
    assert '"ways":[]' in Path(capsys.readouterr().out.strip()).read_text(encoding="utf-8")


def test_an_output_that_is_not_there_is_bad_usage_and_writes_nothing(
    opened: list[str], tmp_path: Path, capsys: Captured
) -> None:
    assert main(["view", BROKEN, "-o", "outptu"]) == 2
    assert "did you mean output" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_html_report_of_check_begins_with_the_ways(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert main(["check", BROKEN, "--output-format", f"html={file}"]) == 1
    assert '"name":"mlir-16x8-fallback"' in file.read_text(encoding="utf-8")


def test_watching_without_watchfiles_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name == "watchfiles":
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["check", BROKEN, "--watch"]) == 2
    assert capsys.readouterr().err == "error: --watch needs watchfiles: pip install 'minmax-lint[watch]'\n"


def test_watching_fixes_nothing(capsys: Captured) -> None:
    assert main(["check", BROKEN, "--watch", "--fix", "--in-place"]) == 2
    assert "--watch" in capsys.readouterr().err


def test_a_graph_that_changes_is_linted_again(tmp_path: Path) -> None:
    pytest.importorskip("watchfiles")
    graph = tmp_path / "eval.pb"
    shutil.copy(GUARDED, graph)
    command = [sys.executable, "-u", "-m", "minmax_lint", "check", str(graph), "--watch", "--isolated"]
    with subprocess.Popen(
        [*command, "--output-format", "concise"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        assert "watching" in watching.stderr.readline()
        for _ in range(2):
            assert "MM101" in _said_after_changes(watching.stdout, graph)
        watching.send_signal(signal.SIGINT)
        _, err = watching.communicate(timeout=60)
    assert "watching has ended" in err
    assert watching.returncode == 130


def _said_after_changes(out: IO[str], graph: Path) -> str:
    """The next line, while the graph is written anew each second: the first changes come before the system looks."""
    printed: list[str] = []
    reader = threading.Thread(target=lambda: printed.append(out.readline()), daemon=True)
    reader.start()
    for _ in range(120):
        shutil.copy(BROKEN, graph.with_name("new.pb"))
        graph.with_name("new.pb").replace(graph)
        reader.join(1)
        if printed:
            return printed[0]
    return ""
