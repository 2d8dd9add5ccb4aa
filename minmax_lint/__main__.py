"""`minmax-lint`, and `python -m minmax_lint`: the process of one command."""

import atexit
import gc
import sys
from typing import NoReturn

from minmax_lint.cli import main

_OBJECTS = 5_000_000
"""So many objects more than before, and cycles among them are looked for: half a gigabyte or so."""


def run() -> NoReturn:
    """Run the command and end the process, which gives its memory back without looking for cycles in it."""
    gc.set_threshold(_OBJECTS)
    atexit.register(gc.freeze)
    sys.exit(main())


if __name__ == "__main__":
    run()
