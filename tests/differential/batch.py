"""Many real conversions with one import of TensorFlow: a conversion that ends its process spoils no other."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from minmax_lint.converters.profile import PROFILES
from tests.differential.forked import WORKER, Expected, Shapes, expected_of, request_of

_SCRIPT = Path(__file__).with_name("convert_batch.py")
TIME_LIMIT = 60.0


class Asked(NamedTuple):
    """A frozen GraphDef for the real converter of a profile."""

    profile: str
    graph: bytes
    inputs: Shapes
    outputs: Sequence[str]
    flags: Mapping[str, Any] | None = None
    """The TF2 converter's, where they are others than the profile's."""


def answers_of(python: str | os.PathLike[str], asked: Sequence[Asked]) -> list[Expected]:
    """What the real converters do with each graph; a graph costs half of what `ForkServer.answer` takes."""
    with tempfile.TemporaryDirectory(prefix="minmax-lint-batch-") as name:
        folders = [Path(name, str(place)) for place in range(len(asked))]
        requests = []
        for folder, one in zip(folders, asked, strict=True):
            folder.mkdir()
            (folder / "graph.pb").write_bytes(one.graph)
            profile = PROFILES[one.profile]
            request = request_of(folder, profile, one.inputs, one.outputs, TIME_LIMIT)
            request |= {"flags": one.flags} | ({} if profile.trained else {"call": profile.call})
            requests.append(request)
        convert_batch(requests, python)
        return [
            expected_of(folder, PROFILES[one.profile].flow, returncode_in(folder))
            for folder, one in zip(folders, asked, strict=True)
        ]


def convert_batch(requests: Sequence[Mapping[str, Any]], python: str | os.PathLike[str]) -> None:
    """Serve the requests (`forked.request_of`) in that Python; `expected_of` reads what comes of each."""
    with tempfile.NamedTemporaryFile("w", prefix="minmax-lint-", suffix=".jsonl") as file:
        file.writelines(f"{json.dumps(one)}\n" for one in requests)
        file.flush()
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
        subprocess.run(
            [python, _SCRIPT, WORKER, file.name], env=environment, stderr=subprocess.DEVNULL, check=True
        )


def returncode_in(folder: Path) -> int:
    """How the process of a request ended that left no result; 0 for any other."""
    code = folder / "log.returncode"
    return int(code.read_text()) if code.exists() else 0
