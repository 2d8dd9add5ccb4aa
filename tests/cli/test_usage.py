"""Usage: what is printed, on which stream, with which exit code."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest

from minmax_lint.cli import COMMANDS, main, options, parser, real_converter, streams
from minmax_lint.cli.usage import USAGES
from minmax_lint.reporters import format_names
from minmax_lint.version import __version__
from tests.cli.founding import BROKEN, CHECKPOINT, SAVED_MODEL
from tests.reporters.golden_file import Stream

Captured = pytest.CaptureFixture[str]


def test_version_goes_to_standard_output(capsys: Captured) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr() == (f"minmax-lint {__version__}\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: Captured) -> None:
    assert main([command, "--help"]) == 0
    out, err = capsys.readouterr()
    assert f"minmax-lint {command}" in out
    assert not err


def test_no_command_prints_the_help_and_is_bad_usage(capsys: Captured) -> None:
    assert main([]) == 2
    assert "check" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["chekc", BROKEN], "there is no command 'chekc'; did you mean check?"),
        (["check", BROKEN, "--sttistics"], "there is no option --sttistics; did you mean --statistics?"),
        (["convert", BROKEN, "--otput", "x"], "there is no option --otput; did you mean --output"),
        (["inspect", "--json", BROKEN], "there is no option --json; did you mean --output-format json?"),
        (["check", BROKEN, "--sarif=x"], "there is no option --sarif; did you mean --output-format sarif?"),
        (["baseline", "creat"], "there is no action 'creat'; did you mean create?"),
        (["check", BROKEN, "--select=MM1", "--xyz"], "there is no option --xyz"),
        (["check"], "minmax-lint check model.pb"),
        (["check", "gone.pb"], "gone.pb"),
        (["check", __file__], "test_usage.py"),
        (["check", BROKEN, "--converter", "tocco"], "did you mean toco?"),
        (["check", BROKEN, "--output-format", "jsn"], "did you mean json"),
        (["check", BROKEN, "--output-format", "json="], "names no file"),
        (["check", BROKEN, "--output-format", "json", "--output-format", "concise"], "standard output"),
        (["check", BROKEN, "--output-format", "json=/no/folder/report.json"], "/no/folder/report.json"),
        (["check", BROKEN, "--output-format", f"json={BROKEN}"], "it is the input"),
        (["check", SAVED_MODEL, "--output-format", f"json={SAVED_MODEL}/saved_model.pb"], "it is the input"),
        (["check", CHECKPOINT, "--output-format", f"json={CHECKPOINT}.index"], "it is the input"),
        (["check", BROKEN, "--output-format", "json=a", "--output-format", "html=a"], "give another file"),
        (["check", BROKEN, "--select", "MM777"], "MM777"),
        (["check", BROKEN, "-i", "input=2,wide"], "is not a shape"),
        (
            ["check", BROKEN, "--fail-level", "eror"],
            "--fail-level takes error, warning, info, and not 'eror'",
        ),
        (["check", BROKEN, "--fix"], "--output"),
        (["check", BROKEN, "--output", "x.pb"], "--fix"),
        (["check", "-", "--fix", "--output", "x.pb"], "minmax-lint fix -"),
        (["check", BROKEN, "--signature", "serving"], "no signature 'serving'"),
        (["fix", BROKEN], "--output"),
        (["fix", BROKEN, "--output", "/no/folder/fixed.pb"], "/no/folder"),
        (["fix", BROKEN, "--output", BROKEN], "is the input"),
        (["fix", BROKEN, "--output", "x.pb", "--output-format", "json=x.pb"], "give another file"),
        (["fix", BROKEN, "--output", "x.pb", "--output-format", f"json={BROKEN}"], "it is the input"),
        (["fix", BROKEN, "--output", "x.pb", "--output-format", "sarif"], "choose from full, json"),
        (["fix", BROKEN, "-o", "outputt", "--output", "x.pb"], "did you mean output?"),
        (["fix", BROKEN, "-i", "inputt", "--output", "x.pb"], "did you mean input"),
        (["fix", BROKEN, "--output", "x.pb", "--strategy", "magic"], "magic"),
        (["fix", BROKEN, "--output", "x.pb", "--strategy", "guard", "--bound", "5"], "would clip"),
        (["fix", BROKEN, "--output", "x.pb", "--bound", "5"], "would clip"),
        (["fix", BROKEN, "--output", "x.pb", "--default-range", "6,-6"], "MIN must be below MAX"),
        (["fix", BROKEN, "--output", "x.pb", "--default-range", "-5.5,-6"], "MIN must be below MAX"),
        (["fix", BROKEN, "--output", "x.pb", "--default-range", "-.5,-1e3"], "MIN must be below MAX"),
        (["convert", BROKEN], "--output"),
        (["convert", BROKEN, "--output", BROKEN], "is the input"),
        (["convert", BROKEN, "--output", "x.tflite", "--input-stats", "a=1,1"], "the inputs are input"),
        (["convert", BROKEN, "--output", "x.tflite", "--time-limit", "0"], "more than 0"),
        (["convert", BROKEN, "--output", "x.tflite", "--time-limit", "inf"], "at most 10000000 seconds"),
        (["convert", BROKEN, "--output", "x.tflite", "--output-format", "jsn"], "did you mean json?"),
        (["convert", BROKEN, "--output", "x.tflite", "--python", "/no/python"], "/no/python"),
        (["trace", BROKEN, "-o", "outputt"], "did you mean output?"),
        (["explain", "MM999"], "MM999"),
        (["explain", ""], "nothing to explain"),
    ],
)
def test_bad_usage_is_one_line_that_says_what_to_do_and_writes_nothing(
    argv: list[str], message: str, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert sum("error: " in line for line in err.splitlines()) == 1
    assert "Traceback" not in err
    assert not out or argv[0] == "check"
    assert not list(tmp_path.iterdir())


def test_the_help_lists_the_formats_that_there_are() -> None:
    assert set(options.FORMATS) == set(format_names())


def test_an_abbreviated_option_is_not_taken_for_another(capsys: Captured) -> None:
    assert main(["check", BROKEN, "--output-arr", "output"]) == 2


@pytest.mark.parametrize("argv", [["rules", "--output-format", "json"], ["trace", BROKEN]])
def test_a_reader_that_goes_away_is_no_error(argv: list[str]) -> None:
    command = [sys.executable, "-m", "minmax_lint", *argv]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_bug_of_ours_is_not_taken_for_a_finding(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minmax_lint.rules.framework.rule.rules", lambda: 1 / 0)
    assert main(["rules"]) == 2
    assert "this is a bug in minmax-lint" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_of_the_help_is_a_command_line(command: str) -> None:
    for example in USAGES[command][1:]:
        words = shlex.split(re.split(r"  +#|[<>]", example)[0])
        parser([command]).parse_args([command, *words])


def test_an_action_that_takes_long_shows_a_spinner_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Stream(terminal=True)
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(streams, "A_MOMENT", 0.01)
    with streams.patience("linting"):
        given_up = time.monotonic() + 30  # rich is loaded first, by another thread
        while "linting ..." not in terminal.getvalue() and time.monotonic() < given_up:
            time.sleep(0.05)
    assert "linting ..." in terminal.getvalue()


def test_a_short_one_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Stream(terminal=True)
    monkeypatch.setattr("sys.stderr", terminal)
    assert list(streams.with_progress(["one"], 1, "linting")) == ["one"]
    assert terminal.getvalue() == ""


def test_a_log_says_which_child_runs_and_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Stream(terminal=False)
    monkeypatch.setattr("sys.stderr", log)
    monkeypatch.setattr(streams, "LOG_INTERVAL", 0.01)
    with real_converter.show_progress(Namespace(quiet=False), "MLIR") as watch:
        for report, line in (
            (lambda: watch.stage("convert"), "MLIR: converting ("),
            (lambda: watch.batch(3, 28), "MLIR: batch 3 of 28 ("),
            (lambda: watch.task("verification"), "verification: batch 3 of 28 ("),
            (lambda: watch.stage("run"), "verification: running ("),
            (lambda: watch.batch(16, None), "verification: batch 16 ("),
        ):
            report()
            latest = time.monotonic() + 60
            while line not in log.getvalue() and time.monotonic() < latest:
                time.sleep(0.01)
            assert line in log.getvalue()


def test_a_log_gets_a_line_while_something_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Stream(terminal=False)
    monkeypatch.setattr("sys.stderr", log)
    monkeypatch.setattr(streams, "LOG_INTERVAL", 0.01)
    latest = time.monotonic() + 60
    for number in streams.with_progress(iter(range(3)), 3, "linting"):
        while f"linting: {number} of 3 (" not in log.getvalue() and time.monotonic() < latest:
            time.sleep(0.01)
    assert "linting: 0 of 3 (" in log.getvalue()
    assert "linting: 2 of 3 (" in log.getvalue()
    with streams.patience("converting", quiet=True):
        time.sleep(0.05)
    assert "converting" not in log.getvalue()


def test_watch_says_in_the_help_and_in_the_readme_which_extra_it_needs(capsys: Captured) -> None:
    assert main(["check", "--help"]) == 0
    assert "needs watchfiles: the extra `watch`" in " ".join(capsys.readouterr().out.split())
    assert "`--watch` (the extra `watch`)" in (Path(__file__).parents[2] / "README.md").read_text()


def test_a_message_whose_cause_is_in_the_script_is_explained_by_it(tmp_path: Path, capsys: Captured) -> None:
    script = tmp_path / "export.py"
    script.write_text(
        "import tensorflow as tf\nconverter = tf.lite.TFLiteConverter.from_saved_model('m')\n"
        "converter.inference_input_type = tf.int8\n"
    )
    message = "ValueError: The inference_input_type and inference_output_type must be tf.float32."
    assert main(["explain", message, SAVED_MODEL]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "MM604" in out.partition("Printed by")[0]
    assert "--script FILE.py" in out
    assert main(["explain", message, SAVED_MODEL, "--script", str(script)]) == 0
    found = " ".join(capsys.readouterr().out.split())
    assert "no finding explains" not in found
    assert "MM604 " in found.partition("In your graph")[2].partition("Cause")[0]
