"""Writers: an edited model back into the format it came in."""

from minmax_lint.writers.write import write

__all__ = ["write"]
