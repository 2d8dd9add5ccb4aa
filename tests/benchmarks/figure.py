"""What a benchmark measures."""

from typing import NamedTuple


class Figure(NamedTuple):
    """One measured value; `target` is the most it may be, None where it is only shown."""

    what: str
    value: float
    unit: str
    target: float | None = None

    @property
    def missed(self) -> bool:
        """Whether the value is above its target."""
        return self.target is not None and self.value > self.target
