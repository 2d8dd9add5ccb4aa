"""Candidates for the value of an option: argcomplete calls each function with the text typed so far."""

from argparse import Namespace
from typing import Any

MOST_ARRAYS = 200


def rule_codes(prefix: str, **_: Any) -> list[str]:
    """Codes and names of rules; in a list with commas, the last of it."""
    from minmax_lint.rules.framework.rule import rules

    before, comma, _last = prefix.rpartition(",")
    return [f"{before}{comma}{text}" for rule in rules() for text in (rule.code, rule.name)]


def converters(prefix: str, **_: Any) -> list[str]:
    """The names of profiles and their aliases."""
    from minmax_lint.converters.profile import ALIASES, SELECTABLE

    return [*ALIASES, *SELECTABLE]


def topics(prefix: str, **_: Any) -> list[str]:
    """The names of the documentation's pages."""
    from minmax_lint.docs import topics

    return [topic.name for topic in topics()]


def arrays(prefix: str, parsed_args: Namespace, **_: Any) -> list[str]:
    """Nodes of the graph that the line names, as far as it can be read."""
    from minmax_lint.errors import UserError
    from minmax_lint.loaders import load

    named = getattr(parsed_args, "graphs", None) or getattr(parsed_args, "graph", None) or []
    paths = [named] if isinstance(named, str) else named
    try:
        names = [name for path in paths for name in load(path).graph.names]
    except UserError:
        return []
    return [name for name in names if name.startswith(prefix)][:MOST_ARRAYS]
