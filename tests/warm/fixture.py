"""The fixture `warm_tensorflow`: a child that needs TensorFlow takes 0.1 s in place of 3 to start."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from minmax_lint.backends.conversion import child
from minmax_lint.backends.conversion.interpreter import tensorflow_version
from minmax_lint.isolation import command, environment

_FOLDER = Path(__file__).parent


class Servers:
    """A server for each interpreter that has been asked for."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="minmax-lint-warm-")
        self._running: dict[str, tuple[Path, subprocess.Popen[str]]] = {}

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        for _, process in self._running.values():
            process.communicate()
        self._folder.cleanup()

    def command(self, python: str, script: Path, *arguments: str) -> list[str]:
        """The command line that has the server of that interpreter run the script; the script's own without TF 2."""
        version = tensorflow_version(python)
        if version is None or version < (2, 12):
            return command(python, script, *arguments)
        if python not in self._running:
            address = Path(self._folder.name) / str(len(self._running))
            process = subprocess.Popen(
                command(python, _FOLDER / "server.py", str(script), str(address)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(python),
                text=True,
            )
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", f"{python} has no TensorFlow"
            self._running[python] = address, process
        return [sys.executable, "-IS", str(_FOLDER / "client.py"), str(self._running[python][0]), *arguments]


@pytest.fixture(scope="session")
def warm_servers() -> Iterator[Servers]:
    """The servers of this run of the tests."""
    with Servers() as servers:
        yield servers


@pytest.fixture
def warm_tensorflow(warm_servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The children of an interpreter with TensorFlow 2 are forked from one process of it."""
    monkeypatch.setattr(child, "command", warm_servers.command)
