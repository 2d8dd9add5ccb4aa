"""Importing minmax_lint, over a bare Python.

Target: at most 0.05 s.
"""

from collections.abc import Iterator

from tests.benchmarks.clock import best_child
from tests.benchmarks.figure import Figure


def measure() -> Iterator[Figure]:
    """Seconds that `import minmax_lint` adds."""
    bare = best_child(["-c", "pass"], times=10)
    imported = best_child(["-c", "import minmax_lint"], times=10)
    yield Figure("import minmax_lint over bare Python", imported - bare, "s", 0.05)
