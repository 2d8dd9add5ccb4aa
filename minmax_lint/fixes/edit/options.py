"""What the user wants of a fix."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from minmax_lint.errors import UserError
from minmax_lint.graph.names import did_you_mean
from minmax_lint.source_guard import DEFAULT_BOUND

STRATEGIES = ("auto", "guard", "retarget")
"""How an output whose FakeQuant lies outside is repaired."""


@dataclass(frozen=True)
class FixOptions:
    """What the user wants of a fix. Raises UserError for a strategy that is none."""

    strategy: str = "auto"
    bound: float = DEFAULT_BOUND
    new_name: bool = False
    unsafe: bool = False
    """Whether ranges may be invented or changed, and batch norms folded."""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Array -> (min, max), where the user gives ranges."""
    calibrated: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Array -> (min, max), as TensorFlow computed it over the user's data; `ranges` come before it."""
    freeze: bool = False
    """Whether variables become constants."""
    default_range: tuple[float, float] | None = None
    """(min, max) of every array that needs a range and has none from anywhere else."""

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            meant = did_you_mean(self.strategy, STRATEGIES, f"there are {', '.join(STRATEGIES)}")
            raise UserError(f"there is no strategy {self.strategy!r}{meant}")
