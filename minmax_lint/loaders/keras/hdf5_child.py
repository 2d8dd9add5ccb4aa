"""Attributes of an HDF5 file, read in a process of its own: `python hdf5_child.py file.h5 NAME...`.

A few flipped bits let the HDF5 library run in circles, ask for any amount of memory or crash (found by fuzzing), and
no Python code can stop it. The attributes go to standard output as one JSON object.
"""

from __future__ import annotations

import json
import sys

_MOST_MEMORY = 4 << 30
_MOST_TEXT = 32 << 20


def main(path: str, *names: str) -> None:
    """Print the attributes, or why there are none under `error`."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    except (ImportError, ValueError, OSError):
        pass  # Windows has no such limits, and a stricter one may be set
    import h5py

    try:
        with h5py.File(path, "r") as file:
            found = {name: _text(file.attrs[name]) for name in names if name in file.attrs}
    except Exception as error:
        found = {"error": " ".join(str(error).split()) or type(error).__name__}
    json.dump(found, sys.stdout)


def _text(value: object) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if len(text) > _MOST_TEXT:
        raise ValueError(f"a description of {len(text) >> 20} MiB")
    return text


if __name__ == "__main__":
    # The folder of this file must not lend its modules' names to other imports.
    sys.path[:] = sys.path[1:]
    main(*sys.argv[1:])
