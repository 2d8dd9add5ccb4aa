"""How every child process is started: it imports from its interpreter's own folders, never from the user's.

The working directory may be one that another has filled: a repository just cloned, a model just unpacked. A file
`re.py` in it must not run because a child of ours imports `re`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OF_THIS_INTERPRETER = ("PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__", "TF2_BEHAVIOR")
"""TensorFlow 2 sets the last one when it is imported; with it TensorFlow 1.15 makes variables of TensorFlow 2."""
SAFE_PATH = {"PYTHONSAFEPATH": "1"}
"""The same as `python -P`, since Python 3.11. Older ones do not know it; what `command` starts needs it nowhere."""


def command(python: str, script: Path, *arguments: str) -> list[str]:
    """The command line of a script of ours.

    A script that is a file puts its own folder on Python's path, in all versions; `python -c` and `python -m` put
    the working directory there, and `-P` against it is unknown before Python 3.11.
    """
    return [python, os.path.abspath(script), *arguments]


def environment(python: str) -> dict[str, str]:
    """The environment to start `python` in: without folders that mean the working directory.

    Another interpreter than the running one gets neither this one's paths nor its TensorFlow's behaviour.
    """
    found = {**os.environ, **SAFE_PATH}
    if python != sys.executable:
        for name in _OF_THIS_INTERPRETER:
            found.pop(name, None)
    if "PYTHONPATH" in found:
        found["PYTHONPATH"] = os.pathsep.join(filter(_elsewhere, found["PYTHONPATH"].split(os.pathsep)))
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE"):
        if name in found and not os.path.isabs(found[name]):
            del found[name]
    return found


@contextmanager
def safe_path() -> Iterator[None]:
    """Processes that Python's own pools start meanwhile import nothing from the working directory.

    Where processes are not forked each is a `python -c`, and the pool takes no environment but this process's own.
    """
    before = {name: os.environ.get(name) for name in SAFE_PATH}
    os.environ.update(SAFE_PATH)
    try:
        yield
    finally:
        for name, text in before.items():
            if text is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = text


def _elsewhere(folder: str) -> bool:
    """Whether an entry of Python's path is a folder other than the working directory."""
    return os.path.isabs(folder) and os.path.realpath(folder) != os.path.realpath(os.getcwd())
