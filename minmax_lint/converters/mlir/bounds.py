"""Bounds: the first and the last version that has a pattern or a behaviour."""

from dataclasses import dataclass, field

from minmax_lint.converters.releases import FIRST_MLIR, LAST_MLIR, Number

FIRST: Number = FIRST_MLIR
LAST: Number = LAST_MLIR


@dataclass(frozen=True, eq=False)
class Bounds:
    """The versions that have something: from `since` to `until`, both included."""

    since: Number = FIRST
    until: Number = LAST
    lacking: tuple[Number, ...] = field(default=(), kw_only=True)
    """Those between the two that do not have it."""

    def holds(self, number: Number) -> bool:
        """Whether that version has it."""
        return self.since <= number <= self.until and number not in self.lacking

    @property
    def changes(self) -> bool:
        """Whether not every version that is modelled has it."""
        return bool(self.since > FIRST or self.until < LAST or self.lacking)
