"""Which TensorFlow an interpreter has, and whether it can do what is wanted, without importing it."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from minmax_lint.converters.profile import Flow
from minmax_lint.converters.releases import LAST_TOCO, dotted, toco, without_toco
from minmax_lint.errors import TENSORFLOW_EXTRA, UserError
from minmax_lint.isolation import command, environment

_CHILD = Path(__file__).with_name("interpreter_child.py")
_PATIENCE = 30.0
"""Seconds; 0.05 are usual."""
OLDEST_PYTHON = (3, 7)
_NAME_ONE = "name a Python that has TensorFlow (--python)"


class Installed(NamedTuple):
    """What an interpreter is, and has."""

    python: tuple[int, int]
    tensorflow: bool
    version: str = ""
    """Of TensorFlow; empty where it is not known."""

    @property
    def number(self) -> tuple[int, int] | None:
        """(major, minor) of TensorFlow; None where there is none, or it is not known."""
        if not self.version:
            return None
        major, minor = self.version.split(".")[:2]
        return int(major), int("".join(filter(str.isdigit, minor)))


def interpreter_path(python: str | os.PathLike[str] | None) -> str:
    """The file to start: the running interpreter for None, and a bare name as the shell finds it."""
    if python is None:
        return sys.executable
    name = os.fspath(python)
    return os.path.abspath(name) if os.path.dirname(name) else shutil.which(name) or name


def cannot_start(python: str, error: OSError) -> UserError:
    """The error of an interpreter that the system refuses to run."""
    return UserError(f"cannot start the interpreter {python!r}: {error.strerror}; {_NAME_ONE}")


def checked_interpreter(
    python: str | os.PathLike[str] | None, engine: str | None = None, flow: Flow | None = None
) -> None:
    """Raise UserError where an interpreter cannot do what is wanted: run TensorFlow, and the converter named.

    Takes 0.05 s where TensorFlow's import takes seconds. What is not known is left for TensorFlow to say.
    """
    path = interpreter_path(python)
    found = _versions_installed(path)
    if found is None:
        return
    if found.python < OLDEST_PYTHON:
        old, oldest = (".".join(map(str, version)) for version in (found.python, OLDEST_PYTHON))
        raise UserError(f"{path} is Python {old}, and {oldest} is the oldest that works; {_NAME_ONE}")
    if not found.tensorflow:
        install = TENSORFLOW_EXTRA if path == sys.executable else "install it there"
        raise UserError(f"{path} has no TensorFlow: {install}, or {_NAME_ONE}")
    if engine == "toco" and found.number is not None and toco(found.number) != "runs":
        raise UserError(
            f"{without_toco(found.number, found.version)}; name an interpreter with TensorFlow {dotted(LAST_TOCO)} "
            "or older (--python), or take --engine mlir"
        )
    if flow == "tf2" and found.number is not None and found.number < (2, 0):
        raise UserError(
            f"TensorFlow {found.version} has no TF2 flow; name an interpreter with TensorFlow 2 (--python), "
            "or take --flow tf1"
        )


def tensorflow_version(python: str | os.PathLike[str] | None = None) -> tuple[int, int] | None:
    """(major, minor) of the TensorFlow that `python` (None: the running one) would import.

    None where that is not known; the conversion then says what is wrong.
    """
    try:
        found = _versions_installed(interpreter_path(python))
    except UserError:
        return None
    return None if found is None else found.number


@cache
def _versions_installed(path: str) -> Installed | None:
    """What the interpreter says of itself; None where it takes too long. Raises UserError if it is none."""
    try:
        done = subprocess.run(
            command(path, _CHILD),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            env=environment(path),
        )
    except OSError as error:
        raise cannot_start(path, error) from None
    except subprocess.TimeoutExpired:
        return None
    lines = done.stdout.decode(errors="replace").splitlines()
    facts = dict(line.split(" ", 1) for line in lines if " " in line)
    try:
        major, minor = map(int, facts["python"].split())
    except (KeyError, ValueError):
        raise UserError(f"{path} is no Python interpreter; {_NAME_ONE}") from None
    return Installed((major, minor), "tensorflow" in facts, facts.get("version", ""))
