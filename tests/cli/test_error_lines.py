"""An error is one short line that names the right file."""

import subprocess
import sys
from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.escaping import LONGEST_ERROR, error_line
from tests.loaders.test_hostile import graph_of

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"


@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("check", "--output-format", "json"),
        ("trace",),
        ("inspect",),
        ("rules",),
        ("fix", "--diff"),
        ("docs",),
    ],
    ids=" ".join,
)
def test_standard_output_without_room_is_named(command):
    graph = [] if command[0] in ("rules", "docs") else [str(FOUNDING / "eval-frozen.pb")]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "minmax_lint", *command, *graph],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    errors = done.stderr.splitlines()
    assert errors == [
        "error: cannot write to standard output: No space left on device; send it somewhere with room"
    ]
    assert done.returncode == 2


LONG = "layer/" * 50_000


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "long.pb"],
        ["check", "long.pb", "-o", LONG + "x", "--output-format", "json"],
        ["check", "long.pb", "-o", "word " * 5_000, "--output-format", "json"],
        ["check", LONG],
        ["check", "long.pb", "--converter", LONG],
        ["check", "long.pb", "--select", LONG],
        ["fix", "long.pb", "--output", LONG],
        ["explain", "MM" + LONG],
        [LONG],
        ["check", "--" + LONG],
    ],
    ids=lambda words: " ".join(word[:10] for word in words),
)
def test_a_line_is_short_whatever_the_names(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    nodes = graph_of(
        ("x", "Placeholder"), (LONG + "a", "Relu", "x"), (LONG, "Add", LONG + "a", LONG + "gone")
    )
    Path("long.pb").write_bytes(nodes.SerializeToString())
    main(arguments)
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(len(line) <= LONGEST_ERROR for line in lines), [len(line) for line in lines]


def test_what_is_left_out_is_the_middle():
    line = error_line(f"error: {'a' * 400}/model.pb has no output {'b' * 900}; name an array with -o")
    assert line == (
        f"error: {'a' * 60}...{'a' * 51}/model.pb has no output {'b' * 60}...{'b' * 59}; name an array with -o"
    )
    assert error_line("error: short") == "error: short"
    assert len(error_line("word " * 1_000)) == LONGEST_ERROR
