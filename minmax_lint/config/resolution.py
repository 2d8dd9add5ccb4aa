"""The values that count, and where each came from: the command line, then the file, then the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from minmax_lint.converters.profile import DEFAULT
from minmax_lint.rules.framework.selection import Selection

if TYPE_CHECKING:
    from minmax_lint.config.settings import Config

COMMAND_LINE = "command line"
BY_DEFAULT = "default"

DEFAULTS: Mapping[str, Any] = {
    "select": ("ALL",),
    "ignore": (),
    "extend-select": (),
    "fixable": ("ALL",),
    "converters": DEFAULT,
    "severity": {},
    "fail-level": "error",
    "baseline": None,
}


class Value(NamedTuple):
    """One setting, with its origin in words."""

    value: Any
    origin: str


@dataclass(frozen=True)
class Resolved:
    """The value of every setting, and where it comes from."""

    values: Mapping[str, Value]

    def __getitem__(self, key: str) -> Any:
        return self.values[key].value

    @property
    def selection(self) -> Selection:
        """The rules whose findings are wanted."""
        select = tuple(code for code in self["select"] if code.upper() != "ALL")
        return Selection((*select, *self["extend-select"]) if select else (), tuple(self["ignore"]))

    @property
    def fixable(self) -> Selection:
        """Whose findings may be fixed."""
        return Selection(tuple(self["fixable"]))

    def check_rules(self) -> Resolved:
        """These settings. Raises UnknownName for a rule that does not exist."""
        for codes in (self["select"], self["ignore"], self["extend-select"], self["fixable"]):
            Selection(tuple(codes))
        return self


def resolve(config: Config | None, given: Mapping[str, Any]) -> Resolved:
    """Merge. `given` is the command line's, by key; an empty value means that it was not given."""
    values = {}
    for key, default in DEFAULTS.items():
        configured = getattr(config, key.replace("-", "_")) if config is not None else None
        if given.get(key):
            values[key] = Value(given[key], COMMAND_LINE)
        elif configured:
            assert config is not None
            values[key] = Value(configured, config.origin)
        else:
            values[key] = Value(default, BY_DEFAULT)
    return Resolved(values)
