"""`s3://` and `gs://` against servers that speak those protocols: models of every kind, every refusal in one line."""

import subprocess

import pytest

from minmax_lint.cli import main
from minmax_lint.loaders import load
from tests import interpreters
from tests.loaders import cloud_server
from tests.loaders.web_server import FOUNDING, serving

SERVER = """
import contextlib, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
with contextlib.redirect_stdout(sys.stderr):
    server.start()
print("http://{}:{}".format(*server.get_host_and_port()), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def s3_server():
    pytest.importorskip("s3fs")
    botocore = pytest.importorskip("botocore.session")
    command = [interpreters.moto(), "-c", SERVER]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    client = botocore.get_session().create_client(
        "s3", "us-east-1", endpoint_url=address, aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket="bucket")
    for path in FOUNDING.rglob("*"):
        if path.is_file():
            client.put_object(Bucket="bucket", Key=str(path.relative_to(FOUNDING)), Body=path.read_bytes())
    yield address
    server.communicate()  # it ends when its standard input does


@pytest.fixture(scope="module")
def gs_server():
    pytest.importorskip("gcsfs")
    with serving(cloud_server.Handler) as address:
        yield address


@pytest.fixture(params=["s3", "gs"])
def cloud(request, monkeypatch):
    """The scheme of a cloud that is there, in which `bucket` holds what fixtures/founding holds."""
    address = request.getfixturevalue(f"{request.param}_server")
    _point_to(address, monkeypatch)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return request.param


def _point_to(address, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    for name in ("s3", "gs"):
        fsspec.get_filesystem_class(name).clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("eval-frozen.pb", "graphdef"),
        ("eval.pbtxt", "graphdef-text"),
        ("eval-saved_model", "savedmodel"),
        ("eval-saved_model/", "savedmodel"),
        ("eval-saved_model/saved_model.pb", "savedmodel"),
        ("eval-checkpoint", "checkpoint"),
        ("eval-checkpoint/model.ckpt", "checkpoint"),
        ("eval-checkpoint/model.ckpt.index", "checkpoint"),
        ("eval-checkpoint/checkpoint", "checkpoint"),
    ],
)
def test_models_are_read_with_their_values(cloud, name, form):
    model = load(f"{cloud}://bucket/{name}")
    assert model.format == form
    assert "output" in model.graph
    if form in ("savedmodel", "checkpoint"):
        assert model.variables.value("act_quant/max").item() == 6.0


def test_values_come_from_a_checkpoint_in_the_cloud(cloud, capsys):
    checkpoint = f"{cloud}://bucket/eval-checkpoint/model.ckpt"
    model = load(FOUNDING / "eval.pb", values=checkpoint)
    assert model.variables.value("act_quant/max").item() == 6.0
    assert main(["check", str(FOUNDING / "eval.pb"), "--checkpoint", f"{checkpoint}s"]) == 2
    assert f"{checkpoint}s: there is no such file" in capsys.readouterr().err


def test_what_is_fixed_is_written_here(cloud, tmp_path, capsys):
    source, fixed = f"{cloud}://bucket/eval-frozen.pb", tmp_path / "fixed.pb"
    assert main(["fix", source, "--output", str(fixed)]) == 0
    assert main(["check", str(fixed), "--output-format", "concise"]) == 0
    assert main(["fix", source, "--in-place"]) == 2
    assert "is remote and is never written" in capsys.readouterr().err


def error_line(url, capsys):
    assert main(["check", url]) == 2
    printed = capsys.readouterr().err
    assert "Traceback" not in printed
    (line,) = (line for line in printed.splitlines() if line.startswith("error: "))
    return line.removeprefix(f"error: {url}: ")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("bucket/missing.pb", "there is no such file or folder behind this URL"),
        ("bucket/eval-frozen.pb/graph.pb", "there is no such file or folder behind this URL"),
        ("bucket", "the folder itself is no model; name what is in it, such as"),
        ("", "this URL names no file"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(cloud, path, message, capsys):
    assert error_line(f"{cloud}://{path}", capsys).startswith(message)


def test_a_bucket_that_is_closed_or_missing_is_told_in_one_line(cloud, capsys):
    reason = "there is no such file" if cloud == "s3" else "cannot be fetched: Forbidden"
    assert error_line(f"{cloud}://other/graph.pb", capsys).startswith(reason)


def test_missing_credentials_are_told_in_one_line(s3_server, monkeypatch, capsys, tmp_path):
    _point_to(s3_server, monkeypatch)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert (
        error_line("s3://bucket/eval-frozen.pb", capsys) == "cannot be fetched: Unable to locate credentials"
    )
