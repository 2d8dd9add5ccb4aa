"""Web servers that lie, redirect, refuse or never end: the model or one clear line, within bounds."""

import re
import time

import pytest

from minmax_lint.cli import main
from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders import load
from tests.loaders.web_server import serving

transfer = pytest.importorskip("minmax_lint.loaders.remote.transfer")
pytest.importorskip("aiohttp")


@pytest.fixture(scope="module")
def server():
    with serving() as address:
        yield address


@pytest.mark.parametrize("name", ["plain", "without-length", "zipped", "moved"])
def test_a_graph_is_read(server, name):
    assert "output" in load(f"{server}/{name}/graph.pb").graph


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("moved-in-a-circle", "cannot be fetched"),
        ("moved-to-a-file", "cannot be fetched"),
        ("moved-to-nobody", "cannot be fetched: Cannot connect to host 127.0.0.1:9"),
        ("missing", "there is no such file or folder behind this URL"),
        ("forbidden", "cannot be fetched: 403 Forbidden"),
        ("failing", "cannot be fetched: 500 Internal Server Error"),
        ("half", "cannot be fetched: Response payload is not completed"),
        ("shorter-than-it-is", "(the file is truncated|cannot be fetched)"),
        ("petabyte", "cannot be fetched: Response payload is not completed"),
        ("of-negative-length", "cannot be fetched: 400"),
        ("falsely-zipped", "cannot be fetched: 400"),
        ("empty", "the file is empty"),
        ("page", "this is an HTML page"),
    ],
)
def test_what_is_no_graph_is_told_in_one_line(server, capsys, name, message):
    url = f"{server}/{name}/graph.pb"
    assert main(["check", url]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert re.match(f"error: {url}: {message}", lines[0])


def test_what_never_ends_is_cut_off(server, monkeypatch):
    monkeypatch.setattr(transfer, "MOST_BYTES", 20_000_000)
    with pytest.raises(UnreadableModel, match="more than 0 GiB lie behind this URL"):
        load(f"{server}/endless/graph.pb")


def test_who_never_answers_is_given_up(server, monkeypatch):
    monkeypatch.setattr(transfer, "PATIENCE", 0.5)
    started = time.monotonic()
    with pytest.raises(UnreadableModel, match=r"almost nothing arrived for 0\.5 seconds"):
        load(f"{server}/silent/graph.pb")
    assert time.monotonic() - started < 5


def test_nothing_is_ever_written_to_a_url(server, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = f"{server}/plain/graph.pb"
    for command in (
        ["fix", url, "--output", f"{server}/fixed.pb"],
        ["check", url, "--output-format", f"json={server}/report.json"],
        ["convert", url, "--output", "s3://bucket/model.tflite"],
    ):
        assert main(command) == 2
        assert re.fullmatch(
            r"error: cannot write \S+: remote files are only read; give a local file and upload it\n",
            capsys.readouterr().err,
        )
    assert list(tmp_path.iterdir()) == []
