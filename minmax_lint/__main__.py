"""`minmax-lint`, and `python -m minmax_lint`: the process of one command."""

import atexit
import gc
import os
import sys
from typing import NoReturn

from minmax_lint.cli import main

_OBJECTS = 5_000_000
"""So many objects more than before, and cycles among them are looked for: half a gigabyte or so."""


def run() -> NoReturn:
    """Run the command and end the process, which gives its memory back at once and not object by object."""
    gc.set_threshold(_OBJECTS)
    ended: list[int] = []
    atexit.register(_leave, ended)  # the first that is registered is called last
    ended.append(main())
    sys.exit(ended[0])


def _leave(ended: list[int]) -> None:
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):
        return  # the interpreter says what is wrong, and ends with its own code
    if ended:
        os._exit(ended[0])


if __name__ == "__main__":
    run()
