"""A cold check of the founding graph, in CPU seconds, and what of it is Python's own start."""

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.cpu import cpu_seconds
from tests.benchmarks.figure import Figure

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding" / "eval-frozen.pb"


def measure() -> Iterator[Figure]:
    """Seconds of the whole process."""
    yield Figure("Python's own start", cpu_seconds(["-c", "pass"], 11), "s")
    arguments = ["-m", "minmax_lint", "check", str(FOUNDING), "--exit-zero"]
    yield Figure("cold check of the founding graph", cpu_seconds(arguments, 11), "s", 0.16)
