"""`tests/versions.toml`: which TensorFlow releases there are, and the environment of each."""

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from minmax_lint.converters.releases import Number, dotted

_FILE = Path(__file__).parents[1] / "versions.toml"
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Release:
    """One TensorFlow and the environment that holds it."""

    tensorflow: str
    """`2.18`."""
    python: str
    """The Python that its wheels are for."""
    requirements: tuple[str, ...]
    use: str
    """`ci`, `here` or `hand`."""

    @property
    def number(self) -> Number:
        """(major, minor)."""
        major, minor = self.tensorflow.split(".")
        return int(major), int(minor)

    @property
    def name(self) -> str:
        """Of its environment: `tf218`."""
        return f"tf{self.tensorflow.replace('.', '')}"

    @property
    def interpreter(self) -> Path | None:
        """Its Python; None where there is no such environment."""
        path = place(self.name)
        return path if path.exists() else None


@cache
def releases() -> dict[Number, Release]:
    """All of them, oldest first."""
    with _FILE.open("rb") as file:
        rows = tomllib.load(file)["release"]
    found = [Release(**{**row, "requirements": tuple(row["requirements"])}) for row in rows]
    return {one.number: one for one in found}


def release(tensorflow: str) -> Release:
    """That of `2.18`; for a release that is not in the file, that of the newest one with its number instead."""
    number = Release(tensorflow, "", (), "hand").number
    if number in releases():
        return releases()[number]
    newest = list(releases().values())[-1]
    return Release(tensorflow, newest.python, (f"tensorflow-cpu=={tensorflow}.*",), "hand")


def interpreters() -> dict[Number, Path]:
    """Release -> its Python, for each that has an environment."""
    return {number: path for number, one in releases().items() if (path := one.interpreter) is not None}


def place(name: str) -> Path:
    """Where the Python of an environment is, or would be: `tf218` or `moto`."""
    named = os.environ.get(f"MINMAX_LINT_{name.upper()}")
    folder = os.environ.get("MINMAX_LINT_ENVIRONMENTS")
    if named:
        return Path(named)
    return (Path(folder) / name if folder else _ROOT / f".venv-{name}") / "bin" / "python"


def make(one: Release) -> Path:
    """Make the environment of a release where there is none, and install what it needs; its Python.

    Raises SystemExit with one line where that fails; a folder that was made for it goes again.
    """
    path = place(one.name)
    folder = path.parents[1]
    there = folder.exists()
    pip = [path, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    python = _python(one.python)
    try:
        if not path.exists():
            subprocess.run([python, "-m", "venv", folder], check=True)
        subprocess.run([*pip, *one.requirements], check=True)
    except (subprocess.CalledProcessError, OSError) as error:
        if not there:
            shutil.rmtree(folder, ignore_errors=True)
        wanted = " ".join(one.requirements)
        raise SystemExit(
            f"no environment for TensorFlow {one.tensorflow}: {wanted} cannot be installed with {python} ({error})"
        ) from error
    return path


def _python(version: str) -> str:
    """A Python of that version: the running one, one that pyenv has (its shim on PATH may not run), or one on PATH."""
    if version == dotted((sys.version_info.major, sys.version_info.minor)):
        return sys.executable
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    found = str(pyenv[-1]) if pyenv else shutil.which(f"python{version}")
    if found is None:
        raise SystemExit(f"no python{version} on this machine: TensorFlow's wheels need it")
    return found
