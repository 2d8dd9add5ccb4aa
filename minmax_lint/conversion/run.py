"""Runs a real converter in a child process and turns what happens into data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from minmax_lint.conversion.failure import Failure, failure_of_crash, failure_of_exception
from minmax_lint.converters.profile import Flow
from minmax_lint.errors import UserError

Engine = Literal["toco", "mlir"]
Stage = Literal["start", "tensorflow", "import", "convert", "write"]

DEFAULT_STATS = (128.0, 64.0)
"""(mean, std) of an input without quantized_input_stats: real value = (byte - mean) / std."""
_STAGES: dict[str, Stage] = {stage: stage for stage in get_args(Stage)}
_WORKER = Path(__file__).with_name("worker.py")


class TimeLimitReached(UserError):
    """The converter was stopped because it took longer than the time limit."""


@dataclass(frozen=True, slots=True)
class ConversionResult:
    """What a real converter did with a graph: a model, or a failure."""

    engine: Engine
    flow: Flow
    model: bytes | None
    """The .tflite file; None on a failure."""
    failure: Failure | None
    tensorflow: str | None
    """Version of the TensorFlow that converted; None where it died before it could say."""
    seconds: float
    """Wall time of the child process, TensorFlow's import included."""
    log: str
    """All that TensorFlow wrote to standard error."""

    @property
    def ok(self) -> bool:
        """Whether there is a model."""
        return self.model is not None


def convert_graph(
    graph: bytes | str | os.PathLike[str],
    inputs: Mapping[str, Sequence[int | None] | None],
    outputs: Sequence[str],
    *,
    engine: Engine = "mlir",
    flow: Flow = "tf1",
    stats: Mapping[str, tuple[float, float]] | None = None,
    python: str | os.PathLike[str] | None = None,
    time_limit: float = 600.0,
    progress: Callable[[Stage], None] | None = None,
) -> ConversionResult:
    """Convert a frozen GraphDef (its bytes, or a path) with a real converter.

    `inputs` maps each input array to its shape (None where the graph's own holds; None for an unknown
    dimension). `stats` gives (mean, std) for single inputs, DEFAULT_STATS holds for the others; they
    count in the TF1 flow only. `python` is the interpreter that holds the TensorFlow to use (default:
    the running one), Python 3.7 or newer. `progress` is called with each stage as it begins.

    A conversion that fails is a result with a `failure`. UserError is raised where no conversion could
    be tried: no such interpreter, no TensorFlow in it, TOCO asked of TensorFlow 2.16 or newer;
    TimeLimitReached after `time_limit` seconds.
    """
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        folder = Path(name)
        request = {
            "graph": str(_graph_file(graph, folder)),
            "inputs": {key: None if shape is None else list(shape) for key, shape in inputs.items()},
            "outputs": list(outputs),
            "engine": engine,
            "flow": flow,
            "stats": {key: list((stats or {}).get(key, DEFAULT_STATS)) for key in inputs},
            "model": str(folder / "model.tflite"),
            "result": str(folder / "result.json"),
        }
        (folder / "request.json").write_text(json.dumps(request))
        child = _Child(_interpreter(python), folder, time_limit, progress or (lambda _stage: None))
        child.run()
        return child.result(engine, flow)


def _graph_file(graph: bytes | str | os.PathLike[str], folder: Path) -> Path:
    if isinstance(graph, bytes):
        path = folder / "graph.pb"
        path.write_bytes(graph)
        return path
    return Path(graph).absolute()


def _interpreter(python: str | os.PathLike[str] | None) -> str:
    return sys.executable if python is None else os.fspath(python)


class _Child:
    """One worker process: its start, its stages, its end."""

    def __init__(
        self, python: str, folder: Path, time_limit: float, progress: Callable[[Stage], None]
    ) -> None:
        self.python = python
        self.folder = folder
        self.time_limit = time_limit
        self.progress = progress
        self.stage: Stage = "start"
        self.returncode = 0
        self.seconds = 0.0
        self.log = ""
        self.tensorflow: str | None = None

    def run(self) -> None:
        """Run the worker to its end, or stop it at the time limit."""
        started = time.monotonic()
        self.progress("start")
        with (self.folder / "log").open("wb") as log:
            try:
                process = subprocess.Popen(
                    [self.python, str(_WORKER), str(self.folder / "request.json")],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=self.folder,
                    env=self._environment(),
                    start_new_session=True,
                )
            except OSError as error:
                raise UserError(
                    f"cannot start the interpreter {self.python}: {error.strerror}; "
                    "name a Python that has TensorFlow (--python)"
                ) from error
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
        self.seconds = time.monotonic() - started
        self.log = (self.folder / "log").read_text(errors="replace")
        if late.is_set() and self._result() is None:
            raise TimeLimitReached(
                f"the converter did not finish within {self.time_limit:g} s (stage: {self.stage}); "
                "raise the time limit (--time-limit)"
            )

    def result(self, engine: Engine, flow: Flow) -> ConversionResult:
        """What came of it. Raises UserError where no conversion was tried."""
        result = self._result()
        model: bytes | None = None
        failure: Failure | None = None
        if result is None:
            if self.stage in ("start", "tensorflow"):
                raise UserError(self._no_worker())
            failure = failure_of_crash(self.returncode, self.log)
        elif result["ok"]:
            model = (self.folder / "model.tflite").read_bytes()
        elif result["misuse"]:
            raise UserError(result["message"])
        else:
            failure = failure_of_exception(result["exception"], result["message"])
        return ConversionResult(engine, flow, model, failure, self.tensorflow, self.seconds, self.log)

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as stages:
            for line in stages:
                word, _, version = line.decode(errors="replace").strip().partition(" ")
                if word == "version":
                    self.tensorflow = version
                elif word in _STAGES:
                    self.stage = _STAGES[word]
                    self.progress(self.stage)
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

    def _environment(self) -> dict[str, str]:
        """The environment of the child; another interpreter must not get this one's Python paths."""
        environment = dict(os.environ)
        if self.python != sys.executable:
            for name in ("PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__"):
                environment.pop(name, None)
        return environment


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started; nothing to do where all are gone."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
