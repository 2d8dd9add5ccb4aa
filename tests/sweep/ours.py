"""What the project does with one model: its commands, its predictions, and what a real converter is to be given."""

import io
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minmax_lint.backends.conversion.run import SavedModel
from minmax_lint.backends.verification.runnable import runnable
from minmax_lint.cli import EXIT_ERROR, main
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import PROFILES, Flow
from minmax_lint.errors import UserError
from minmax_lint.graph.build import Builder
from minmax_lint.loaders.model import Model
from minmax_lint.report.report import Report
from minmax_lint.workflows.choice import has_fake_quants
from minmax_lint.workflows.opened import open_model
from minmax_lint.writers.graphdef import encode
from tests.differential.forked import request_of

COMMANDS = ("inspect", "trace", "check")
_BUG = "this is a bug in minmax-lint"


@dataclass(frozen=True)
class Run:
    """One command on one model."""

    command: str
    code: int
    seconds: float
    message: str
    """What it says on standard error."""

    @property
    def crashed(self) -> bool:
        """Whether it ended by a fault of ours."""
        return _BUG in self.message or self.code not in (0, 1, EXIT_ERROR)

    @property
    def refused(self) -> bool:
        """Whether it says that the user is to change something."""
        return self.code == EXIT_ERROR and not self.crashed

    @property
    def reason(self) -> str:
        """The last line: of a traceback the one that names the exception."""
        lines = [line for line in self.message.splitlines() if line.strip() and _BUG not in line]
        return lines[-1].strip().removeprefix("error: ") if lines else f"exit code {self.code}"


@dataclass(frozen=True)
class Looked:
    """One model, looked at."""

    runs: tuple[Run, ...] = ()
    predictions: Mapping[str, Prediction] = field(default_factory=dict)
    requests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Profile -> the request for a real converter (see `tests/differential/batch.py`)."""
    ungiven: str = ""
    """Why no real converter is asked."""


def look(path: Path, profiles: Sequence[str], scratch: Path, python: str | None, seconds: float) -> Looked:
    """Run the commands, then predict for those of the profiles that are for such a model.

    Requests for converters, which may take so many `seconds`, go to folders in `scratch`. `python` loads Keras files.
    """
    runs = tuple(run(command, path, python) for command in COMMANDS)
    if any(one.code == EXIT_ERROR for one in runs) or not profiles:
        return Looked(runs)
    opened = open_model(path, python=python)
    if opened.model.finished is not None:
        return Looked(runs)
    fits = [one for one in profiles if _fits(one, has_fake_quants(opened.model))]
    report = open_model(opened.model, converters=fits).lint()
    predictions = {name: _slim(one) for name, one in report.predictions.items()}
    requests, ungiven = {}, ""
    for name in predictions:
        place = scratch / path.as_posix().replace("/", "@") / name
        try:
            requests[name] = _request(opened.model, report, name, place, seconds)
        except UserError as error:
            ungiven = str(error)
    return Looked(runs, predictions, requests, ungiven)


def warm(scratch: Path) -> None:
    """Import what the commands and a lint import, once for all processes that are forked from this one."""
    b = Builder()
    b.add("Relu", "out", b.placeholder("input", [1, 4]))
    path = scratch / "warm.pb"
    path.write_bytes(encode(b.graph()))
    look(path, ("mlir-2.21",), scratch, None, 1.0)


def run(command: str, path: Path, python: str | None) -> Run:
    """One command, as the command line runs it."""
    printed, errors = io.StringIO(), io.StringIO()
    words = [command, str(path), *(["--python", python] if python else ())]
    words += ["--isolated", "--jobs", "1"] if command == "check" else []
    started = time.perf_counter()
    with redirect_stdout(printed), redirect_stderr(errors):
        code = main(words)
    seconds = time.perf_counter() - started
    return Run(command, code, seconds, errors.getvalue().replace(f"{path}: ", ""))


def _fits(name: str, fake_quants: bool) -> bool:
    """The TF1 flow takes any graph; of the others, those for ranges from where the model has them."""
    profile = PROFILES[name]
    return profile.flow == "tf1" or profile.trained == fake_quants


def _slim(prediction: Prediction) -> Prediction:
    """What is compared, without the graph's own ops."""
    p = prediction
    return Prediction(p.profile, p.verdict, p.kind, p.array, p.op, tuple(map(tuple, p.float_ops)), p.message)


def _request(model: Model, report: Report, name: str, folder: Path, seconds: float) -> dict[str, Any]:
    profile = PROFILES[name]
    folder.mkdir(parents=True)
    asked = request_of(folder, profile, report.inputs, report.outputs, seconds)
    given = _saved_model(model, report, profile.flow) or runnable(
        model, report.inputs, report.outputs, None, folder
    )
    if isinstance(given, SavedModel):
        asked |= {**given.request(), "keys": dict(given.inputs)}
    else:
        (folder / "graph.pb").write_bytes(given)
    if not profile.trained:
        asked["call"] = profile.call
    return asked


def _saved_model(model: Model, report: Report, flow: Flow) -> SavedModel | None:
    """The folder as its users convert it, with the signature that the report is on."""
    if flow == "tf1" or model.path is None or not model.format.startswith("savedmodel"):
        return None
    for one in model.signatures.values():
        if {*one.inputs.values()} == {*report.inputs} and {*one.outputs.values()} == {*report.outputs}:
            keys = {array: key for key, array in one.inputs.items()}
            return SavedModel(model.path.parent, one.name, keys, tuple(one.outputs))
    return None
