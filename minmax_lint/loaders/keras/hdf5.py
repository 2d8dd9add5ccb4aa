"""What an HDF5 file says of itself, whatever the file does to the library that reads it."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from minmax_lint.errors import TENSORFLOW_EXTRA, UnreadableModel
from minmax_lint.isolation import command, environment

TIME_LIMIT = 30.0
"""Seconds that the library may take; it takes one, nearly all of it to be imported."""

_CHILD = Path(__file__).with_name("hdf5_child.py")
_SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",  # a thread per core would reserve more memory than the child may have
    "HDF5_PLUGIN_PRELOAD": "::",  # no compression filters from files beside the library
}


class Hdf5(NamedTuple):
    """What an HDF5 file says of itself."""

    attributes: Mapping[str, str]
    """Those of the attributes of the file's root that are there."""
    outside: str
    """What would be read from another file, in words; empty where nothing is."""


def read(path: Path, *names: str, python: str) -> Hdf5:
    """The root's attributes of those names, read by the h5py of the interpreter `python`.

    Raises UnreadableModel for a damaged file, and where there is no h5py, which comes with TensorFlow.
    """
    try:
        done = subprocess.run(
            command(python, _CHILD, str(path.resolve()), *names),
            env=environment(python) | _SETTINGS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIME_LIMIT,
            check=False,
        )
        found = json.loads(done.stdout)
    except OSError as error:
        raise UnreadableModel(
            f"cannot start the interpreter {python}: {error.strerror}; name a Python that has TensorFlow (--python)"
        ) from None
    except subprocess.TimeoutExpired:
        raise UnreadableModel(_damage(f"it is not read within {TIME_LIMIT:g} seconds")) from None
    except ValueError:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"code {done.returncode}"]
        raise UnreadableModel(_damage(f"its reader ended with {last[0]}")) from None
    if "missing" in found:
        raise UnreadableModel(
            f"a Keras file needs TensorFlow: {TENSORFLOW_EXTRA}, or name a Python that has it (--python)"
        )
    if "error" in found:
        raise UnreadableModel(_damage(found["error"]))
    return Hdf5(found["attributes"], found["outside"])


def _damage(reason: str) -> str:
    return f"the HDF5 file is damaged ({reason}); save the model again"
