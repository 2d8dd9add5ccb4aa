"""An HDF5 file, read in a process of its own: `python hdf5_child.py file.h5 ATTRIBUTE...`.

A few flipped bits let the HDF5 library run in circles, ask for any amount of memory or crash (found by fuzzing), and
no Python code can stop it. What it finds goes to standard output as one JSON object: the root's `attributes` of those
names, and `outside`: what in the file would be read from another file, in words; empty where nothing is.
Source: the HDF5 file format, "External Link", "External Data Files", "Virtual Dataset".
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

_MOST_MEMORY = 4 << 30
_MOST_TEXT = 32 << 20
_MOST_OBJECTS = 1_000_000


def main(path: str, *names: str) -> None:
    """Print it, or why it is not known, under `error`."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    except (ImportError, ValueError, OSError):
        pass  # Windows has no such limits, and a stricter one may be set
    try:
        import h5py
    except ImportError as error:
        json.dump({"missing": str(error)}, sys.stdout)
        return
    try:
        with h5py.File(path, "r") as file:
            found: dict[str, Any] = {
                "attributes": {name: _text(file.attrs[name]) for name in names if name in file.attrs},
                "outside": _outside(h5py, file),
            }
    except Exception as error:
        found = {"error": " ".join(str(error).split()) or type(error).__name__}
    json.dump(found, sys.stdout)


def _outside(h5py: Any, file: Any) -> str:
    """The first link or dataset of which the content lies in another file; each object is looked at once."""
    pending: list[tuple[str, Any]] = [("", file)]
    seen: set[int] = set()
    while pending:
        path, group = pending.pop()
        for name in group:
            at = path + "/" + name
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                return f"the link {at} to {link.filename}"
            if not isinstance(link, h5py.HardLink):
                continue  # leads to an object of this file, which has hard links as well
            found = group[name]
            address = h5py.h5o.get_info(found.id).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > _MOST_OBJECTS:
                raise ValueError(f"more than {_MOST_OBJECTS} objects")
            if isinstance(found, h5py.Group):
                pending.append((at, found))
            elif isinstance(found, h5py.Dataset):
                properties = found.id.get_create_plist()
                if properties.get_external_count():
                    return f"the data of {at} in {os.fsdecode(properties.get_external(0)[0])}"
                if properties.get_layout() == h5py.h5d.VIRTUAL:
                    return f"the virtual dataset {at}"
    return ""


def _text(value: object) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if len(text) > _MOST_TEXT:
        raise ValueError(f"a description of {len(text) >> 20} MiB")
    return text


if __name__ == "__main__":
    # The folder of this file must not lend its modules' names to other imports.
    sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]
    main(*sys.argv[1:])
