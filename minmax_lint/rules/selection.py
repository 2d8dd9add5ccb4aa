"""Which findings are wanted: `--select` and `--ignore`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from minmax_lint.rules.finding import Finding
from minmax_lint.rules.rule import Rule, rule, rules


@dataclass(frozen=True)
class Selection:
    """Rule codes, prefixes of codes (`MM1`) or names; the more specific of select and ignore wins.

    Raises UnknownName for text that fits no rule.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for text in (*self.select, *self.ignore):
            _checked(text)

    def accepts(self, finding: Finding | Rule) -> bool:
        """Whether the finding, or the findings of the rule, are wanted; of equals, ignore wins (as in ruff)."""
        selected = max((_match(text, finding) for text in self.select), default=0) if self.select else 1
        return selected > max((_match(text, finding) for text in self.ignore), default=0)

    def codes(self) -> frozenset[str]:
        """The codes of the rules that are wanted."""
        return frozenset(rule.code for rule in rules() if self.accepts(rule))


def _match(text: str, finding: Finding | Rule) -> int:
    """Length of the matching part of the code: longer is more specific; 0 is no match."""
    if text.upper() == "ALL":
        return 1
    if text.lower() == finding.name:
        return len(finding.code)
    return len(text) if finding.code.startswith(text.upper()) else 0


def _checked(text: str) -> None:
    prefix = text.upper() == "ALL" or (
        re.fullmatch(r"MM\d{0,3}", text.upper()) and any(r.code.startswith(text.upper()) for r in rules())
    )
    if not prefix:
        rule(text)
