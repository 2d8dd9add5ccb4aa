"""No child process imports from the working directory or the model's, whatever lies there."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.backends.conversion.interpreter import _versions_installed
from minmax_lint.isolation import command, environment
from minmax_lint.loaders import load
from tests.interpreters import tf115, tf215, tf221

PACKAGE = Path(minmax_lint.__file__).parent
FIXTURES = Path(__file__).parents[2] / "fixtures"
CHILDREN = (
    "backends/conversion/interpreter_child.py",
    "backends/conversion/worker.py",
    "loaders/keras/hdf5_child.py",
    "loaders/keras/child.py",
)
INSTALLED = (
    "numpy",
    "h5py",
    "tensorflow",
    "keras",
    "tf_keras",
    "google",
    "minmax_lint",
    "sitecustomize",
    "usercustomize",
)
NAMES = sorted({*sys.stdlib_module_names, *INSTALLED} - {"antigravity", "this"})


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """A working directory in which every name of a module is a file that notes that it ran."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'ran')!r}, 'a').write({name + chr(10)!r})\n"
        )
    monkeypatch.chdir(tmp_path)
    # What `export PYTHONPATH=$PYTHONPATH:/folder` leaves: an empty entry, which means the working directory.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", str(tmp_path)]))
    monkeypatch.setenv("PYTHONUSERBASE", ".")
    yield tmp_path
    ran = tmp_path / "ran"
    assert not ran.exists(), ran.read_text()


def test_a_child_that_is_not_isolated_would_import_from_there(tmp_path):
    (tmp_path / "re.py").write_text("print('ran')\n")
    done = subprocess.run(
        [sys.executable, "-c", "import re"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "ran\n"


@pytest.mark.parametrize("python", [lambda: sys.executable, tf115, tf215], ids=["own", "tf115", "tf215"])
def test_the_look_at_an_interpreter(hostile, python):
    _versions_installed.cache_clear()
    found = _versions_installed(str(python()))
    assert found is not None
    assert found.tensorflow


@pytest.mark.parametrize(("python", "engine"), [(tf115, "toco"), (tf221, "mlir")], ids=["tf115", "tf221"])
def test_a_conversion_imports_nothing_of_the_working_directory(hostile, python, engine):
    shutil.copy(FIXTURES / "founding" / "eval-guarded-frozen.pb", hostile / "graph.pb")
    found = minmax_lint.convert(hostile / "graph.pb", engine=engine, python=python())
    assert found.result.tensorflow


@pytest.mark.parametrize("name", ["plain.keras", "qat.h5"])
def test_reading_a_keras_file_imports_nothing_of_the_working_directory(hostile, name):
    shutil.copy(FIXTURES / "keras" / name, hostile)
    assert load(hostile / name).graph.names


def test_a_trusted_keras_file_takes_its_own_classes_from_there_and_nothing_that_is_installed(hostile):
    shutil.copy(FIXTURES / "keras" / "lambda.keras", hostile)
    assert load(hostile / "lambda.keras", trust=True).graph.names


def test_many_models_at_once_whatever_way_processes_start(hostile):
    script = (
        "import multiprocessing, sys\n"
        "sys.path[:] = [path for path in sys.path if path]\n"
        "from minmax_lint.cli import main\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.set_start_method('spawn')\n"
        "    sys.exit(main(sys.argv[1:]))\n"
    )
    place = hostile / "elsewhere"
    place.mkdir()
    (place / "start.py").write_text(script)
    graphs = [str(FIXTURES / "founding" / name) for name in ("eval-frozen.pb", "eval-guarded-frozen.pb")]
    done = subprocess.run(
        [sys.executable, "-P", str(place / "start.py"), "check", *graphs, "--jobs", "2", "--isolated"],
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr


@pytest.mark.parametrize("child", CHILDREN)
def test_a_childs_own_folder_lends_no_names(child):
    """The folder of a script is on Python's path before 3.11, until the script takes it off."""
    beside = {path.stem for path in (PACKAGE / child).parent.glob("*.py")}
    assert beside & set(sys.stdlib_module_names) == set()


def test_every_process_of_ours_is_started_isolated():
    """Who starts a process does so with `isolation.command` and `isolation.environment`."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "subprocess.run",
                "subprocess.Popen",
            ):
                assert ast.unparse(node.args[0]).startswith("command("), path
                (given,) = (ast.unparse(one.value) for one in node.keywords if one.arg == "env")
                assert given.startswith("environment("), path
            assert not (isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.system", "os.popen")), (
                path
            )


def test_folders_that_mean_the_working_directory_are_no_part_of_the_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = str(tmp_path / "kept")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", "lib", str(tmp_path), kept]))
    assert environment(sys.executable)["PYTHONPATH"] == kept
    assert "PYTHONPATH" not in environment("/other/python")
    assert command("python", Path("child.py")) == ["python", str(tmp_path / "child.py")]


def test_the_behaviour_of_this_tensorflow_is_not_that_of_another_interpreters(monkeypatch):
    monkeypatch.setenv("TF2_BEHAVIOR", "1")
    assert environment(sys.executable)["TF2_BEHAVIOR"] == "1"
    assert "TF2_BEHAVIOR" not in environment("/other/python")
