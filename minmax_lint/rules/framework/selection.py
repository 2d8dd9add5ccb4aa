"""Which findings are wanted: `--select` and `--ignore`."""

import re
from dataclasses import dataclass
from functools import cache

from minmax_lint.rules.framework.finding import Finding
from minmax_lint.rules.framework.rule import Rule, rule, rules


@dataclass(frozen=True)
class Selection:
    """Rule codes, prefixes of codes (`MM1`) or names; the more specific of select and ignore wins.

    Raises UnknownName for text that fits no rule.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for text in (*self.select, *self.ignore):
            _check(text)

    def accepts(self, finding: Finding | Rule) -> bool:
        """Whether the finding, or the findings of the rule, are wanted; of equals, ignore wins (as in ruff)."""
        return _accepts(self, finding.code, finding.name)

    def codes(self) -> frozenset[str]:
        """The codes of the rules that are wanted."""
        return frozenset(rule.code for rule in rules() if self.accepts(rule))


@cache
def _accepts(selection: Selection, code: str, name: str) -> bool:
    selected = max((_match(text, code, name) for text in selection.select), default=0)
    ignored = max((_match(text, code, name) for text in selection.ignore), default=0)
    return (selected if selection.select else 1) > ignored


def _match(text: str, code: str, name: str) -> int:
    """Length of the matching part of the code: longer is more specific; 0 is no match."""
    if text.upper() == "ALL":
        return 1
    if text.lower() == name:
        return len(code)
    return len(text) if code.startswith(text.upper()) else 0


def _check(text: str) -> None:
    prefix = text.upper() == "ALL" or (
        re.fullmatch(r"MM\d{0,3}", text.upper()) and any(r.code.startswith(text.upper()) for r in rules())
    )
    if not prefix:
        rule(text)
