"""Many real conversions with one import of TensorFlow: a conversion that ends its process spoils no other."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.differential.forked import WORKER

_SCRIPT = Path(__file__).with_name("convert_batch.py")


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
