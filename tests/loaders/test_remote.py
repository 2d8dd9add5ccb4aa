"""URLs: fetched through fsspec, linted, never written; one clear line where that cannot be."""

import http.server
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from fsspec.registry import _registry as used_before

from minmax_lint.cli import main
from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders import load

fsspec = pytest.importorskip("fsspec")
transfer = pytest.importorskip("minmax_lint.loaders.remote.transfer")
FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"


@pytest.fixture
def memory():
    system = fsspec.filesystem("memory")
    for name in ("eval-frozen.pb", "eval-checkpoint", "eval-saved_model"):
        system.put(str(FOUNDING / name), f"/models/{name}", recursive=True)
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


@pytest.fixture
def server():
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=FOUNDING)
    handler.func.log_message = lambda *arguments: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("eval-frozen.pb", "graphdef"),
        ("eval-saved_model", "savedmodel"),
        ("eval-checkpoint", "checkpoint"),
        ("eval-checkpoint/model.ckpt", "checkpoint"),
    ],
)
def test_files_and_folders_are_fetched(memory, name, form):
    model = load(f"memory://models/{name}")
    assert model.format == form
    assert model.graph["output"].op == "Relu6"
    if model.variables is not None:
        assert model.variables.value("act_quant/max").item() == 6.0


def test_a_file_of_a_web_server_is_fetched(server):
    assert "output" in load(f"{server}/eval-frozen.pb").graph
    with pytest.raises(UnreadableModel, match="no such file"):
        load(f"{server}/missing.pb")


def test_the_command_line_names_the_url(server, capsys):
    assert main(["check", f"{server}/eval-frozen.pb", "--output-format", "concise"]) == 1
    assert f"{server}/eval-frozen.pb" in capsys.readouterr().out


def test_a_remote_model_is_never_written(server, tmp_path, capsys):
    url = f"{server}/eval-frozen.pb"
    assert main(["fix", url, "--in-place"]) == 2
    assert "never written" in capsys.readouterr().err
    assert main(["fix", url, "--output", str(tmp_path / "fixed.pb")]) == 0
    assert (tmp_path / "fixed.pb").exists()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gopher://host/graph.pb", "fetched"),
        ("http://127.0.0.1:9/graph.pb", "no such file|fetched"),
        ("memory://models/missing", "no such file"),
    ],
)
def test_what_cannot_be_fetched_is_said_in_one_line(url, message):
    with pytest.raises(UnreadableModel, match=message) as caught:
        load(url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("modules", [["fsspec.core"], ["fsspec", "fsspec.core"]])
def test_a_missing_extra_is_named(monkeypatch, modules):
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UnreadableModel, match=r"pip install minmax-lint\[remote\]"):
        load("gs://bucket/graph.pb")


def test_a_file_beyond_the_limit_is_refused(memory, monkeypatch):
    monkeypatch.setattr(transfer, "MOST_BYTES", 100)
    with pytest.raises(UnreadableModel, match="more than"):
        load("memory://models/eval-frozen.pb")


def test_what_is_near_is_named_by_its_url(memory):
    memory.pipe("/folder/eval.pb", (FOUNDING / "eval-frozen.pb").read_bytes())
    with pytest.raises(UnreadableModel, match=r"such as memory://folder/eval\.pb"):
        load("memory://folder")


@pytest.mark.parametrize(("url", "extra"), [("s3://bucket/x.pb", True), ("abfs://c/x.pb", False)])
def test_a_missing_backend_is_one_line_and_our_extra_is_named_where_it_helps(url, extra, monkeypatch):
    for backend in ("s3fs", "adlfs"):
        monkeypatch.setitem(sys.modules, backend, None)
    monkeypatch.delitem(used_before, url.partition(":")[0], raising=False)
    with pytest.raises(UnreadableModel, match="nstall") as raised:
        load(url)
    assert ("minmax-lint[remote]" in str(raised.value)) == extra
    assert "\n" not in str(raised.value)
