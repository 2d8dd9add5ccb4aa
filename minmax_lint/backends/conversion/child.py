"""A task that needs TensorFlow, in a process of its own: its start, its stages, its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from minmax_lint.backends.conversion.failure import Failure, failure_of_crash, failure_of_exception
from minmax_lint.backends.conversion.interpreter import cannot_start, interpreter_path
from minmax_lint.errors import UserError
from minmax_lint.isolation import command, environment

Stage = Literal["start", "tensorflow", "import", "convert", "run", "write"]
_STAGES: dict[str, Stage] = {stage: stage for stage in get_args(Stage)}
_WORKER = Path(__file__).with_name("worker.py")

DEFAULT_TIME_LIMIT = 600.0
"""Seconds."""


class TimeLimitReached(UserError):
    """A child process was stopped because it took longer than the time limit."""


@dataclass(frozen=True)
class Watch:
    """What is called with how far a child is: each stage as it begins, each batch as it is done."""

    stage: Callable[[Stage], None] = lambda stage: None
    batch: Callable[[int, int | None], None] = lambda done, total: None
    """(batches done, batches in all where that is known)"""
    task: Callable[[str], None] = lambda task: None
    """What another child does, where it is no longer the first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a child ended: with what it wrote, or with a failure."""

    values: Mapping[str, Any]
    failure: Failure | None
    tensorflow: str | None
    """Version of the TensorFlow that ran; None where it died before it could say."""
    seconds: float
    """Wall time of the process, TensorFlow's import included."""
    log: str
    """All that TensorFlow wrote to standard error."""


class Child:
    """One process of `worker.py`.

    `task` says in messages what it does. `python` is the interpreter that holds the TensorFlow to use
    (default: the running one), Python 3.7 or newer. Files go to `folder`.
    """

    def __init__(
        self,
        task: str,
        folder: Path,
        *,
        python: str | os.PathLike[str] | None = None,
        time_limit: float = DEFAULT_TIME_LIMIT,
        watch: Watch | None = None,
    ) -> None:
        self.task = task
        self.folder = folder
        self.python = interpreter_path(python)
        self.time_limit = time_limit
        self.watch = watch or Watch()
        self.stage: Stage = "start"
        self.returncode = 0
        self.log = ""
        self.tensorflow: str | None = None

    def answer(self, request: Mapping[str, Any]) -> Answer:
        """Run the worker with this request (see worker.py) to its end.

        Raises UserError where nothing could be tried: no such interpreter, no TensorFlow in it, a request
        it cannot serve; TimeLimitReached where it had to be stopped.
        """
        paths = {"result": str(self.folder / "result.json")}
        (self.folder / "result.json").unlink(missing_ok=True)
        (self.folder / "request.json").write_text(json.dumps({**request, **paths}))
        started = time.monotonic()
        self._run()
        seconds = time.monotonic() - started
        result = self._result()
        failure: Failure | None = None
        if result is None:
            if self.stage in ("start", "tensorflow"):
                raise UserError(self._no_worker())
            failure = failure_of_crash(self.returncode, self.log)
        elif not result["ok"]:
            if result["misuse"]:
                raise UserError(result["message"])
            failure = failure_of_exception(result["exception"], result["message"])
        return Answer(result or {}, failure, self.tensorflow, seconds, self.log)

    def _run(self) -> None:
        self.watch.stage("start")
        with (self.folder / "log").open("wb") as log:
            process = self._start(log)
            late = threading.Event()

            def stop() -> None:
                late.set()
                _kill(process)

            timer = threading.Timer(self.time_limit, stop)
            timer.start()
            try:
                self._follow(process)
            finally:
                timer.cancel()
                _kill(process)
                self.returncode = process.wait()
        self.log = (self.folder / "log").read_text(errors="replace")
        if late.is_set() and self._result() is None:
            raise TimeLimitReached(
                f"{self.task} did not finish within {self.time_limit:g} s (stage: {self.stage}); "
                "raise the time limit (--time-limit)"
            )

    def _start(self, log: Any) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                command(self.python, _WORKER, str(self.folder / "request.json")),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.folder,
                env=environment(self.python),
                start_new_session=True,
            )
        except OSError as error:
            raise cannot_start(self.python, error) from error

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as stages:
            for line in stages:
                word, _, rest = line.decode(errors="replace").strip().partition(" ")
                if word == "version":
                    self.tensorflow = rest
                elif word == "batch":
                    done, _, total = rest.partition(" ")
                    self.watch.batch(int(done), int(total) if total else None)
                elif word in _STAGES:
                    self.stage = _STAGES[word]
                    self.watch.stage(self.stage)
        process.wait()

    def _result(self) -> dict[str, Any] | None:
        try:
            result: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return result

    def _no_worker(self) -> str:
        last = next((line for line in reversed(self.log.splitlines()) if line.strip()), "no message")
        what = "runs no Python script" if self.stage == "start" else "cannot import its TensorFlow"
        return f"the interpreter {self.python} {what} (exit code {self.returncode}): {last.strip()}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started; nothing to do where all are gone."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
