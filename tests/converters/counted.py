"""Steps instead of seconds: what a machine under load counts as well."""

import sys
from collections.abc import Callable
from types import FrameType


def calls_of(run: Callable[[], object]) -> int:
    """Calls of functions, Python's and C's, while `run` runs."""
    seen = 0

    def count_one(frame: FrameType, event: str, argument: object) -> None:
        nonlocal seen
        seen += event in ("call", "c_call")

    sys.setprofile(count_one)
    try:
        run()
    finally:
        sys.setprofile(None)
    return seen
