"""Ask real converters what they do with a graph, hundreds of times a minute.

`Converter(profile_name, interpreter)` keeps one TensorFlow process per interpreter; `answer` gives what the
corpus stores under "expected" (see fixtures/corpus/README.md).
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minmax_lint.backends.conversion.failure import failure_of_crash, failure_of_exception
from minmax_lint.backends.conversion.run import DEFAULT_STATS
from minmax_lint.converters.finished import TFLiteModel
from minmax_lint.converters.profile import PROFILES, Flow, Profile
from minmax_lint.loaders.parse import parse
from minmax_lint.loaders.tflite.file import read_model
from tests.corpus_maker.case import Case

Expected = dict[str, Any]
Shapes = Mapping[str, Sequence[int | None] | None]

VALUES = "values.npz"
MADE = "made.tflite"
WORKER = Path(__file__).with_name("post_training_worker.py")
_SERVER = Path(__file__).with_name("fork_server.py")


# MLIR names the Python line that called it.
_OWN_PLACE = re.compile(r"\S*(?:fork_server|convert_batch)\.py:\d+:\d+: ")


class ForkServer:
    """One interpreter whose TensorFlow is imported once; every conversion runs in a forked child."""

    def __init__(self, python: str | os.PathLike[str], time_limit: float = 60.0) -> None:
        self.time_limit = time_limit
        self._folder = tempfile.TemporaryDirectory(prefix="minmax-lint-fork-")
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
        self._process = subprocess.Popen(
            [os.fspath(python), str(_SERVER), str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        self.tensorflow: str = self._reply()["tensorflow"]

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(timeout=self.time_limit)
        if self._process.stdout:
            self._process.stdout.close()
        self._folder.cleanup()

    def answer(
        self,
        profile_name: str,
        graph: bytes,
        inputs: Shapes,
        outputs: Sequence[str],
        layout: int = 0,
        *,
        runs: bool = True,
        flags: Mapping[str, Any] | None = None,
    ) -> Expected:
        """What the real converter of the profile does with a frozen GraphDef; `layout` of its heap, any number.

        `runs`: whether the interpreter is asked to run what is made after training. `flags`: the TF2 converter's, where
        they are others than the profile's.
        """
        profile = PROFILES[profile_name]
        folder = Path(self._folder.name)
        (folder / "graph.pb").write_bytes(graph)
        (folder / "result.json").unlink(missing_ok=True)
        request = request_of(folder, profile, inputs, outputs, self.time_limit) | {
            "layout": layout,
            "flags": flags,
        }
        if not profile.trained:
            request["call"] = profile.call
        expected = expected_of(folder, profile.flow, self._serve(request))
        if runs and not profile.trained and expected["verdict"] != "abort":
            expected["runs"] = self._runs(folder, request)
        return expected

    def float_net(self, seed: int, block: str | None = None) -> Case:
        """A random float network of `float_nets.py`, or one of its blocks alone."""
        folder = Path(self._folder.name)
        request = {"float_net": [seed, block], "layout": 0, "time_limit": self.time_limit}
        paths = {key: str(folder / key) for key in ("model", "log")}
        returncode = self._serve({**request, **paths, "result": str(folder / "result.json")})
        if returncode or not json.loads((folder / "result.json").read_text())["ok"]:
            raise RuntimeError(f"network {seed}: {(folder / 'log').read_text(errors='replace')[-2000:]}")
        made = json.loads((folder / "model").read_text())
        graph = base64.b64decode(made["graph"])
        return Case(
            f"net-{seed}", "float_nets", graph, made["inputs"], made["outputs"], len(parse(graph).graph)
        )

    def values(self) -> list[np.ndarray]:
        """What the last model that ran computed of its one input."""
        with np.load(Path(self._folder.name) / VALUES) as arrays:
            return [arrays[name] for name in arrays.files]

    def model(self) -> TFLiteModel:
        """The last model that was made for a profile of a float graph."""
        return read_model(Path(self._folder.name) / MADE)

    def _serve(self, request: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        returncode: int = self._reply()["returncode"]
        return returncode

    def _runs(self, folder: Path, request: dict[str, Any]) -> str:
        """`ok`, or what the interpreter says of the model that was made."""
        (folder / "result.json").unlink()
        asked = {key: request[key] for key in ("result", "log", "time_limit", "layout")}
        model = folder / MADE
        (folder / "model.tflite").replace(model)
        returncode = self._serve({**asked, "run": str(model), "model": str(folder / VALUES)})
        if not (folder / "result.json").exists():
            return f"signal {-returncode}"
        result = json.loads((folder / "result.json").read_text())
        return "ok" if result["ok"] else str(result["message"])

    def _reply(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the TensorFlow process ended: {self._process.args}")
        reply: dict[str, Any] = json.loads(line)
        return reply


def request_of(
    folder: Path, profile: Profile, inputs: Shapes, outputs: Sequence[str], time_limit: float
) -> dict[str, Any]:
    """The request to convert `folder`/graph.pb, and to leave there what `expected_of` reads."""
    return {
        "graph": str(folder / "graph.pb"),
        "inputs": {name: None if shape is None else list(shape) for name, shape in inputs.items()},
        "outputs": list(outputs),
        "engine": profile.engine,
        "flow": profile.flow,
        "stats": dict.fromkeys(inputs, DEFAULT_STATS),
        "model": str(folder / "model.tflite"),
        "result": str(folder / "result.json"),
        "log": str(folder / "log"),
        "time_limit": time_limit,
    }


def expected_of(folder: Path, flow: Flow, returncode: int) -> Expected:
    """What the converter did with the request of `folder`; `returncode` of its process where it left no result."""
    if not (folder / "result.json").exists():
        failure = failure_of_crash(returncode, (folder / "log").read_text(errors="replace"))
    else:
        result = json.loads((folder / "result.json").read_text())
        if result["ok"]:
            model = read_model(folder / "model.tflite")
            expected: Expected = {
                "verdict": model.verdict(flow),
                "ops": [op.name for op in model.ops],
                "output_types": list(model.output_types),
            }
            if model.float_ops:
                expected["float_ops"] = [list(op) for op in model.float_ops]
            elif expected["verdict"] == "float":
                expected["float_ops"] = []
            return expected
        failure = failure_of_exception(result["exception"], result["message"])
    message = _OWN_PLACE.sub("", failure.message)
    expected = {"verdict": "abort", "message": message, "kind": failure.kind}
    return expected | {k: v for k in ("array", "op") if (v := getattr(failure, k)) is not None}


def multiset(expected: Expected) -> tuple[Any, ...]:
    """What two answers must share to count as the same (the scoring rule of the corpus)."""
    ops = sorted(name for name, _ in expected.get("float_ops", []))
    array = expected.get("array") if expected.get("kind") == "minmax" else None
    return expected["verdict"], expected.get("kind"), array, ops
