"""Attributes of HDF5 files, whatever the file does to the library that reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from minmax_lint.errors import UnreadableModel

TIME_LIMIT = 30.0
"""Seconds that the library may take; it takes one, nearly all of it to be imported."""

_CHILD = Path(__file__).with_name("hdf5_child.py")


def attributes(path: Path, *names: str) -> Mapping[str, str]:
    """Those of the attributes of the file's root that are there. Raises UnreadableModel for a damaged file."""
    try:
        done = subprocess.run(
            [sys.executable, str(_CHILD), str(path.resolve()), *names],
            # A thread per core would reserve more memory than the child may have.
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIME_LIMIT,
            check=False,
        )
        found: dict[str, str] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise UnreadableModel(_damaged(f"it is not read within {TIME_LIMIT:g} seconds")) from None
    except ValueError:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"code {done.returncode}"]
        raise UnreadableModel(_damaged(f"its reader ended with {last[0]}")) from None
    if "error" in found:
        raise UnreadableModel(_damaged(found["error"]))
    return found


def _damaged(reason: str) -> str:
    return f"the HDF5 file is damaged ({reason}); save the model again"
