"""A write that is interrupted leaves the old file or the new one, never anything between."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.loaders import load
from tests.benchmarks.chains import write_chain

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from minmax_lint.cli import main
sys.exit(main(sys.argv[2:]))
"""


def run_limited(size, *words):
    """The command line where no file may have more than `size` bytes, as on a full disk."""
    command = [sys.executable, "-B", "-c", LIMITED, str(size), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("size", [0, 500])
@pytest.mark.parametrize("there", [False, True])
def test_a_full_disk_leaves_the_old_file(tmp_path, size, there):
    destination = tmp_path / "fixed.pb"
    if there:
        destination.write_bytes(b"old")
    command = ["fix", FOUNDING / "eval-frozen.pb", "--output", destination]
    done = run_limited(size, *command)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == (["fixed.pb"] if there else [])
    assert not there or destination.read_bytes() == b"old"


@pytest.mark.parametrize("there", [False, True])
def test_a_full_disk_leaves_the_old_checkpoint_whole(tmp_path, there):
    # The values fit, the graph does not.
    names = [f"fixed.ckpt{end}" for end in (".data-00000-of-00001", ".index", ".meta")] if there else []
    for name in names:
        (tmp_path / name).write_bytes(b"old")
    done = run_limited(500, "fix", FOUNDING / "eval-checkpoint", "--output", tmp_path / "fixed.ckpt")
    assert done.returncode == 2
    assert "fixed.ckpt.meta cannot be written" in done.stderr.splitlines()[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert all((tmp_path / name).read_bytes() == b"old" for name in names)


@pytest.mark.parametrize("size", [0, 500])
def test_a_full_disk_leaves_no_savedmodel(tmp_path, size):
    done = run_limited(size, "fix", FOUNDING / "eval-saved_model", "--output", tmp_path / "fixed")
    assert done.returncode == 2
    assert f"{tmp_path / 'fixed'} cannot be written: File too large;" in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_temporary_files_is_no_bug(tmp_path):
    model = tmp_path / "model.tflite"
    model.write_bytes(b"old")
    done = run_limited(300, "convert", FOUNDING / "eval-frozen.pb", "--fix", "--output", model)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "no room for temporary files (File too large)" in line
    assert model.read_bytes() == b"old"


def test_a_full_disk_leaves_the_old_model(tmp_path):
    script = (
        "import resource, signal, sys\n"
        "from dataclasses import replace\n"
        "from tests.reporters.test_conversion import CONVERTED, INTEGER, conversion\n"
        "found = conversion(replace(CONVERTED, model=b'new' * 100), INTEGER, broken=False)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "found.save(sys.argv[1])\n"
    )
    model = tmp_path / "model.tflite"
    model.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, str(model)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert "UserError" in done.stderr
    assert "cannot be written: File too large" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["model.tflite"]
    assert model.read_bytes() == b"old"


def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    chain = write_chain(tmp_path / "graph.pb", 64, 4_000_000)
    unquantized = chain.output.replace("act_quant/FakeQuantWithMinMaxVars", "Relu6")
    command = [sys.executable, "-m", "minmax_lint", "fix", str(chain.path), "-o", unquantized]
    command += ["--converter", "toco", "--in-place"]
    old = chain.path.read_bytes()
    started = time.monotonic()
    subprocess.run(command, capture_output=True, check=False)
    whole = time.monotonic() - started
    new = chain.path.read_bytes()
    assert new != old
    for moment in (0.8, 0.9, 0.97):
        chain.path.write_bytes(old)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * moment)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert chain.path.read_bytes() in (old, new)
    assert load(chain.path).graph


def test_a_kill_while_writing_leaves_the_old_file(tmp_path):
    destination = tmp_path / "fixed.pb"
    shutil.copy(FOUNDING / "eval-frozen.pb", destination)
    before = destination.read_bytes()
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from minmax_lint.writers.atomic import write_file\n"
        "def pieces():\n"
        "    yield b'half of it'\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_file(Path(sys.argv[1]), pieces())\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(destination)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert destination.read_bytes() == before


KILLED = """
import os, signal, sys
stage = sys.argv[1]
setattr(os, stage, lambda *arguments, **named: os.kill(os.getpid(), signal.SIGKILL))
from minmax_lint.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("stage", ["fsync", "chmod", "replace"])
@pytest.mark.parametrize(
    ("command", "written"),
    [
        (["fix", "eval-frozen.pb", "--output"], "fixed.pb"),
        (["fix", "eval.pbtxt", "--output"], "fixed.pbtxt"),
        (["fix", "eval-checkpoint", "--output"], "fixed.ckpt"),
        (["fix", "eval-saved_model", "--output"], "fixed"),
        (["check", "eval-frozen.pb", "--output-format"], "json=report.json"),
        (["baseline", "create", "eval-frozen.pb", "--baseline"], "baseline.json"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_kill_at_any_step_of_a_write_leaves_nothing_that_looks_whole(tmp_path, command, written, stage):
    words = [str(FOUNDING / word) if word.startswith("eval") else word for word in command]
    script = [sys.executable, "-B", "-c", KILLED, stage, *words, written]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, check=False)
    name = written.rpartition("=")[2]
    if (name, stage) == ("fixed", "fsync"):
        pytest.skip("a folder is not synced")
    assert done.returncode == -signal.SIGKILL
    left = [path.name for path in tmp_path.iterdir()]
    assert left
    assert all(one.startswith(f".{name}") and one.endswith(".minmax-lint") for one in left)


def test_links_are_followed_and_folders_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("real.pb").write_bytes(b"old")
    Path("link.pb").symlink_to("real.pb")
    Path("folder.pb").mkdir()
    assert main(["fix", str(FOUNDING / "eval-frozen.pb"), "--output", "link.pb"]) == 0
    assert Path("link.pb").is_symlink()
    assert load(Path("real.pb")).graph
    for command in (["fix", "--output", "folder.pb"], ["check", "--output-format", "json=folder.pb"]):
        capsys.readouterr()
        assert main([command[0], str(FOUNDING / "eval-frozen.pb"), *command[1:]]) == 2
        assert "folder.pb cannot be written: Is a directory" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.pb", "link.pb", "real.pb"]


def test_two_at_once_leave_one_whole_model(tmp_path):
    command = [sys.executable, "-B", "-m", "minmax_lint", "fix", str(FOUNDING / "eval-frozen.pb")]
    both = [subprocess.Popen([*command, "--output", "fixed.pb"], cwd=tmp_path) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["fixed.pb"]
    assert main(["check", str(tmp_path / "fixed.pb"), "--output-format", "concise"]) == 0


CHECKPOINT = tuple(f"fixed.ckpt{end}" for end in (".data-00000-of-00001", ".index", ".meta"))
KILLED_AT = """
import os, sys
from minmax_lint.cli import main
left, replace = int(sys.argv[1]), os.replace
def counted(old, new):
    global left
    left -= 1
    if left < 0:
        os._exit(9)  # as SIGKILL: nothing is cleaned up
    replace(old, new)
os.replace = counted
sys.exit(main(sys.argv[2:]))
"""


def test_a_checkpoint_replaced_by_another_is_the_old_or_the_new_one_or_can_be_restored(tmp_path, capsys):
    """Killed before each of the renames in turn."""
    new = tmp_path / "new.ckpt"
    command = ["fix", str(FOUNDING / "eval-checkpoint"), "--isolated", "--output"]
    assert main([*command, str(new)]) == 0
    wanted = {name: (tmp_path / name.replace("fixed", "new")).read_bytes() for name in CHECKPOINT}
    old = {name: f"old {name}".encode() for name in CHECKPOINT}
    seen = set()
    for moment in range(20):
        folder = tmp_path / str(moment)
        folder.mkdir()
        for name, content in old.items():
            (folder / name).write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-c", KILLED_AT, str(moment), *command, str(folder / "fixed.ckpt")],
            capture_output=True,
            check=False,
        )
        found = {name: (folder / name).read_bytes() for name in CHECKPOINT if (folder / name).exists()}
        aside = folder / ".fixed.ckpt.before-minmax-lint"
        if aside.exists():
            seen.add("restorable")
            capsys.readouterr()
            for named in ("fixed.ckpt", "fixed.ckpt.meta", "fixed.ckpt.index"):
                assert main(["inspect", str(folder / named)]) == 2
                assert f"move the files in {aside.name}, a folder beside it, back" in capsys.readouterr().err
            for one in aside.iterdir():
                one.replace(folder / one.name)
            assert {name: (folder / name).read_bytes() for name in CHECKPOINT} == old
        else:
            seen.add("new")
            assert found == wanted
        if done.returncode == 0:
            break
    assert done.returncode == 0
    assert seen == {"restorable", "new"}
    assert not aside.exists()


def test_a_checkpoint_whose_files_cannot_all_be_replaced_stays_as_it_was(tmp_path, monkeypatch):
    from minmax_lint.errors import UserError
    from minmax_lint.writers.atomic import write_files

    files = [tmp_path / name for name in "abc"]
    for file in files:
        file.write_bytes(b"old")
    replace = os.replace

    def refused(old, new):
        if Path(new).name == "c" and "minmax-lint" in Path(old).name:
            raise PermissionError(1, "Operation not permitted")
        replace(old, new)

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(UserError, match="c cannot be written: Operation not permitted"):
        write_files({file: [b"new"] for file in files}, aside=tmp_path / ".aside")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys("abc", b"old")


def test_links_of_a_savedmodel_are_copied_as_links(tmp_path):
    """What they point at outside is no part of the model: any file of the user, or one without end."""
    model, outside = tmp_path / "model", tmp_path / "secret"
    shutil.copytree(FOUNDING / "eval-saved_model", model)
    outside.write_text("secret")
    (model / "assets").mkdir(exist_ok=True)
    (model / "assets" / "words").write_text("words")
    for name, target in {
        "leak": outside,
        "up": "../../secret",
        "zero": "/dev/zero",
        "gone": "nowhere",
        "circle": "circle",
        "folder": tmp_path,
        "inside": "words",
    }.items():
        (model / "assets" / name).symlink_to(target)
    variables = tmp_path / "blobs"
    (model / "variables").rename(variables)
    (model / "variables").symlink_to(variables)  # as a model of a hub lies in its cache
    assert main(["fix", str(model), "--isolated", "--output", str(tmp_path / "fixed")]) == 0
    copied = tmp_path / "fixed" / "assets"
    links = {one.name: os.readlink(one) for one in copied.iterdir() if one.is_symlink()}
    assert links == {
        "leak": str(outside),
        "up": str(outside),
        "zero": "/dev/zero",
        "gone": "nowhere",
        "circle": "circle",
        "folder": str(tmp_path),
        "inside": "words",
    }
    assert (copied / "inside").read_text() == "words"
    assert os.readlink(tmp_path / "fixed" / "variables") == str(variables)
    assert main(["inspect", str(tmp_path / "fixed")]) == 0
